"""Which keyframe tells something of a frame, and how much it has to say."""

from collections.abc import Iterable
from dataclasses import dataclass

from vcnode.sequence.settings import Direction


@dataclass(frozen=True)
class DetailSource:
    """A reference whose detail may be brought to frames.

    Attributes:
        place: Among the shot's references, counted from 0.
        frame: That it shows, in the clip; None where no particular one was named.
    """

    place: int
    frame: int | None


def nearest_source(number: int, sources: Iterable[DetailSource]) -> DetailSource | None:
    """Find the keyframe nearest to a frame, the earlier of two; where no source has a number, the first."""
    sources = tuple(sources)
    numbered = [(abs(each.frame - number), each.frame, each.place, each) for each in sources if each.frame is not None]
    if numbered:
        return min(numbered)[-1]
    return sources[0] if sources else None


def influence(number: int, sources: Iterable[DetailSource], direction: Direction) -> float:
    """How much the nearest keyframe has to say about a frame's colours, 0..1.

    Colours run the way that the user chose, and between two keyframes none takes over from the other at one blow: half
    way, neither has a say.

    Args:
        number: The frame's, in the clip.
        sources: Those of its shot; where none has a number, the one there is has its say everywhere.
        direction: In which colours run.
    """
    frames = sorted(each.frame for each in sources if each.frame is not None)
    before, after = [frame for frame in frames if frame <= number], [frame for frame in frames if frame >= number]
    if not frames:
        return 1.0
    if not before or not after:
        allowed = "forward" if before else "backward"
        return float(direction in (allowed, "both"))
    since, until = number - before[-1], after[0] - number
    if since != until and direction == ("forward" if until < since else "backward"):
        return 0.0
    return 1 - 2 * min(since, until) / max(1, since + until)
