"""Any frame of a shot: from its state if that is stored, or from the nearest one that is."""

from collections.abc import Callable

from torch import Tensor

from vcnode.network import State
from vcnode.sequence.chain import digest_tensor, next_key
from vcnode.sequence.shot_engine import ShotEngine, WorkingFrame
from vcnode.sequence.state_store import StateStore
from vcnode.sequence.walk import Link, color_links


class ShotChain:
    """The frames of a shot, in the order in which they are walked; random access to what the network makes of them.

    Args:
        engine: Of the shot.
        working: Gives the L of a frame at working size `(1, 1, H, W)`.
        store: Where states are kept.
        keys: Those of the frames from the engine's first on, as far as they are known; kept up to date.
        before: Called with the number of each frame, or the first of a look-ahead window, before it is coloured; may
            raise, to stop.
    """

    def __init__(
        self,
        engine: ShotEngine,
        working: Callable[[int], Tensor],
        store: StateStore,
        keys: list[str] | None = None,
        before: Callable[[int], None] | None = None,
    ) -> None:
        self.engine, self.store = engine, store
        self.keys = [] if keys is None else keys
        self._working, self._before = working, before

    def at(self, number: int) -> WorkingFrame:
        """Colour a frame: go back to the nearest one that is stored or begins anew, and from there forward."""
        engine = self.engine
        for position in range(engine.first + len(self.keys), number + 1):
            self._link(position)
        start = number
        while (tensors := self.store.get(self.keys[start - engine.first])) is None:
            if start == engine.first or start in engine.seeds:
                return self._run(start, number, None)
            start -= 1
        stored = WorkingFrame.from_tensors(tensors)
        return stored if start == number else self._run(start + 1, number, stored.state)

    def _run(self, begin: int, number: int, state: State | None) -> WorkingFrame:
        """Colour `begin`..`number`, one look-ahead window of frames in memory at a time."""
        window = self.engine.settings.window
        frame: WorkingFrame | None = None
        while begin <= number:
            if self._before is not None:
                self._before(begin)
            end = min(number, begin + window - 1 - (begin - self.engine.first) % window)
            links = [self._link(position) for position in range(begin, end + 1)]
            for frame in color_links(self.engine, links, state, self.store):
                state = frame.state
            begin = end + 1
        assert frame is not None  # `begin` is no later than `number`
        return frame

    def _link(self, position: int) -> Link:
        """Read a frame and note its key; where it is another picture than before, later keys are forgotten.

        So whatever a source does, nothing is stored under the key of something else.
        """
        working = self._working(position)
        index = position - self.engine.first
        key = next_key(self.keys[index - 1] if index else self.engine.start_key, digest_tensor(working))
        if self.keys[index : index + 1] != [key]:
            self.keys[index:] = [key]
        return Link(position, working, key)
