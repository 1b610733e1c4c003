"""The reference index on disk: one safetensors file, replaced as a whole."""

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from vcnode.errors import InputError, ModelError
from vcnode.training.checksum import checksum
from vcnode.training.data.filtering import MaterialFilter, Measures
from vcnode.weights import load_weights, save_weights

_VERSION = "3"
_RECORDS, _DESCRIPTORS, _NEIGHBOURS = "records", "descriptors", "neighbours"


@dataclass(frozen=True)
class File:
    """A file or clip as it was when it was looked at; another size or time means another file.

    Attributes:
        name: Below its folder, with `/`.
        is_clip: Whether it lies in the folder of videos.
        size: Bytes.
        modified: Nanoseconds since 1970.
    """

    name: str
    is_clip: bool
    size: int
    modified: int


@dataclass(frozen=True)
class Look:
    """What was seen in a file.

    Attributes:
        measures: Of the picture, or None where it cannot be read.
        descriptor: See `descriptors.describe`, `(C,)`; None likewise.
        problem: Why it cannot be read.
    """

    measures: Measures | None = None
    descriptor: Tensor | None = None
    problem: str = ""


@dataclass(frozen=True)
class IndexSettings:
    """What decides which photos are listed.

    Attributes:
        unpaired: Classes whose photos get no neighbours.
        neighbours: How many each gets.
        filter: What is left out.
    """

    unpaired: tuple[str, ...]
    neighbours: int
    filter: MaterialFilter

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> "IndexSettings":
        """The inverse of `dataclasses.asdict`, after JSON."""
        return cls(tuple(values["unpaired"]), values["neighbours"], MaterialFilter(**values["filter"]))


@dataclass(frozen=True)
class IndexContent:
    """Everything in the file.

    Attributes:
        encoder: Digest of the weights that made the descriptors.
        settings: None while the index is unfinished.
        looks: What was seen, by file.
        neighbours: For each file the numbers of the most similar ones, -1 for none, `(N, k)`; None likewise.
    """

    encoder: str
    settings: IndexSettings | None
    looks: Mapping[File, Look]
    neighbours: Tensor | None = None


def save_index(path: Path, content: IndexContent) -> None:
    """Write the file; it appears whole or not at all.

    Raises:
        InputError: It cannot be written.
    """
    records = []
    descriptors = []
    for file, look in content.looks.items():
        seen = {"measures": asdict(look.measures)} if look.measures else {"problem": look.problem}
        records.append({**asdict(file), **seen})
        if look.descriptor is not None:
            descriptors.append(look.descriptor)
    text = json.dumps(records, separators=(",", ":")).encode()
    tensors = {
        _RECORDS: torch.from_numpy(np.frombuffer(text, np.uint8).copy()),
        _DESCRIPTORS: torch.stack(descriptors) if descriptors else torch.zeros(0, 0),
    }
    if content.neighbours is not None:
        tensors[_NEIGHBOURS] = content.neighbours.to(torch.int32)
    metadata = {"version": _VERSION, "encoder": content.encoder}
    if content.settings is not None:
        metadata["settings"] = json.dumps(asdict(content.settings))
    metadata["checksum"] = checksum(tensors, metadata)
    try:
        save_weights(path, tensors, metadata)
    except ModelError as error:
        raise InputError(
            f"The reference index {path} could not be written: check the folder and the free space."
        ) from error


def read_index(path: Path) -> IndexContent:
    """Read the file.

    Raises:
        InputError: It is absent, damaged, or not an index of this version.
    """
    if not os.path.isfile(path):
        raise InputError(f"The reference index {path} does not exist: make it with `vcnode train index`.")
    try:
        tensors, metadata = load_weights(path)
        written = metadata.pop("checksum", None)
        if metadata.get("version") != _VERSION or written != checksum(tensors, metadata):
            raise ValueError("its checksum or version is wrong")
        records = json.loads(tensors[_RECORDS].numpy().tobytes())
        descriptors = iter(tensors[_DESCRIPTORS])
        looks = {}
        for record in records:
            problem, measures = record.pop("problem", ""), record.pop("measures", None)
            look = Look(problem=problem) if measures is None else Look(Measures(**measures), next(descriptors))
            looks[File(**record)] = look
        settings = IndexSettings.from_dict(json.loads(metadata["settings"])) if "settings" in metadata else None
        return IndexContent(metadata["encoder"], settings, looks, tensors.get(_NEIGHBOURS))
    except (ModelError, ValueError, KeyError, TypeError, StopIteration) as error:
        raise InputError(
            f"The reference index {path} is damaged or of another version ({error}): delete it and make it again with "
            "`vcnode train index`."
        ) from error
