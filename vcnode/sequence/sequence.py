"""Random access: any frame of a clip, the same pixels as a straight run gives."""

import operator
import threading
from collections import OrderedDict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from torch import Tensor

from vcnode.network import Model
from vcnode.sequence.backward import Backward
from vcnode.sequence.frame import ColoredFrame, FrameList, check_clip, gray_frame, lightness_of
from vcnode.sequence.identity import model_digest
from vcnode.sequence.settings import Settings
from vcnode.sequence.shot_chain import ShotChain
from vcnode.sequence.shot_engine import ShotEngine, WorkingFrame
from vcnode.sequence.shots import Shot, check_shots, shot_at
from vcnode.sequence.state_memory import MemoryStateCache
from vcnode.sequence.state_store import StateStore

_OPEN_SHOTS = 4  # engines kept; each holds its encoded references


class Sequence:
    """A coloured clip: `sequence[n]` is frame n.

    A frame's state depends on all frames of its shot before it (behind it, where colours run backward). It is found by
    its key, or computed from the nearest one that is stored. Threads may ask at the same time; they are served one
    after the other. The source must not change: make a new sequence after an edit (with the same cache, it computes
    again only what the edit touches).

    Args:
        model: See `vcnode.load`.
        source: The clip.
        shots: With their references; frames outside stay gray.
        cache: Where states are kept; in memory by default.
        settings: Choices; defaults suit most footage.

    Raises:
        InputError: `source` is no clip, shots overlap, or they or their references reach beyond the clip.
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
        check_clip(source, any_order=True)
        self.model, self.source = model, source
        self.shots = check_shots(shots, len(source))
        self.settings = (settings or Settings()).on(model)
        self.store = cache if cache is not None else MemoryStateCache()
        self._digest = model_digest(model)
        self._opened: OrderedDict[int, _OpenShot] = OrderedDict()
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
        asked = operator.index(number)
        number = asked + len(self) if asked < 0 else asked
        if not 0 <= number < len(self):
            raise IndexError(f"Frame {asked} was asked for, but the clip has the frames 0..{len(self) - 1}.")
        shot = shot_at(self.shots, number)
        with self._lock:
            lightness = self._lightness(number)
            if shot is None:
                return gray_frame(number, lightness)
            opened = self._open(shot)
            frame = opened.at(number)
        return opened.engine.finish(frame, lightness, number)

    def _lightness(self, number: int) -> Tensor:
        return lightness_of(self.source[number], number)

    def _open(self, shot: Shot) -> "_OpenShot":
        opened = self._opened.get(shot.first)
        if opened is None:
            first_lightness = self._lightness(shot.first)
            engine = ShotEngine(self.model, self._digest, shot.references, shot.first, first_lightness, self.settings)
            chain = ShotChain(
                engine,
                lambda position: engine.working(self._lightness(position), position),
                self.store,
                self._keys.setdefault(shot.first, []),
            )
            last = len(self) - 1 if shot.last is None else shot.last
            opened = _OpenShot(engine, chain, Backward(engine, last, self._lightness, self.store))
            self._opened[shot.first] = opened
            if len(self._opened) > _OPEN_SHOTS:
                self._opened.popitem(last=False)
        self._opened.move_to_end(shot.first)
        return opened


@dataclass(frozen=True)
class _OpenShot:
    """A shot with its encoded references, and both ways through it."""

    engine: ShotEngine
    forward: ShotChain
    backward: Backward

    def at(self, number: int) -> WorkingFrame:
        direction = self.engine.settings.direction
        if direction == "backward":
            return self.backward.at(number)
        frame = self.forward.at(number)
        return self.backward.blend(number, frame) if direction == "both" else frame
