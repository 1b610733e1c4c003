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


def nearest_source(number: int, sources: Iterable[DetailSource], direction: Direction) -> DetailSource | None:
    """Find whose detail is brought to a frame.

    Args:
        number: The frame's, in the clip.
        sources: Those of its shot.
        direction: In which colours run.

    Returns:
        The nearest keyframe, the earlier of two; but where no keyframe's colours run to, the first source that has no
        number, if there is one.
    """
    sources = tuple(sources)
    numbered = [(abs(each.frame - number), each.frame, each.place, each) for each in sources if each.frame is not None]
    general = [each for each in sources if each.frame is None]
    if numbered and (not general or any(_reaches(frame, number, direction) for _, frame, *_ in numbered)):
        return min(numbered)[-1]
    return general[0] if general else None


def influence(number: int, sources: Iterable[DetailSource], direction: Direction) -> float:
    """How much the source that `nearest_source` finds has to say about a frame's colours, 0..1.

    Colours run the way that the user chose, and between two keyframes none takes over from the other at one blow: half
    way, neither has a say. A source without a number has its full say wherever it is chosen.

    Args:
        number: The frame's, in the clip.
        sources: Those of its shot.
        direction: In which colours run.
    """
    sources = tuple(sources)
    source = nearest_source(number, sources, direction)
    if source is None or source.frame is None:
        return 1.0
    frames = sorted(each.frame for each in sources if each.frame is not None)
    before, after = [frame for frame in frames if frame <= number], [frame for frame in frames if frame >= number]
    if not before or not after:
        return float(_reaches(source.frame, number, direction))
    since, until = number - before[-1], after[0] - number
    if since != until and not _reaches(source.frame, number, direction):
        return 0.0
    return 1 - 2 * min(since, until) / max(1, since + until)


def _reaches(keyframe: int, number: int, direction: Direction) -> bool:
    """Whether a keyframe's colours run to a frame."""
    against: Direction = "backward" if keyframe < number else "forward"
    return keyframe == number or direction != against
