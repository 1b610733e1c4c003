import json
from pathlib import Path

import pytest
import torch

from vcnode.errors import InputError, ModelError
from vcnode.weights import RegistryEntry, convert_file, digest, find, import_checkpoints, load_weights

from .conftest import EXPECTED

Registry = dict[str, RegistryEntry]


def test_three_checkpoints_become_one_file(
    registry: Registry, checkpoints: Path, state_dicts: dict[str, dict[str, torch.Tensor]], user_models: Path
) -> None:
    path = import_checkpoints(checkpoints, expected=EXPECTED, entry=registry["parts"])
    assert path == user_models / "parts.safetensors" == find("parts", registry=registry).weights
    state, metadata = load_weights(path)
    wanted = {f"{part}.{key}": value for part, content in state_dicts.items() for key, value in content.items()}
    assert state.keys() == wanted.keys()
    assert all(torch.equal(state[key], wanted[key]) for key in wanted)
    assert json.loads(metadata["config"]) == registry["parts"].configuration()
    assert (metadata["licence"], metadata["source"]) == ("to be asked for", "the authors")
    assert json.loads(metadata["files"])["vgg19_conv.pth"] == digest(checkpoints / "data" / "vgg19_conv.pth")


def test_another_iteration_in_another_folder_from_several_gpus(
    registry: Registry, checkpoints: Path, tmp_path: Path, state_dicts: dict[str, dict[str, torch.Tensor]]
) -> None:
    (checkpoints / "checkpoints" / "video_moredata_l1" / "colornet_iter_76000.pth").unlink()
    parallel = {f"module.{key}": value for key, value in state_dicts["color_net"].items()}
    torch.save(parallel, checkpoints / "colornet_iter_500.pth")
    output = tmp_path / "new folder" / "out.safetensors"
    assert import_checkpoints(checkpoints, output, expected=EXPECTED, entry=registry["parts"]) == output
    assert find(output, registry=registry).configuration == registry["parts"].configuration()


def test_deviating_checkpoints_are_refused(registry: Registry, checkpoints: Path, user_models: Path) -> None:
    torch.save({"conv10_ab.weight": torch.ones(2, 5, 1, 1)}, next(checkpoints.rglob("colornet*")))
    with pytest.raises(ModelError, match=r"colornet_iter_76000\.pth as color_net .*\(2, 5, 1, 1\) instead of"):
        import_checkpoints(checkpoints, expected=EXPECTED, entry=registry["parts"])
    assert not user_models.exists()


def test_absent_and_ambiguous_files_are_a_sentence(registry: Registry, checkpoints: Path) -> None:
    found = next(checkpoints.rglob("nonlocal*"))
    (found.parent / "nonlocal_net_iter_10.pth").write_bytes(found.read_bytes())
    with pytest.raises(ModelError, match=r"nonlocal_net_iter_10\.pth.*keep one of them"):
        import_checkpoints(checkpoints, expected=EXPECTED, entry=registry["parts"])
    (found.parent / "nonlocal_net_iter_10.pth").unlink()
    found.unlink()
    with pytest.raises(ModelError, match=r"no nonlocal_net_iter_\*\.pth below"):
        import_checkpoints(checkpoints, expected=EXPECTED, entry=registry["parts"])


def test_files_that_may_not_be_looked_at_are_passed_over(
    registry: Registry, checkpoints: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    is_file = Path.is_file

    def refuse(path: Path) -> bool:
        if path.name == "vgg19_gray.pth":
            raise PermissionError  # as in Python 3.12
        return is_file(path)

    monkeypatch.setattr(Path, "is_file", refuse)
    assert import_checkpoints(checkpoints, expected=EXPECTED, entry=registry["parts"]).name == "parts.safetensors"


def test_the_expected_parts_must_be_the_models(registry: Registry, checkpoints: Path) -> None:
    for expected in ({"encoder": EXPECTED["encoder"]}, {**EXPECTED, "discriminator": {}}):
        with pytest.raises(InputError, match="expected shapes"):
            import_checkpoints(checkpoints, expected=expected, entry=registry["parts"])


def test_any_checkpoint_becomes_safetensors(tmp_path: Path) -> None:
    torch.save({"a": torch.full((2,), 0.1), "n": torch.tensor(3)}, tmp_path / "in.pth")
    path = convert_file(tmp_path / "in.pth", tmp_path / "out.safetensors", metadata={"k": "v"}, dtype=torch.float16)
    state, metadata = load_weights(path)
    assert metadata == {"k": "v"}
    assert (state["a"].dtype, state["n"].dtype) == (torch.float16, torch.int64)
    with pytest.raises(ModelError, match="'n' is not part of this network"):
        convert_file(path, tmp_path / "again.safetensors", metadata={}, expected={"a": (2,)})
