from importlib import resources
from pathlib import Path

import pytest

from vcnode.errors import ModelError
from vcnode.weights import models_directory, user_models_directory


def test_a_checkout_keeps_models_beside_the_package() -> None:
    assert (models_directory() / "registry.yaml").is_file()


def test_a_wheel_keeps_models_inside_the_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / "site-packages" / "vcnode"
    (package / "models").mkdir(parents=True)
    monkeypatch.setattr(resources, "files", lambda name: package)
    with pytest.raises(ModelError, match="install vcnode again"):
        models_directory()
    (package / "models" / "registry.yaml").write_text("version: 1\nmodels: {}\n")
    assert models_directory() == package / "models"


def test_the_user_folder_follows_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VCNODE_MODELS", str(tmp_path / "share"))
    assert user_models_directory() == tmp_path / "share"
    monkeypatch.setenv("VCNODE_MODELS", "~nobody-of-this-name/models")
    assert user_models_directory() == Path("~nobody-of-this-name/models")
    monkeypatch.delenv("VCNODE_MODELS")
    assert user_models_directory().parts[-2:] == ("vcnode", "models")
    assert user_models_directory().is_absolute()
