"""Clips of real films: consecutive frames from a random place, never across a cut."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from pathlib import Path

import numpy as np
import PIL.Image
from numpy.typing import NDArray

from vcnode.errors import InputError, MediaError, VcnodeError
from vcnode.media import FrameSource, VideoFrame, VideoReader, open_source
from vcnode.media.display_rgb import display_rgb
from vcnode.media.sequence_pattern import STILL_SUFFIXES

VIDEO_SUFFIXES = (
    *(".mp4", ".mov", ".m4v", ".mkv", ".webm", ".avi", ".mpg"),
    *(".mpeg", ".ts", ".mts", ".m2ts", ".mxf", ".wmv", ".ogv"),
)
_REACH = (5, 41)  # frames between a clip and another view of its scene
_TRIES = 5  # places to look at before a clip is given up as all cuts
_COARSE = 12  # rows and columns of the grid on which frames are compared
_LIKE = 0.6  # correlation of neighbouring frames' coarse luma: above 0.9 in motion, about 0 across a cut


@dataclass(frozen=True)
class Excerpt:
    """Some frames of a video.

    Attributes:
        frames: RGB pictures, T of them.
        other: Another frame of the same shot.
    """

    frames: tuple[PIL.Image.Image, ...]
    other: PIL.Image.Image


def find_videos(folder: Path | str) -> tuple[str, ...]:
    """List the clips of a folder: video files, and folders of numbered pictures, at any depth.

    Returns:
        Their paths below the folder, with `/` on every system, in order.

    Raises:
        InputError: The folder cannot be read or holds no clip.
    """
    try:
        names = sorted(_clips_below(Path(folder), ""))
    except OSError as error:
        raise InputError(f"The video folder {folder} cannot be read ({error.strerror}); check its path.") from error
    if not names:
        raise InputError(f"{folder} has no clips; give a folder of video files, or of sub-folders of numbered frames.")
    return tuple(names)


def draw_excerpt(path: Path, frames: int, largest_step: int, random: np.random.Generator, *, far: bool) -> Excerpt:
    """Read consecutive frames from a random place.

    Args:
        path: A video, or a folder of numbered pictures.
        frames: T, two or more.
        largest_step: One frame of 1 to this many is taken.
        random: Decides place and step.
        far: Whether another frame of the shot is wanted, 5 to 40 frames away where the shot is as long; else the first
            frame stands for it.

    Raises:
        MediaError: It cannot be read, is shorter than that, or no place without a cut was found.
    """
    source = _open(path)
    length = frame_count(source)
    if length < frames:
        raise MediaError(f"cannot use {path}: a clip takes {frames} frames, and it has {length}")
    for _ in range(_TRIES):
        step = min(int(random.integers(1, largest_step + 1)), (length - 1) // (frames - 1))
        span = (frames - 1) * step + 1
        reach = min(int(random.integers(*_REACH)), length - span) if far else 0
        start = int(random.integers(0, length - span - reach + 1))
        other_is_before = bool(random.random() < 0.5)
        shot = _without_cut(source, start, span + reach, from_the_end=other_is_before)
        if len(shot) >= span:
            chosen, other = (shot[-span:], shot[0]) if other_is_before else (shot[:span], shot[-1])
            return Excerpt(tuple(_picture(frame, source) for frame in chosen[::step]), _picture(other, source))
    raise MediaError(f"cannot use {path}: no {frames} consecutive frames without a cut were found")


def middle_frame(path: Path) -> PIL.Image.Image:
    """The picture that stands for a whole clip.

    Raises:
        MediaError: It cannot be read.
    """
    source = _open(path)
    frames = list(islice(source.frames(frame_count(source) // 2), 1))
    if not frames:
        raise MediaError(f"cannot read {path}: it has no frames")
    return _picture(frames[0], source)


def frame_count(source: FrameSource) -> int:
    """How many frames a film has; what its header says is an estimate, and may be that of its sound."""
    if isinstance(source, VideoReader) and source.index is not None:
        return len(source.index.pts)
    return source.info.frame_count or 0


@lru_cache(maxsize=64)
def _open(path: Path) -> FrameSource:
    """Open a clip; what is known about where its frames lie is kept for the next time."""
    try:
        return open_source(path)
    except VcnodeError as error:
        raise MediaError(str(error)) from error


def _without_cut(source: FrameSource, start: int, count: int, *, from_the_end: bool) -> list[VideoFrame]:
    """Read frames and keep the first (or last) of them that belong to one shot."""
    frames = list(islice(source.frames(start), count))
    if from_the_end:
        frames.reverse()
    kept: list[VideoFrame] = []
    before: NDArray[np.float32] | None = None
    for frame in frames:
        coarse = _coarse(frame)
        if before is not None and float((coarse * before).sum()) < _LIKE:
            break
        kept.append(frame)
        before = coarse
    return kept[::-1] if from_the_end else kept


def _coarse(frame: VideoFrame) -> NDArray[np.float32]:
    """The luma of a few fields, without its mean and of length 1; their scalar product is the correlation."""
    codes = frame.luma if frame.luma is not None else frame.rgb
    assert codes is not None
    rows, columns = (np.linspace(0, size, _COARSE, endpoint=False, dtype=int) for size in codes.shape[:2])
    fields = codes[:, :, 1] if codes.ndim == 3 else codes
    sums: NDArray[np.float32] = np.add.reduceat(np.add.reduceat(fields.astype(np.float32), rows), columns, axis=1)
    contrast = sums - sums.mean()
    size = np.float32(np.linalg.norm(contrast))
    return (contrast / size if size > 0 else np.full_like(contrast, 1 / _COARSE)).astype(np.float32)


def _picture(frame: VideoFrame, source: FrameSource) -> PIL.Image.Image:
    return PIL.Image.fromarray((display_rgb(frame, source.info) * 255).round().astype(np.uint8))


def _clips_below(folder: Path, prefix: str) -> Iterator[str]:
    with os.scandir(folder) as entries:
        listed = sorted((entry for entry in entries if not entry.name.startswith(".")), key=lambda entry: entry.name)
    for entry in listed:
        if entry.is_dir():
            if _is_sequence(entry.path):
                yield prefix + entry.name
            else:
                yield from _clips_below(Path(entry.path), f"{prefix}{entry.name}/")
        elif entry.name.lower().endswith(VIDEO_SUFFIXES):
            yield prefix + entry.name


def _is_sequence(folder: str) -> bool:
    """Whether a folder holds pictures, and no video whose poster they may be."""
    names = [name.lower() for name in os.listdir(folder) if not name.startswith(".")]
    return any(name.endswith(STILL_SUFFIXES) for name in names) and not any(
        name.endswith(VIDEO_SUFFIXES) for name in names
    )
