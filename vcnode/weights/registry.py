"""The registry: which models vcnode knows by name, and which files they are made of."""

import difflib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import unquote, urlsplit

import yaml

from vcnode.errors import ModelError
from vcnode.weights.directories import REGISTRY_NAME, models_directory

REGISTRY_VERSION = 1


@dataclass(frozen=True)
class WeightFile:
    """One file that a model's weights come from.

    Attributes:
        name: File name, or a pattern such as ``colornet_iter_*.pth``.
        prefix: The part of the model that its tensors become (``encoder``); empty when the file is the whole
            model.
        url: Where it can be fetched: the file itself, or a ``.zip`` with the file in it. None: nowhere.
        size: Bytes, None where not known.
        sha256: Hexadecimal digest of the file (never of the archive), None where not known.
    """

    name: str
    prefix: str = ""
    url: str | None = None
    size: int | None = None
    sha256: str | None = None

    @property
    def download_name(self) -> str:
        """The name of what is fetched: the last part of the address, or the file's own name."""
        return PurePosixPath(unquote(urlsplit(self.url).path)).name if self.url else self.name


@dataclass(frozen=True)
class RegistryEntry:
    """A model that is known by name.

    Attributes:
        name: What users type.
        description: One sentence on what it is for.
        preset: Name of the YAML file, beside the registry, that holds the model's configuration.
        embedded: Whether the weights are shipped with vcnode.
        licence: The terms of the weights.
        source: Where the weights come from.
        files: The files its weights come from.
        directory: The folder of the registry.
    """

    name: str
    description: str
    preset: str
    embedded: bool
    licence: str
    source: str
    files: tuple[WeightFile, ...]
    directory: Path

    @property
    def archive(self) -> str | None:
        """The name of the zip that holds all the files, None where each is a download of its own."""
        name = self.files[0].download_name
        return name if name.lower().endswith(".zip") else None

    @property
    def is_single_file(self) -> bool:
        """Whether the listed file is the model as it is used, without a conversion."""
        return len(self.files) == 1 and not self.files[0].prefix and self.files[0].name.endswith(".safetensors")

    @property
    def weights_name(self) -> str:
        """The file name of the weights once they are on this machine."""
        return self.files[0].name if self.is_single_file else f"{self.name}.safetensors"

    def configuration(self) -> dict[str, Any]:
        """Reads the model configuration from the preset.

        Raises:
            ModelError: The preset is absent or is not a YAML mapping.
        """
        return _read_mapping(self.directory / self.preset, f"The preset of the model '{self.name}'")


def load_registry(path: Path | None = None) -> dict[str, RegistryEntry]:
    """Reads a registry file: the shipped one, or the one at ``path``.

    Raises:
        ModelError: The file is absent or an entry in it is wrong.
    """
    path = models_directory() / REGISTRY_NAME if path is None else path
    content = _read_mapping(path, "The model registry")
    if content.get("version") != REGISTRY_VERSION or not isinstance(content.get("models"), dict):
        raise ModelError(
            f"The model registry {path} must have 'version: {REGISTRY_VERSION}' and a mapping 'models': "
            "use the one that came with this version of vcnode."
        )
    try:
        return {name: _entry(name, fields, path.parent) for name, fields in content["models"].items()}
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise ModelError(f"The model registry {path} has an entry that is wrong: {error}.") from error


def lookup(name: str, registry: Mapping[str, RegistryEntry] | None = None) -> RegistryEntry:
    """Returns the entry of a name.

    Raises:
        ModelError: The name is unknown; the message lists the known names and the closest ones.
    """
    registry = load_registry() if registry is None else registry
    if name in registry:
        return registry[name]
    close = difflib.get_close_matches(name.lower(), registry, n=2, cutoff=0.5)
    hint = f" (did you mean {' or '.join(repr(match) for match in close)}?)" if close else ""
    raise ModelError(
        f"There is no model {name!r}{hint}: give one of {', '.join(registry)}, or the path of a .safetensors "
        "file or of the folder that holds it."
    )


def _read_mapping(path: Path, what: str) -> dict[str, Any]:
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        reason = " ".join(str(error).split())  # YAML errors span lines
        raise ModelError(f"{what} at {path} cannot be read ({reason}): install vcnode again.") from error
    if not isinstance(content, dict):
        raise ModelError(f"{what} at {path} is not a YAML mapping: install vcnode again.")
    return content


def _entry(name: str, fields: dict[str, Any], directory: Path) -> RegistryEntry:
    files = tuple(WeightFile(**file) for file in fields["files"])
    entry = RegistryEntry(name=name, directory=directory, **{**fields, "files": files})
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_.-]*", name):
        raise ValueError(f"the name {name!r} may hold letters, digits, '_', '.' and '-' only")
    if not files:
        raise ValueError(f"the model '{name}' lists no files")
    downloads = {file.download_name for file in files}
    for plain in (entry.preset, *(file.name for file in files), *downloads):
        if plain in ("", ".", "..") or set(plain) & set("/\\:"):
            raise ValueError(f"the model '{name}' names {plain!r}, which is not a plain file name")
    if len(downloads) > 1 and any(download.lower().endswith(".zip") for download in downloads):
        raise ValueError(f"the files of the model '{name}' must lie in one archive or in none")
    for file in files:
        _check_file_fields(file)
    return entry


def _check_file_fields(file: WeightFile) -> None:
    if file.url is not None and urlsplit(file.url).scheme not in ("http", "https"):
        raise ValueError(f"the address {file.url!r} of {file.name} is neither http nor https")
    if file.size is not None and not isinstance(file.size, int):
        raise ValueError(f"the size {file.size!r} of {file.name} is not a number of bytes")
    if file.sha256 is not None and not re.fullmatch(r"[0-9a-fA-F]{64}", file.sha256):
        raise ValueError(f"the sha256 {file.sha256!r} of {file.name} is not 64 hexadecimal digits")
