"""Keyframes out of a clip, for an image model, or a person, to colour."""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from typing import Any, Protocol

import torch
from torch import Tensor

from vcnode.errors import InputError
from vcnode.media import VideoReader, rgb_from_frame
from vcnode.rendering.blank_frames import contrast, first_that_shows, is_blank
from vcnode.rendering.source_luma import luma_of, with_one_matrix
from vcnode.rendering.stretch import exact_frame_count
from vcnode.sequence import even_keyframes, find_cuts, scene_keyframes

from .choices import PICKING
from .films import FilmPart, film_part
from .images import check_images, frames_of, rgb_of
from .progress import Progress
from .references import Keyframes


class Clip(Protocol):
    """Frames that can be looked through, and any one of them.

    Attributes:
        first: Number of the first frame.
        count: How many there are; None where that is not known.
    """

    first: int
    count: int | None

    def looks(self) -> Iterator[Tensor]:
        """What cuts are found in: luma `(1, H, W)` or RGB `(3, H, W)` of each frame."""

    def image(self, number: int) -> Tensor:
        """A frame as IMAGE `(1, H, W, 3)`."""


@contextmanager
def opened(given: Any, file_type: type, scratch: Path) -> Iterator[Clip]:
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
        how: Of `PICKING`: the first frame of each scene, or frames at even distances. Where that shows nothing, the
            next that does.
        most: How many at most; of more scenes, the longest are taken.
        threshold: A scene begins where the picture changes by more, 0..1.
        progress: Told of each frame looked at and of each fetched; may stop the work.

    Returns:
        IMAGE `(B, H, W, 3)`, where its frames are, and a report.

    Raises:
        InputError: The clip is empty, or a value is out of range.
        MediaError: A film cannot be read.
    """
    if how not in PICKING:
        raise InputError(f"The way of picking {how!r} is not known: choose one of {', '.join(PICKING)}.")
    progress = progress or Progress()
    steps = None if clip.count is None else clip.count + min(most, clip.count)  # to look at all, and fetch so many
    seen = _Looked(progress.watching(clip.looks(), steps))
    scenes: tuple[int, ...] = ()
    blank: tuple[int, ...] = ()
    if how == "even":
        count = clip.count if clip.count is not None else sum(1 for _ in seen)
        starts = even_keyframes(count, most)
        stretches = (range(start, end) for start, end in pairwise((*starts, count)))
        found = [_first_that_shows(clip, stretch, progress) for stretch in stretches]
        picked = tuple(number for number in found if number is not None) or (0,)
    else:
        scenes = (0, *find_cuts(seen, threshold))
        picked, blank = _of_scenes(scenes, seen.contrasts, most)
    frames, scenes, blank = (tuple(clip.first + number for number in each) for each in (picked, scenes, blank))
    fetched = progress.watching(map(clip.image, frames), len(seen.contrasts) + len(frames), len(seen.contrasts))
    return torch.cat(list(fetched)), Keyframes(frames, scenes), _report(frames, scenes, blank)


def _of_scenes(scenes: Sequence[int], contrasts: Sequence[float], most: int) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Pick a frame of each scene, and name the scenes that show nothing; each of these counts as part of another."""
    count = len(contrasts)
    blank = tuple(
        start for start, end in pairwise((*scenes, count)) if is_blank(max(contrasts[start:end], default=0.0))
    )
    showing = [start for start in scenes if start not in blank] or [0]
    picked = scene_keyframes(showing[1:], count, most)
    stretches = dict(zip((0, *showing[1:]), pairwise((*showing, count)), strict=True))
    found = (stretches[start] for start in picked)
    return tuple(start + first_that_shows(contrasts[start:end]) for start, end in found), blank


def _first_that_shows(clip: Clip, stretch: range, progress: Progress) -> int | None:
    """The first frame of a stretch that shows something, or None; looked for only where its very first does not."""
    contrasts: list[float] = []
    for number in stretch:
        progress.stop_if_asked()
        contrasts.append(contrast(rgb_of(clip.image(clip.first + number)[0])))
        if not is_blank(contrasts[0]):
            break
    return None if is_blank(max(contrasts)) else stretch[first_that_shows(contrasts)]


def _report(frames: Sequence[int], scenes: Sequence[int], blank: Sequence[int]) -> str:
    lines = [f"Keyframes: {_listed(frames)}"]
    if scenes:
        lines.append(f"Scenes: {len(scenes)}, beginning at {_listed(scenes)}")
    shown = {scenes[bisect_right(scenes, frame) - 1] for frame in frames} if scenes else set()
    left_out = [start for start in scenes if start not in shown and start not in blank]
    if left_out:
        lines.append(
            f"Without a keyframe: the scenes at {_listed(left_out)}; they take the colours of the scene before. Raise "
            "max_frames for more."
        )
    if blank:
        lines.append(f"Without anything to be seen: the scenes at {_listed(blank)}.")
    return "\n".join(lines)


def _listed(numbers: Sequence[int]) -> str:
    return ", ".join(map(str, numbers))


class _Looked:
    """Passes frames on and notes the contrast of each."""

    def __init__(self, frames: Iterator[Tensor]) -> None:
        self._frames = frames
        self.contrasts: list[float] = []

    def __iter__(self) -> Iterator[Tensor]:
        for frame in self._frames:
            self.contrasts.append(contrast(frame))
            yield frame
