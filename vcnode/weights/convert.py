"""Turns checkpoints into the safetensors files that vcnode loads."""

import json
import os
from collections.abc import Callable, Iterable, Mapping
from fnmatch import fnmatchcase
from pathlib import Path

import torch

from vcnode.errors import InputError, ModelError
from vcnode.weights.checkpoints import Shapes, check_state_dict, load_state_dict
from vcnode.weights.directories import user_models_directory
from vcnode.weights.files import CONFIGURATION_KEY, check_file, digest, save_weights
from vcnode.weights.registry import RegistryEntry, WeightFile, lookup


def import_checkpoints(
    directory: str | os.PathLike[str],
    output: str | os.PathLike[str] | None = None,
    *,
    expected: Mapping[str, Shapes],
    entry: RegistryEntry | None = None,
    on_file: Callable[[Path], None] = lambda path: None,
) -> Path:
    """Converts the files of a known model, found anywhere below a folder, into its one safetensors file.

    For ``devc`` these are the authors' ``vgg19_conv.pth``, ``nonlocal_net_iter_*.pth`` and
    ``colornet_iter_*.pth``, in whatever folders; their ``vgg19_gray.pth`` is not needed. Tensors are stored
    as ``<prefix>.<key>``, and the metadata holds the configuration, licence, source and the SHA-256 of every
    file used.

    Args:
        directory: Folder with the files.
        output: The file to write; by default where ``find`` looks for the model.
        expected: Keys and shapes of every part of the model, by prefix:
            ``{"encoder": {"conv1_1.weight": (64, 3, 3, 3), ...}, ...}``.
        entry: The model, ``devc`` by default.
        on_file: Called with the path below the folder of each file that is taken.

    Returns:
        The path written.

    Raises:
        ModelError: A file is absent, is not a plain checkpoint of tensors, or deviates from the model.
        InputError: ``expected`` has other parts than the model.
    """
    entry = lookup("devc") if entry is None else entry
    prefixes = [file.prefix for file in entry.files]
    if set(prefixes) != set(expected):
        raise InputError(
            f"The model '{entry.name}' has the parts {prefixes} but the expected shapes are those of "
            f"{list(expected)}: give the shapes of these parts."
        )
    state: dict[str, torch.Tensor] = {}
    digests: dict[str, str] = {}
    for file, path in find_parts(directory, entry.files).items():
        on_file(path.relative_to(directory))
        check_file(path, size=file.size, sha256=file.sha256)
        digests[path.name] = digest(path)
        part = load_state_dict(path)
        check_state_dict(part, expected[file.prefix], f"{path} as {file.prefix or 'whole'} of '{entry.name}'")
        state.update({f"{file.prefix}.{key}" if file.prefix else key: value for key, value in part.items()})
    metadata = {
        CONFIGURATION_KEY: json.dumps(entry.configuration()),
        "licence": entry.licence,
        "source": entry.source,
        "files": json.dumps(digests),
    }
    return save_weights(user_models_directory() / entry.weights_name if output is None else output, state, metadata)


def convert_file(
    source: str | os.PathLike[str],
    output: str | os.PathLike[str],
    *,
    metadata: Mapping[str, str],
    expected: Shapes | None = None,
    dtype: torch.dtype | None = None,
) -> Path:
    """Converts any one checkpoint (``.safetensors`` or PyTorch's format) to safetensors.

    Args:
        source: The checkpoint.
        output: The file to write.
        metadata: Stored with it; ``config`` (JSON) makes it loadable by path.
        expected: Keys and shapes it must have; not checked when None.
        dtype: Floating dtype to store, for instance ``torch.float16``; unchanged when None.

    Raises:
        ModelError: The checkpoint cannot be read safely or deviates from ``expected``.
    """
    state = load_state_dict(source)
    if expected is not None:
        check_state_dict(state, expected, os.fspath(source))
    if dtype is not None:
        state = {key: value.to(dtype) if value.is_floating_point() else value for key, value in state.items()}
    return save_weights(output, state, metadata)


def find_parts(directory: str | os.PathLike[str], files: Iterable[WeightFile]) -> dict[WeightFile, Path]:
    """Finds one file for each entry anywhere below a folder.

    Raises:
        ModelError: A file is absent, or several fit the same pattern.
    """
    # os.path, since pathlib raises on files that it may not look at
    below = sorted(path for path in Path(directory).rglob("*") if os.path.isfile(path))
    parts: dict[WeightFile, Path] = {}
    for file in files:
        fitting = [path for path in below if fnmatchcase(path.name, file.name)]
        if not fitting:
            raise ModelError(f"There is no {file.name} below {directory}: give the folder that holds all the files.")
        if len(fitting) > 1:
            raise ModelError(
                f"Several files below {directory} fit {file.name} ({', '.join(map(str, fitting))}): keep one of them."
            )
        parts[file] = fitting[0]
    return parts
