"""Weights on disk: safetensors files, written atomically, and file digests."""

import contextlib
import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save

from vcnode.errors import ModelError
from vcnode.whole_files import replacing

CONFIGURATION_KEY = "config"


def save_weights(
    path: str | os.PathLike[str], state_dict: Mapping[str, torch.Tensor], metadata: Mapping[str, str]
) -> Path:
    """Writes tensors of any shape and dtype, and string metadata, to one safetensors file.

    The file appears under its name only once it is complete. Tensors that share memory are written
    separately.

    Returns:
        The path written.

    Raises:
        ModelError: The file cannot be written.
    """
    path = Path(path)
    tensors = {name: tensor.detach().cpu().clone().contiguous() for name, tensor in state_dict.items()}
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with replacing(path, flush_to_device=True) as unfinished:
            # Not safetensors' own `save_file`, whose files nobody but their owner may read.
            unfinished.write_bytes(save(tensors, metadata=dict(metadata) or None))
    except (SafetensorError, OSError) as error:
        raise ModelError(
            f"The weights file {path} could not be written ({error}): check the folder and the free space."
        ) from error
    return path


def load_weights(path: str | os.PathLike[str]) -> tuple[dict[str, torch.Tensor], dict[str, str]]:
    """Reads every tensor of a safetensors file to the CPU, in the dtype on disk, and its metadata.

    Raises:
        ModelError: The file is absent, damaged, cut short or not a safetensors file.
    """
    with _opened(path) as handle:
        # Cloned, because the tensors would otherwise stay tied to the file, which someone may replace or cut.
        tensors = {name: handle.get_tensor(name).clone() for name in handle.keys()}  # noqa: SIM118
        return tensors, dict(handle.metadata() or {})


def read_metadata(path: str | os.PathLike[str]) -> dict[str, str]:
    """Reads a safetensors file's metadata without its tensors.

    Raises:
        ModelError: As for ``load_weights``.
    """
    with _opened(path) as handle:
        return dict(handle.metadata() or {})


def read_configuration(path: str | os.PathLike[str]) -> dict[str, Any] | None:
    """Reads the model configuration that a weights file carries, or None where it carries none.

    Raises:
        ModelError: The file cannot be read, or its configuration is not a JSON object.
    """
    text = read_metadata(path).get(CONFIGURATION_KEY)
    if text is None:
        return None
    try:
        configuration = json.loads(text)
    except ValueError:
        configuration = None
    if not isinstance(configuration, dict):
        raise ModelError(
            f"The weights file {path} carries a configuration that is not a JSON object: write the file "
            f"again with its model configuration as JSON under the metadata key '{CONFIGURATION_KEY}'."
        )
    return configuration


def digest(path: str | os.PathLike[str]) -> str:
    """Returns the SHA-256 of a file as 64 lower-case hexadecimal digits.

    Raises:
        ModelError: The file cannot be read.
    """
    try:
        with open(path, "rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError as error:
        raise ModelError(f"The file {path} cannot be read ({error.strerror}): check its path.") from error


def check_file(path: Path, *, size: int | None, sha256: str | None) -> None:
    """Compares a file with its known size in bytes and SHA-256; None means not known, not checked.

    Raises:
        ModelError: The file is not the expected one.
    """
    if size is not None and path.stat().st_size != size:
        raise ModelError(
            f"The file {path} has {path.stat().st_size} bytes instead of {size}, so it is damaged or another "
            "version: fetch it again."
        )
    if sha256 is not None and (found := digest(path)) != sha256.lower():
        raise ModelError(
            f"The file {path} has SHA-256 {found} instead of {sha256.lower()}, so it is damaged or another "
            "version: fetch it again."
        )


@contextlib.contextmanager
def _opened(path: str | os.PathLike[str]) -> Iterator[Any]:
    if not os.path.isfile(path):
        raise ModelError(f"The weights file {path} does not exist: check its path.")
    try:
        with safe_open(path, framework="pt", device="cpu") as handle:
            yield handle
    except (SafetensorError, OSError) as error:
        raise ModelError(
            f"The file {path} is not a readable safetensors file ({error}), it may be damaged or cut short: "
            "fetch or copy it again."
        ) from error
