"""Picking the frames of a clip that an image model, or a person, colours as references."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from typing import Any, Protocol

import torch
from torch import Tensor

from vcnode.errors import InputError
from vcnode.media import VideoReader, rgb_from_frame
from vcnode.rendering.source_luma import luma_of, with_one_matrix
from vcnode.rendering.stretch import exact_frame_count
from vcnode.sequence import find_cuts

from .choices import PICKING
from .films import FilmPart, film_part
from .images import check_images, frames_of
from .progress import Progress
from .references import Keyframes


class Clip(Protocol):
    """Frames that can be looked through, and any one of them.

    Attributes:
        first: Number of the first frame.
        count: How many there are, perhaps an estimate; None where that is not known.
    """

    first: int
    count: int | None

    def looks(self) -> Iterator[Tensor]:
        """What cuts are found in: luma `(1, H, W)` or RGB `(3, H, W)` of each frame."""

    def image(self, number: int) -> Tensor:
        """A frame as IMAGE `(1, H, W, 3)`."""


@contextmanager
def opened(given: Any, file_type: type, scratch: Path) -> Iterator["Clip"]:
    """Open what is connected: an IMAGE batch, a video file, which is streamed, or a video in memory.

    Args:
        given: From a socket.
        file_type: ComfyUI's class of videos that are files.
        scratch: Folder for a file that exists in memory alone.

    Raises:
        InputError: It is empty.
        MediaError: A file cannot be read.
    """
    if isinstance(given, Tensor):
        yield ImageClip(given)
        return
    part = film_part(given, file_type, scratch)
    if part is None:
        yield ImageClip(given.get_components().images)
        return
    with VideoReader(part.path) as reader:
        yield FilmClip(reader, part)


class ImageClip:
    """An IMAGE batch as a clip."""

    def __init__(self, images: Tensor) -> None:
        self.images = check_images(images, "The images")
        self.first = 0
        self.count: int | None = len(images)

    def looks(self) -> Iterator[Tensor]:
        """See `Clip`."""
        return frames_of(self.images)

    def image(self, number: int) -> Tensor:
        """See `Clip`."""
        image = self.images[number : number + 1, ..., :3].float().clamp(0, 1)
        return image.expand(-1, -1, -1, 3).contiguous()


class FilmClip:
    """A video file as a clip, read frame by frame."""

    def __init__(self, reader: VideoReader, part: FilmPart) -> None:
        self.reader, self.part = reader, part
        self.info = with_one_matrix(reader.info)
        total = exact_frame_count(reader)
        self.first = part.first
        ends = [end for end in (total, None if part.last is None else part.last + 1) if end is not None]
        self.count = max(0, min(ends) - part.first) if ends else None

    def looks(self) -> Iterator[Tensor]:
        """See `Clip`."""
        for frame in self.reader.frames(self.first):
            if self.part.last is not None and frame.index > self.part.last:
                return
            yield luma_of(frame, self.info)[0]

    def image(self, number: int) -> Tensor:
        """See `Clip`."""
        return torch.from_numpy(rgb_from_frame(self.reader.frame(number), self.info))[None].clamp(0, 1)


def pick_keyframes(
    clip: Clip, how: str, most: int, threshold: float, progress: Progress | None = None
) -> tuple[Tensor, Keyframes, str]:
    """Pick frames that together show a clip.

    Args:
        clip: The clip.
        how: Of `PICKING`: the first frame of each scene, or frames at even distances.
        most: How many at most; of more scenes, the longest are taken.
        threshold: A scene begins where the picture changes by more, 0..1.
        progress: Told of each frame looked at; may stop the work.

    Returns:
        IMAGE `(B, H, W, 3)`, where its frames are, and a report.

    Raises:
        InputError: The clip is empty, or a value is out of range.
        MediaError: A film cannot be read.
    """
    if how not in PICKING:
        raise InputError(f"The way of picking {how!r} is not known: choose one of {', '.join(PICKING)}.")
    progress = progress or Progress()
    if how == "even":
        count = clip.count if clip.count is not None else sum(1 for _ in progress.watching(clip.looks(), clip.count))
        _check(count)
        keyframes = _even(clip.first, count, most)
        lines: list[str] = []
    else:
        seen = _Counted(progress.watching(clip.looks(), clip.count))
        cuts = find_cuts(seen, threshold)
        _check(seen.count)
        keyframes, lines = _by_scene(clip.first, cuts, seen.count, most)
    images = torch.cat([clip.image(number) for number in keyframes.frames])
    frames = ", ".join(map(str, keyframes.frames))
    return images, keyframes, "\n".join([f"Keyframes: {frames}", *lines])


def _check(count: int) -> None:
    if count == 0:
        raise InputError("The clip has no frames: give one with 1 frame or more.")


def _even(first: int, count: int, most: int) -> Keyframes:
    most = min(most, count)
    return Keyframes(tuple(first + place * count // most for place in range(most)))


def _by_scene(first: int, cuts: Sequence[int], count: int, most: int) -> tuple[Keyframes, list[str]]:
    starts = [0, *cuts]
    lengths = {start: end - start for start, end in pairwise([*starts, count])}
    longest = sorted(starts, key=lambda start: -lengths[start])[:most]
    picked = tuple(first + start for start in sorted(longest))
    scenes = tuple(first + start for start in starts)
    lines = [f"Scenes: {len(scenes)}, beginning at {', '.join(map(str, scenes))}"]
    left_out = [start for start in scenes if start not in picked]
    if left_out:
        lines.append(
            f"Without a keyframe: the scenes at {', '.join(map(str, left_out))}; they take the colours of the scene "
            "before. Raise max_frames for more."
        )
    return Keyframes(picked, scenes), lines


class _Counted:
    """Passes frames on and counts them."""

    def __init__(self, frames: Iterator[Tensor]) -> None:
        self._frames, self.count = frames, 0

    def __iter__(self) -> Iterator[Tensor]:
        for frame in self._frames:
            self.count += 1
            yield frame
