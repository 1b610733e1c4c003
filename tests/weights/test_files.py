import hashlib
import json
import os
from pathlib import Path

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from vcnode.errors import ModelError
from vcnode.weights import digest, load_weights, read_configuration, read_metadata, save_weights

FAST = settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])


@FAST
@given(
    shapes=st.dictionaries(
        st.text("abc._0", min_size=1, max_size=8), st.lists(st.integers(0, 4), max_size=4), max_size=4
    ),
    dtype=st.sampled_from([torch.float32, torch.float16, torch.bfloat16, torch.int64]),
    metadata=st.dictionaries(st.text("klm", min_size=1, max_size=4), st.text(max_size=20), max_size=3),
)
def test_what_is_saved_is_loaded(
    tmp_path: Path, shapes: dict[str, list[int]], dtype: torch.dtype, metadata: dict[str, str]
) -> None:
    tensors = {name: (torch.randn(shape) * 100).to(dtype) for name, shape in shapes.items()}
    path = save_weights(tmp_path / "file.safetensors", tensors, metadata)
    loaded, found = load_weights(path)
    assert found == metadata == read_metadata(path)
    assert loaded.keys() == tensors.keys()
    for name, tensor in tensors.items():
        assert loaded[name].dtype == dtype
        assert torch.equal(loaded[name], tensor)


@pytest.mark.skipif(os.name != "posix", reason="permissions as POSIX has them")
def test_weights_may_be_read_by_whom_other_files_may(tmp_path: Path) -> None:
    (tmp_path / "other").touch()
    path = save_weights(tmp_path / "file.safetensors", {"a": torch.zeros(1)}, {})
    assert path.stat().st_mode == (tmp_path / "other").stat().st_mode


def test_views_shared_and_strided_tensors_are_saved_by_value(tmp_path: Path) -> None:
    base = torch.arange(12.0).reshape(3, 4).requires_grad_()
    tensors = {"base": base, "again": base, "transposed": base.T, "row": base[1]}
    loaded, _ = load_weights(save_weights(tmp_path / "file.safetensors", tensors, {}))
    assert torch.equal(loaded["transposed"], base.detach().T)
    assert torch.equal(loaded["row"], base.detach()[1])
    assert torch.equal(loaded["again"], loaded["base"])


def test_a_failed_write_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    path = save_weights(tmp_path / "file.safetensors", {"a": torch.ones(2)}, {})
    before = path.read_bytes()
    with pytest.raises(ModelError, match="could not be written"):
        save_weights(tmp_path, {"a": torch.ones(2)}, {})  # a folder stands where the file should go
    with pytest.raises(TypeError):
        save_weights(path, {"a": torch.ones(2)}, {"number": 3})  # type: ignore[dict-item]
    assert path.read_bytes() == before
    assert [entry.name for entry in tmp_path.iterdir()] == ["file.safetensors"]


def test_loaded_tensors_do_not_depend_on_the_file(tmp_path: Path) -> None:
    path = save_weights(tmp_path / "file.safetensors", {"a": torch.ones(1000)}, {})
    loaded, _ = load_weights(path)
    path.write_bytes(b"")
    assert torch.equal(loaded["a"], torch.ones(1000))


@FAST
@given(kept=st.floats(0, 0.999))
def test_a_file_cut_anywhere_is_a_sentence(tmp_path: Path, kept: float) -> None:
    path = save_weights(tmp_path / "file.safetensors", {"a": torch.ones(30)}, {"config": "{}"})
    content = path.read_bytes()
    path.write_bytes(content[: int(kept * len(content))])
    with pytest.raises(ModelError, match="not a readable safetensors file"):
        load_weights(path)


@pytest.mark.parametrize("content", [b"", b"hello", b"\x80\x02}q\x00.", b"\xff" * 64, b"version https://git-lfs"])
def test_other_files_are_a_sentence(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "file.safetensors"
    path.write_bytes(content)
    with pytest.raises(ModelError, match="not a readable safetensors file"):
        load_weights(path)


def test_absent_files_are_a_sentence(tmp_path: Path) -> None:
    for path in (tmp_path / "absent.safetensors", tmp_path):
        with pytest.raises(ModelError, match="does not exist"):
            load_weights(path)
    with pytest.raises(ModelError, match="cannot be read"):
        digest(tmp_path / "absent")


def test_digest_is_sha256(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"abc" * 1000)
    assert digest(tmp_path / "file") == hashlib.sha256(b"abc" * 1000).hexdigest()


def test_configuration_in_the_metadata(tmp_path: Path) -> None:
    path = tmp_path / "file.safetensors"
    save_weights(path, {}, {"config": json.dumps({"channels": 4})})
    assert read_configuration(path) == {"channels": 4}
    save_weights(path, {}, {})
    assert read_configuration(path) is None
    for wrong in ("[1, 2]", "no json"):
        save_weights(path, {}, {"config": wrong})
        with pytest.raises(ModelError, match="not a JSON object"):
            read_configuration(path)
