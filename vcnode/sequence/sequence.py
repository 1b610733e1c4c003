"""Random access: any frame of a clip, the same pixels as a straight run gives."""

import operator
import threading
from collections import OrderedDict
from collections.abc import Iterable, Iterator
from typing import Protocol

from torch import Tensor

from vcnode.errors import InputError
from vcnode.network import Model, State
from vcnode.sequence.chain import digest_tensor, next_key
from vcnode.sequence.frame import ColoredFrame, FrameLike, gray_frame, lightness_of
from vcnode.sequence.identity import model_digest
from vcnode.sequence.settings import Settings
from vcnode.sequence.shot_engine import ShotEngine, WorkingFrame
from vcnode.sequence.shots import Shot, check_shots, shot_at
from vcnode.sequence.state_memory import MemoryStateCache
from vcnode.sequence.state_store import StateStore
from vcnode.sequence.walk import Link, color_links

_OPEN_SHOTS = 4  # engines kept; each holds its encoded references


class FrameList(Protocol):
    """A clip that can give any frame; see `vcnode.sequence.frame.lightness_of` for their form."""

    def __len__(self) -> int: ...

    def __getitem__(self, number: int, /) -> FrameLike: ...


class Sequence:
    """A coloured clip: `sequence[n]` is frame n.

    A frame's state depends on all frames of its shot before it. It is found by its key, or computed from the nearest
    one that is stored. Threads may ask at the same time; they are served one after the other. The source must not
    change: make a new sequence after an edit (with the same cache, it computes again only what the edit touches).

    Args:
        model: See `vcnode.load`.
        source: The clip.
        shots: With their references; frames outside stay gray.
        cache: Where states are kept; in memory by default.
        settings: Choices; defaults suit most footage.

    Raises:
        InputError: Shots overlap or reach beyond the clip.
    """

    def __init__(
        self,
        model: Model,
        source: FrameList,
        shots: Iterable[Shot],
        *,
        cache: StateStore | None = None,
        settings: Settings | None = None,
    ) -> None:
        self.model, self.source = model, source
        self.shots = check_shots(shots, len(source))
        self.settings = (settings or Settings()).on(model)
        self.store = cache if cache is not None else MemoryStateCache()
        self._digest = model_digest(model)
        self._engines: OrderedDict[int, ShotEngine] = OrderedDict()
        self._keys: dict[int, list[str]] = {}
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self.source)

    def __iter__(self) -> Iterator[ColoredFrame]:
        return (self[number] for number in range(len(self)))

    def __getitem__(self, number: int) -> ColoredFrame:
        """Colour one frame; negative numbers count from the end.

        Raises:
            IndexError: There is no such frame.
            InputError: A frame or reference cannot be used.
        """
        number = operator.index(number)
        if number < 0:
            number += len(self)
        if not 0 <= number < len(self):
            raise IndexError(f"Frame {number} was asked for, but the clip has the frames 0..{len(self) - 1}.")
        shot = shot_at(self.shots, number)
        with self._lock:
            lightness = self._lightness(number)
            if shot is None:
                return gray_frame(number, lightness)
            engine = self._engine(shot)
            frame = self._colored(engine, self._chain(engine, number), number)
        return engine.finish(frame, lightness, number)

    def _lightness(self, number: int) -> Tensor:
        return lightness_of(self.source[number], number)

    def _engine(self, shot: Shot) -> ShotEngine:
        engine = self._engines.get(shot.first)
        if engine is None:
            first_lightness = self._lightness(shot.first)
            engine = ShotEngine(self.model, self._digest, shot.references, shot.first, first_lightness, self.settings)
            self._engines[shot.first] = engine
            if len(self._engines) > _OPEN_SHOTS:
                self._engines.popitem(last=False)
        self._engines.move_to_end(shot.first)
        return engine

    def _chain(self, engine: ShotEngine, number: int) -> list[str]:
        """The keys of the shot's frames up to `number`; each frame is read once for this, ever."""
        keys = self._keys.setdefault(engine.first, [])
        for position in range(engine.first + len(keys), number + 1):
            self._link(engine, keys, position)
        return keys

    def _link(self, engine: ShotEngine, keys: list[str], position: int) -> Link:
        """Read a frame and note its key; where it is another picture than before, later keys are forgotten.

        So whatever a source does, nothing is stored under the key of something else.
        """
        working = engine.working(self._lightness(position), position)
        index = position - engine.first
        key = next_key(keys[index - 1] if index else engine.start_key, digest_tensor(working))
        if keys[index : index + 1] != [key]:
            keys[index:] = [key]
        return Link(position, working, key)

    def _colored(self, engine: ShotEngine, keys: list[str], number: int) -> WorkingFrame:
        """Go back to the nearest frame that is stored or begins anew, and from there forward."""
        start, state = number, None
        while True:
            tensors = self.store.get(keys[start - engine.first])
            if tensors is not None:
                stored = WorkingFrame.from_tensors(tensors)
                if start == number:
                    return stored
                state = stored.state
                break
            if start == engine.first or start in engine.seeds:
                break
            start -= 1
        begin = start if state is None else start + 1
        return self._run(engine, keys, begin, number, state)

    def _run(self, engine: ShotEngine, keys: list[str], begin: int, number: int, state: State | None) -> WorkingFrame:
        """Colour `begin`..`number`, one look-ahead window of frames in memory at a time."""
        window = self.settings.window
        frame: WorkingFrame | None = None
        while begin <= number:
            end = min(number, begin + window - 1 - (begin - engine.first) % window)
            links = [self._link(engine, keys, position) for position in range(begin, end + 1)]
            for frame in color_links(engine, links, state, self.store):
                state = frame.state
            begin = end + 1
        if frame is None:
            raise InputError("No frame was asked for.")
        return frame
