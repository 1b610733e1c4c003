"""A shot walked from its end: colours run back from each keyframe to what lies before it.

The network is the same and knows nothing of it: it sees the frames in the other order. Where a keyframe lies on either
side, both runs are blended, as BiSTNet (Yang et al. 2022) and restorers' own chains do with two runs.
"""

from bisect import bisect_left
from collections.abc import Callable
from dataclasses import dataclass

from torch import Tensor

from vcnode.network import State
from vcnode.sequence.shot_chain import ShotChain
from vcnode.sequence.shot_engine import ShotEngine, WorkingFrame
from vcnode.sequence.state_store import StateStore

_LEAST_VARIANCE = 0.5  # ab^2, added to both sides': between colours that are both known, distance alone decides


@dataclass(frozen=True)
class Keyframes:
    """Where the keyframes of a shot are.

    Attributes:
        numbers: Their frames, in order.
    """

    numbers: tuple[int, ...]

    def following(self, number: int) -> int | None:
        """The keyframe at a frame, or else the next; None behind the last."""
        place = bisect_left(self.numbers, number)
        return self.numbers[place] if place < len(self.numbers) else None

    def before(self, number: int) -> int | None:
        """The last keyframe before a frame; None where there is none."""
        place = bisect_left(self.numbers, number)
        return self.numbers[place - 1] if place else None

    def look_ahead(self, number: int) -> bool:
        """Whether a frame gets colours from a keyframe that comes later."""
        return self.following(number) not in (None, number)

    def blend(self, number: int, forward: WorkingFrame, backward: WorkingFrame) -> WorkingFrame:
        """Join both ways at a frame that has a keyframe behind it.

        Between two keyframes each way counts the more the nearer its keyframe is and the surer of itself it is at a
        pixel. Before the first there is nothing to come from but the keyframe, so the way back counts alone.
        """
        before, after = self.before(number), self.following(number)
        if before is None or after is None:
            return backward
        return _blended(forward, backward, (number - before) / (after - before))


class Backward:
    """What comes of a shot's frames when each stretch up to a keyframe is coloured from there back to its start.

    A frame needs all frames up to the next keyframe: they are coloured once, at the first that is asked for, and kept
    in the store. What the store had to give up is computed again from the nearest that it still has.

    Args:
        engine: Of the shot, for the way forward.
        last: The shot's last frame.
        lightness: Gives L of any frame of the shot `(1, 1, H, W)`.
        store: Where states are kept.
        before: Called with the number of each frame, or the first of a look-ahead window, before it is coloured; may
            raise, to stop.
    """

    def __init__(
        self,
        engine: ShotEngine,
        last: int,
        lightness: Callable[[int], Tensor],
        store: StateStore,
        before: Callable[[int], None] | None = None,
    ) -> None:
        self.engine, self.last = engine, last
        self.keyframes = Keyframes(tuple(sorted(number for number in engine.seeds if engine.first <= number <= last)))
        self._lightness, self._store, self._before = lightness, store, before
        self._chains: dict[int, ShotChain] = {}

    def at(self, number: int) -> WorkingFrame:
        """Colour a frame; behind the last keyframe, as if the shot began at its last frame."""
        return self._reach(number)[0]

    def key(self, number: int) -> str:
        """The key of the state that a frame leaves to the one before it."""
        return self._reach(number)[1]

    def blend(self, number: int, forward: WorkingFrame) -> WorkingFrame:
        """Join both ways at a frame, where a keyframe lies behind it; see `Keyframes.blend`.

        Args:
            number: Of the frame.
            forward: What the way forward makes of it.
        """
        if not self.keyframes.look_ahead(number):
            return forward
        ways = (frame.to(self.engine.results) for frame in (forward, self.at(number)))  # stored ones lie on the CPU
        return self.keyframes.blend(number, *ways)

    def _reach(self, number: int) -> tuple[WorkingFrame, str]:
        following = self.keyframes.following(number)
        end = self.last if following is None else following
        chain = self._chains.get(end)
        if chain is None:
            chain = self._chains[end] = self._chain(end)
        window = self.engine.settings.window
        position = end - number
        for place in range(len(chain.keys) // window * window + window - 1, position, window):
            chain.at(place)  # one look-ahead window after the other: each frame is read once for key and colours
        return chain.at(position), chain.keys[position]

    def _chain(self, end: int) -> ShotChain:
        """The frames from `end` back, counted from 0."""
        engine = self.engine
        mirrored = engine.mirrored(engine.seeds.get(end))

        def working(place: int) -> Tensor:
            return engine.working(self._lightness(end - place), end - place)

        def before(place: int) -> None:
            if self._before is not None:
                self._before(end - place)

        return ShotChain(mirrored, working, self._store, before=before)


def _blended(forward: WorkingFrame, backward: WorkingFrame, share: float) -> WorkingFrame:
    """Weigh by distance and by the inverse of the variance; both ways know the same matches, so none is gained."""
    ours = (1 - share) / (forward.state.uncertainty + _LEAST_VARIANCE)
    theirs = share / (backward.state.uncertainty + _LEAST_VARIANCE)
    weight = theirs / (ours + theirs)
    ab = forward.state.ab.lerp(backward.state.ab, weight)
    uncertainty = forward.state.uncertainty.lerp(backward.state.uncertainty, weight)
    state = State(forward.state.lightness, ab, uncertainty)
    return WorkingFrame(state, forward.confidence, forward.reference, forward.warped_ab)
