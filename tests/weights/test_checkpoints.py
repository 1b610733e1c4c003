import pickle
from pathlib import Path

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from vcnode.errors import ModelError
from vcnode.weights import check_state_dict, deviations, load_state_dict, save_weights

STATE = {"conv.weight": torch.randn(2, 3), "conv.bias": torch.zeros(2)}
SHAPES = {"conv.weight": (2, 3), "conv.bias": (2,)}


class Malicious:
    """Makes a file when it is unpickled by anything that runs code."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[object, ...]:
        return Path.touch, (self.path,)


@pytest.mark.parametrize("wrapped", [False, True])
@pytest.mark.parametrize("prefix", ["", "module."])
@pytest.mark.parametrize("zipped", [True, False])
def test_forms_that_people_save(tmp_path: Path, wrapped: bool, prefix: str, zipped: bool) -> None:
    state: dict[str, object] = {prefix + key: value for key, value in STATE.items()}
    path = tmp_path / "file.pth"
    torch.save({"state_dict": state, "epoch": 3} if wrapped else state, path, _use_new_zipfile_serialization=zipped)
    loaded = load_state_dict(path)
    assert loaded.keys() == STATE.keys()
    assert all(torch.equal(loaded[key], STATE[key]) for key in STATE)


def test_module_is_removed_only_where_all_keys_have_it(tmp_path: Path) -> None:
    torch.save({"module.a": torch.ones(1), "b": torch.ones(1)}, tmp_path / "file.pth")
    assert list(load_state_dict(tmp_path / "file.pth")) == ["module.a", "b"]


def test_safetensors_are_read_too(tmp_path: Path) -> None:
    assert load_state_dict(save_weights(tmp_path / "file.safetensors", STATE, {})).keys() == STATE.keys()


@pytest.mark.filterwarnings("ignore:Detected pickle protocol")
@pytest.mark.parametrize("form", ["zip", "legacy", "pickle 2", "pickle 5"])
def test_code_is_refused_and_not_run(tmp_path: Path, form: str) -> None:
    path, trace = tmp_path / "file.pth", tmp_path / "trace"
    content = {**STATE, "evil": Malicious(trace)}
    if form.startswith("pickle"):
        path.write_bytes(pickle.dumps(content, protocol=int(form[-1])))
    else:
        torch.save(content, path, _use_new_zipfile_serialization=form == "zip")
    with pytest.raises(ModelError, match="cannot be read" if form == "pickle 5" else "never runs"):
        load_state_dict(path)
    assert not trace.exists()


@pytest.mark.parametrize("content", [[torch.ones(1)], {}, {"a": 3}, {1: torch.ones(1)}, torch.ones(2)])
def test_other_contents_are_a_sentence(tmp_path: Path, content: object) -> None:
    torch.save(content, tmp_path / "file.pth")
    with pytest.raises(ModelError, match="state dict"):
        load_state_dict(tmp_path / "file.pth")


@pytest.mark.filterwarnings("ignore:Validating sparse")
def test_tensors_that_are_not_dense_are_a_sentence(tmp_path: Path) -> None:
    torch.save({"a": torch.eye(3).to_sparse()}, tmp_path / "file.pth")
    with pytest.raises(ModelError, match="'a', which is not a dense tensor"):
        load_state_dict(tmp_path / "file.pth")


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(kept=st.floats(0, 0.98), zipped=st.booleans())
def test_a_checkpoint_cut_anywhere_is_a_sentence(tmp_path: Path, kept: float, zipped: bool) -> None:
    path = tmp_path / "file.pth"
    torch.save(STATE, path, _use_new_zipfile_serialization=zipped)
    content = path.read_bytes()
    path.write_bytes(content[: int(kept * len(content))])
    with pytest.raises(ModelError):
        load_state_dict(path)


def test_absent_files_are_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="does not exist"):
        load_state_dict(tmp_path / "absent.pth")


def test_deviations_name_each_tensor() -> None:
    assert deviations(STATE, SHAPES) == []
    wrong = {
        "conv.weight": torch.randn(3, 2),
        "extra": torch.ones(1),
        "count": torch.ones(1, dtype=torch.int64),
        "broken": torch.tensor([float("nan")]),
    }
    assert deviations(wrong, {**SHAPES, "count": (1,), "broken": (1,)}) == [
        "'conv.bias' is missing",
        "'extra' is not part of this network",
        "'conv.weight' has the shape (3, 2) instead of (2, 3)",
        "'count' holds torch.int64 instead of floating-point numbers",
        "'broken' holds numbers that are not finite",
    ]


def test_many_deviations_are_counted() -> None:
    check_state_dict(STATE, SHAPES, "x")
    with pytest.raises(ModelError, match=r"'k0' is missing; .*; and 12 more") as caught:
        check_state_dict({}, {f"k{index}": (1,) for index in range(20)}, "file.pth")
    assert str(caught.value).startswith("The checkpoint file.pth does not fit: ")
