"""From a name or a path to the weights file and the configuration that belong together."""

import glob
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from vcnode.errors import ModelError
from vcnode.weights.directories import user_models_directory
from vcnode.weights.files import CONFIGURATION_KEY, check_file, read_configuration
from vcnode.weights.registry import RegistryEntry, load_registry, lookup


@dataclass(frozen=True)
class ModelFiles:
    """What is needed to build a model.

    Attributes:
        name: The registry name, or the file name without its suffix.
        weights: The safetensors file.
        configuration: The model configuration: of the preset for a registry name, of the file otherwise.
        entry: The registry entry, None for a file given by path.
    """

    name: str
    weights: Path
    configuration: dict[str, Any]
    entry: RegistryEntry | None = None


def find(name_or_path: str | os.PathLike[str], *, registry: Mapping[str, RegistryEntry] | None = None) -> ModelFiles:
    """Finds a model on this machine; never fetches anything.

    Args:
        name_or_path: A registry name, a ``.safetensors`` file whose metadata holds the configuration as JSON
            under ``config`` (or which has a YAML file of the same name beside it), or a folder with one such
            file. A registry name wins over a folder of the same name; write ``./name`` for the folder.
        registry: Known models, the shipped registry by default.

    Raises:
        ModelError: The name is unknown, the model is not on this machine, or its file is damaged or
            incomplete.
    """
    registry = load_registry() if registry is None else registry
    given = os.fspath(name_or_path)
    if given in registry:
        return _find_entry(registry[given])
    path = os.path.expanduser(given)  # os.path, since pathlib raises on names that no system accepts
    if given and os.path.isdir(path):
        return _find_file(_only_weights_in(Path(path)))
    if os.path.isfile(path) or path.lower().endswith(".safetensors"):
        return _find_file(Path(path))
    return _find_entry(lookup(given, registry))


def locate(entry: RegistryEntry) -> Path | None:
    """Returns where a known model's weights lie on this machine, or None."""
    folders = ([entry.directory] if entry.embedded else []) + [user_models_directory()]
    candidates = (folder / entry.weights_name for folder in folders)
    return next((path for path in candidates if os.path.isfile(path)), None)  # no error where it may not look


def ensure_available(entry: RegistryEntry) -> Path:
    """Returns where a known model's weights lie, and checks them against the registry where it knows them.

    Raises:
        ModelError: They are not on this machine (the message says how to get them), or are not the right
            ones.
    """
    path = locate(entry)
    if path is None and entry.embedded:
        raise ModelError(
            f"The model '{entry.name}' belongs to vcnode but {entry.directory / entry.weights_name} is "
            "missing: install vcnode again."
        )
    if path is None:
        names = ", ".join(dict.fromkeys(file.download_name for file in entry.files))
        raise ModelError(
            f"The model '{entry.name}' is not on this machine: run `vcnode models get {entry.name}` to "
            f"download it ({entry.source}), or, if you have its files ({names}), run `vcnode models import "
            "PATH` on them."
        )
    if entry.is_single_file:
        check_file(path, size=entry.files[0].size, sha256=entry.files[0].sha256)
    return path


def _find_entry(entry: RegistryEntry) -> ModelFiles:
    # The preset, not the file's metadata: a preset moves with the code, a file converted long ago does not.
    return ModelFiles(entry.name, ensure_available(entry), entry.configuration(), entry)


def _find_file(path: Path) -> ModelFiles:
    if path.suffix.lower() in (".pth", ".pt", ".ckpt"):
        raise ModelError(
            f"{path} is a PyTorch checkpoint, which vcnode does not load directly: convert it once with "
            f"`vcnode models import {path}`."
        )
    configuration = read_configuration(path)
    beside = path.with_suffix(".yaml")
    if configuration is None and beside.is_file():
        try:
            configuration = yaml.safe_load(beside.read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
            raise ModelError(f"The configuration {beside} cannot be read ({error}): correct it.") from error
    if not isinstance(configuration, dict):
        raise ModelError(
            f"The weights file {path} does not say which model it belongs to: it needs the model's "
            f"configuration as JSON under the metadata key '{CONFIGURATION_KEY}', or in a file {beside.name} "
            "beside it."
        )
    return ModelFiles(path.stem, path, configuration)


def _only_weights_in(folder: Path) -> Path:
    weights = sorted(path for path in folder.glob("*.safetensors") if not path.name.startswith("."))
    if len(weights) == 1:
        return weights[0]
    if weights:
        raise ModelError(
            f"The folder {folder} holds several models ({', '.join(path.name for path in weights)}): give "
            "the path of one of them."
        )
    if any(glob.glob(pattern, root_dir=folder) for pattern in ("*.pth", "*/*.pth")):  # skips what it may not read
        raise ModelError(
            f"The folder {folder} holds PyTorch checkpoints but no .safetensors file: convert them once with "
            f"`vcnode models import {folder}`."
        )
    raise ModelError(f"The folder {folder} holds no .safetensors file: give a folder or a file with weights.")
