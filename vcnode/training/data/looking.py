"""Looks at photos and clips for the reference index: measures and descriptors, many at once."""

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from vcnode.errors import MediaError
from vcnode.network.model import Model
from vcnode.training.data.descriptors import DESCRIBED_SIZE, describe
from vcnode.training.data.filtering import Measures, measure
from vcnode.training.data.index_file import File, Look
from vcnode.training.data.photos import cover_crop, find_photos, open_photo, thumbnail
from vcnode.training.data.videos import find_videos, middle_frame


@dataclass(frozen=True)
class Folders:
    """Where the pictures are.

    Attributes:
        photos: Laid out as `class/photo.jpg`.
        videos: Clips, or None.
    """

    photos: Path
    videos: Path | None

    def files(self) -> list[File]:
        """List all photos, then all clips, as they are now.

        Raises:
            InputError: A folder cannot be read or has nothing in it.
        """
        files = [_file(self.photos, name, is_clip=False) for name in find_photos(self.photos)]
        if self.videos is not None:
            files += [_file(self.videos, name, is_clip=True) for name in find_videos(self.videos)]
        return files

    def path(self, file: File) -> Path:
        """Where a file lies."""
        return (self.videos or self.photos) / file.name if file.is_clip else self.photos / file.name


def look_at(files: Sequence[File], folders: Folders, model: Model, pool: ThreadPoolExecutor) -> dict[File, Look]:
    """Read, measure and describe some files; what cannot be read says so in its look."""
    opened = dict(zip(files, pool.map(lambda file: _open(folders.path(file), file.is_clip), files), strict=True))
    readable = {file: seen for file, seen in opened.items() if not isinstance(seen, MediaError)}
    looks = {file: Look(problem=str(seen)) for file, seen in opened.items() if isinstance(seen, MediaError)}
    if readable:
        codes = torch.from_numpy(np.stack([picture for _, picture in readable.values()])).permute(0, 3, 1, 2)
        for (file, (measures, _)), descriptor in zip(readable.items(), describe(model, codes), strict=True):
            looks[file] = Look(measures, descriptor)
    return looks


def _open(path: Path, is_clip: bool) -> tuple[Measures, NDArray[np.uint8]] | MediaError:
    try:
        if is_clip:
            image = middle_frame(path)
            side = min(image.size)
        else:
            image, side = open_photo(path, max(DESCRIBED_SIZE))
    except MediaError as error:
        return error
    return measure(thumbnail(image), side), cover_crop(image, *DESCRIBED_SIZE)


def _file(folder: Path, name: str, *, is_clip: bool) -> File:
    """A file's state; of one that cannot be read, such as a link to nothing, there is none, and opening it says why."""
    path = folder / name
    states = []
    with suppress(OSError):
        if path.is_dir():
            with os.scandir(path) as entries:
                states = [entry.stat() for entry in entries if entry.is_file()]
        else:
            states = [path.stat()]
    return File(name, is_clip, sum(s.st_size for s in states), max((s.st_mtime_ns for s in states), default=0))
