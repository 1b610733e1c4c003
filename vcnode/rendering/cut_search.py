"""Cuts found in the picture, before a render begins: with the whole file at hand each reference finds its own shot."""

from collections.abc import Callable, Iterator

import torch.nn.functional as F
from torch import Tensor

from vcnode.errors import Cancelled, MediaError
from vcnode.media import FrameSource, VideoInfo
from vcnode.rendering.job import CutSearch
from vcnode.rendering.source_luma import luma_of
from vcnode.rendering.stretch import Stretch
from vcnode.sequence import Direction, Reference, find_cuts

_ENOUGH = (144, 256)  # pixels, four times what cuts are found in: converting all of a film's would take longer


def span_of_search(stretch: Stretch, references: tuple[Reference, ...], direction: Direction = "forward") -> Stretch:
    """Frames between which cuts matter: the stretch and the frames that references show, and one before them.

    Whatever lies beyond holds neither a frame to be coloured nor a reference, so its cuts change nothing; but where
    colours run backward alone, they come from the end of the last frame's shot, wherever that is.
    """
    shown = [reference.frame for reference in references if reference.frame is not None]
    last = None if stretch.last is None or direction == "backward" else max(stretch.last, *shown, 0)
    return Stretch(max(0, min(stretch.first, *shown, stretch.first) - 1), last)


def search_cuts(
    source: FrameSource,
    info: VideoInfo,
    span: Stretch,
    threshold: float,
    on_search: Callable[[CutSearch], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> tuple[int, ...]:
    """Find the first frames of shots, without the first of the span.

    Where the source breaks off the search ends: the render tells of it when it gets there, with all frames before
    coloured.

    Args:
        source: The clip.
        info: Its facts, as they are to be understood.
        span: Where to look.
        threshold: See `vcnode.sequence.find_cuts`.
        on_search: Called after each frame.
        cancelled: Asked before each frame.

    Raises:
        Cancelled: `cancelled` said so.
    """
    total = span.count(info.frame_count)

    def lumas() -> Iterator[Tensor]:
        done = 0
        try:
            for frame in source.frames(span.first):
                if frame.index not in span:
                    return
                if cancelled is not None and cancelled():
                    raise Cancelled(f"Stopped while looking for cuts, before frame {frame.index}, as asked.")
                yield _small(luma_of(frame, info))
                done += 1
                if on_search is not None:
                    on_search(CutSearch(done, total))
        except MediaError:
            return

    return tuple(span.first + place for place in find_cuts(lumas(), threshold))


def _small(luma: Tensor) -> Tensor:
    """Shrink Y' `(1, 1, H, W)`, where it is large, and take it out of its batch."""
    height, width = luma.shape[2:]
    return F.interpolate(luma, (min(height, _ENOUGH[0]), min(width, _ENOUGH[1])), mode="area")[0]
