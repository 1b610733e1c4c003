"""A shot of a film as a worker's job."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from vcnode.errors import InputError, MediaError
from vcnode.media import ImageSequenceReader, open_source
from vcnode.media.exr_frames import is_exr
from vcnode.media.sequence_pattern import is_pattern, parse_pattern
from vcnode.rendering.stretch import exact_frame_count
from vcnode.sequence import Reference, Shot


def clip_numbers(source: Path) -> Sequence[int]:
    """The number of each frame of a film: those of its files, or 0, 1, 2 for a video.

    Raises:
        InputError: The source is neither.
        MediaError: It cannot be read, or its frames not be counted.
    """
    if is_pattern(source):
        numbers = parse_pattern(source).numbers()
        if not numbers:
            raise MediaError(f"No file is called like {source}: check the path.")
        return numbers
    with open_source(source) as opened:
        if isinstance(opened, ImageSequenceReader):
            raise InputError(f"{source} is a folder: name the pictures in it, as in {opened.pattern}.")
        count = exact_frame_count(opened)
    if count is None:
        raise MediaError(f"The frames of {source} cannot be counted: convert it first.")
    return range(count)


def shot_job(
    shots: Sequence[Shot], number: int, source: Path, target: Path, *, encoding: str | None, **output: object
) -> dict[str, Any]:
    """Word the job of one shot. Frames behind it that no shot covers belong to it too, and stay gray.

    Args:
        shots: All of the film.
        number: Of the shot, from 1.
        source: The film.
        target: A pattern for all shots, or a video, which becomes one for each shot.
        encoding: Of EXR files; None for the usual.
        **output: Further fields of the job's output.

    Raises:
        InputError: There is no such shot.
        MediaError: The film cannot be read.
    """
    if not 1 <= number <= len(shots):
        raise InputError(f"There is no shot {number}: the shots file has the shots 1 to {len(shots)}.")
    numbers = clip_numbers(source)
    shot = shots[number - 1]
    first = 0 if number == 1 else shot.first
    last = shots[number].first - 1 if number < len(shots) else len(numbers) - 1
    own_last = last if shot.last is None else shot.last
    named = f"shot_{number:03d}"
    pattern = target if is_pattern(target) else target.with_name(f"{target.stem}.{named}{target.suffix}")
    return {
        "clip": f"{target.stem.split('.')[0]}.{named}",
        "frames": {"pattern": str(source), "first": numbers[first], "last": numbers[last]},
        "encoding": encoding,
        "shots": [
            {
                "first": numbers[shot.first],
                "last": numbers[own_last],
                "references": [_reference(each, numbers, encoding) for each in shot.references],
            }
        ],
        "output": {"pattern": str(pattern), **output},
    }


def _reference(reference: Reference, numbers: Sequence[int], encoding: str | None) -> dict[str, object]:
    mask = None if reference.mask is None else os.path.abspath(Reference(reference.mask).path)
    return {
        "file": os.path.abspath(reference.path),
        "frame": None if reference.frame is None else numbers[reference.frame],
        "weight": reference.weight,
        "mask": mask,
        "encoding": encoding if is_exr(reference.path) else None,
    }
