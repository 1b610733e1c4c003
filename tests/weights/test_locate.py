import json
import os
from pathlib import Path

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from vcnode.errors import ModelError
from vcnode.weights import RegistryEntry, find, locate, save_weights

Registry = dict[str, RegistryEntry]


def _save(path: Path, config: dict[str, object] | None = None) -> Path:
    return save_weights(path, {"a": torch.ones(2)}, {} if config is None else {"config": json.dumps(config)})


def test_an_embedded_model_lies_beside_the_registry(registry: Registry, registry_folder: Path) -> None:
    with pytest.raises(ModelError, match=r"inside\.safetensors is missing: install vcnode again"):
        find("inside", registry=registry)
    path = _save(registry_folder / "inside.safetensors")
    found = find("inside", registry=registry)
    assert (found.name, found.weights, found.entry) == ("inside", path, registry["inside"])
    assert found.configuration == registry["inside"].configuration()


def test_a_users_folder_that_may_not_be_looked_into_holds_no_model(
    registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(path: Path) -> bool:
        raise PermissionError  # as in Python 3.12

    monkeypatch.setattr(Path, "is_file", refuse)
    assert locate(registry["remote"]) is None


def test_other_models_lie_in_the_users_folder(registry: Registry, user_models: Path, remote_bytes: bytes) -> None:
    assert locate(registry["remote"]) is None
    with pytest.raises(ModelError, match="vcnode models get remote") as caught:
        find("remote", registry=registry)
    assert "vcnode models import" in str(caught.value)
    user_models.mkdir()
    path = user_models / "remote.safetensors"
    path.write_bytes(remote_bytes)
    assert locate(registry["remote"]) == path
    assert find("remote", registry=registry).weights == path


def test_a_changed_file_is_noticed(registry: Registry, user_models: Path, remote_bytes: bytes) -> None:
    user_models.mkdir()
    path = user_models / "remote.safetensors"
    path.write_bytes(remote_bytes[:-1] + b"x")
    with pytest.raises(ModelError, match="SHA-256"):
        find("remote", registry=registry)
    path.write_bytes(remote_bytes[:-1])
    with pytest.raises(ModelError, match=f"bytes instead of {len(remote_bytes)}"):
        find("remote", registry=registry)


def test_a_file_by_path_brings_its_configuration(registry: Registry, tmp_path: Path) -> None:
    path = _save(tmp_path / "mine.safetensors", {"channels": 2})
    for given_path in (path, str(path)):
        found = find(given_path, registry=registry)
        assert (found.name, found.weights, found.entry) == ("mine", path, None)
        assert found.configuration == {"channels": 2}


def test_a_yaml_beside_the_file_will_do(registry: Registry, tmp_path: Path) -> None:
    path = _save(tmp_path / "mine.safetensors")
    with pytest.raises(ModelError, match=r"in a file mine\.yaml beside it"):
        find(path, registry=registry)
    (tmp_path / "mine.yaml").write_text("channels: 3\n")
    assert find(path, registry=registry).configuration == {"channels": 3}
    (tmp_path / "mine.yaml").write_text("channels: [\n")
    with pytest.raises(ModelError, match="correct it"):
        find(path, registry=registry)


def test_a_folder_must_hold_one_model(registry: Registry, tmp_path: Path, checkpoints: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    with pytest.raises(ModelError, match=r"holds no \.safetensors file"):
        find(folder, registry=registry)
    path = _save(folder / "one.safetensors", {"channels": 1})
    assert find(folder, registry=registry).weights == path
    _save(folder / "two.safetensors", {"channels": 2})
    with pytest.raises(ModelError, match=r"one\.safetensors, two\.safetensors"):
        find(str(folder), registry=registry)
    with pytest.raises(ModelError, match="vcnode models import"):
        find(checkpoints, registry=registry)


def test_a_folder_is_not_searched_to_its_depths(
    registry: Registry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    deep = tmp_path / "one" / "two"
    deep.mkdir(parents=True)
    (deep / "a.pth").touch()
    opened = []
    scandir = os.scandir

    def refuse(path: str) -> object:
        opened.append(Path(path))
        if Path(path) == deep.parent:
            raise PermissionError(13, "Permission denied", str(path))
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refuse)
    with pytest.raises(ModelError, match=r"holds no \.safetensors file"):
        find(tmp_path, registry=registry)
    assert deep.parent in opened
    assert deep not in opened


def test_a_checkpoint_is_sent_to_the_converter(registry: Registry, checkpoints: Path) -> None:
    with pytest.raises(ModelError, match="vcnode models import"):
        find(checkpoints / "data" / "vgg19_conv.pth", registry=registry)


def test_a_name_wins_over_a_folder(
    registry: Registry, registry_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    _save(registry_folder / "inside.safetensors")
    (tmp_path / "inside").mkdir()
    _save(tmp_path / "inside" / "other.safetensors", {"channels": 1})
    assert find("inside", registry=registry).entry == registry["inside"]
    assert find(os.path.join(".", "inside"), registry=registry).name == "other"


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(name=st.text() | st.text().map(lambda text: text + ".safetensors") | st.just("x" * 5000 + ".safetensors"))
def test_any_other_text_is_a_sentence(registry: Registry, name: str) -> None:
    if name in registry or os.path.exists(os.path.expanduser(name)):
        return
    with pytest.raises(ModelError):
        find(name, registry=registry)
