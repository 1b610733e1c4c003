"""The clip on Source: its range, its size, and holes in its files."""

from __future__ import annotations

from typing import Any

from vcnode_client.frames import in_words
from vcnode_natron.upstream import missing_files, readers

_ENDLESS = 1_000_000  # Natron's generators say that they last from the least to the greatest number


def source_range(group: Any) -> tuple[int | None, int | None]:
    """First and last frame, None twice where Natron does not know: no input, no end, or a single picture.

    Natron's Python tells no node's range, but the node FrameRange inside the group asks its input for it.
    """
    if group.getInput(0) is None:
        return None, None
    probe = group.getNode("SourceRange")
    probe.getParam("reset").trigger()
    first, last = (int(probe.getParam("frameRange").getValue(end)) for end in (0, 1))
    if first == last or abs(first) > _ENDLESS or abs(last) > _ENDLESS:  # a lone file is frame 1 whatever its number
        return None, None
    return first, last


def format_of(effect: Any) -> tuple[int, int]:
    """Width and height of a node's format, in full-size pixels."""
    size = effect.getOutputFormat()
    return int(size.x2 - size.x1), int(size.y2 - size.y1)


def empty_frames(effect: Any, first: int, last: int) -> str:
    """Frames at which a node gives no picture at all, in words, "" for none: a Write of those ends Natron 2.6."""
    empty = [frame for frame in range(first, last + 1) if _is_empty(effect.getRegionOfDefinition(frame, 0))]
    return f"frame {in_words(empty)}" if empty else ""


def _is_empty(region: Any) -> bool:
    return bool(region.x2 <= region.x1 or region.y2 <= region.y1)


def missing_frames(app: Any, source: Any, first: int, last: int) -> str:
    """Frames whose files are not there, in words, "" for none; a Read may show another frame for them."""
    lost: set[int] = set()
    for reader in readers(source):
        lost.update(missing_files(app, reader, first, last))
    return f"frame {in_words(lost)}" if lost else ""
