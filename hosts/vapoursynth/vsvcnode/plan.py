"""Which frames are coloured together: shots, and within each the windows that the core prepares as one batch."""

from dataclasses import dataclass

from vcnode.sequence import Shot
from vcnode.sequence.shots import check_shots, shot_at


@dataclass(frozen=True)
class Window:
    """Frames of a shot that are prepared as one batch.

    Attributes:
        shot: The shot.
        start: First frame.
        count: How many frames; fewer than the look-ahead at the end of a shot.
    """

    shot: Shot
    start: int
    count: int

    @property
    def opens_shot(self) -> bool:
        """Whether nothing of the shot lies before it."""
        return self.start == self.shot.first


class Plan:
    """The shots of a clip, given at once or as soon as its scene starts are known.

    Args:
        length: Frames of the clip.
        look_ahead: Frames of a window.
    """

    def __init__(self, length: int, look_ahead: int) -> None:
        self.length, self.look_ahead = length, look_ahead
        self._shots: tuple[Shot, ...] | None = None

    @property
    def shots(self) -> tuple[Shot, ...]:
        """The shots, in order, once they are settled."""
        assert self._shots is not None
        return self._shots

    def settle(self, shots: tuple[Shot, ...]) -> None:
        """Say which shots there are.

        Raises:
            InputError: They overlap or reach beyond the clip.
        """
        self._shots = check_shots(shots, self.length)

    def window_at(self, frame: int) -> Window | None:
        """The window that holds a frame, or None for a frame that stays gray."""
        shot = shot_at(self.shots, frame)
        if shot is None:
            return None
        start = frame - (frame - shot.first) % self.look_ahead
        last = self.length - 1 if shot.last is None else shot.last
        return Window(shot, start, min(self.look_ahead, last - start + 1))
