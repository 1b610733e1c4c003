"""The core's side of the filter: engines, keys and states. Knows frames as tensors and asks nobody for any."""

import threading
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass

from torch import Tensor

from vcnode.network import Model, State
from vcnode.sequence import Reference, Settings, StateStore
from vcnode.sequence.backward import Keyframes
from vcnode.sequence.identity import model_digest
from vcnode.sequence.shot_engine import ShotEngine
from vcnode.sequence.shot_references import ShotReferences
from vcnode.sequence.shots import Shot
from vcnode.sequence.walk import chain, color_links
from vcnode.sequence.working_frame import Finisher, WorkingFrame
from vsvcnode.plan import Window

_OPEN_SHOTS = 4  # engines kept; each holds its references encoded, those from a clip at full size too, or shares them


@dataclass(frozen=True)
class Before:
    """What a window leaves to the next: the key of its last frame's state, and the state."""

    key: str
    state: State


@dataclass(frozen=True)
class Stored:
    """What is stored of a window: its frames' keys, and the results of its first frames, one or all."""

    keys: tuple[str, ...]
    results: tuple[WorkingFrame, ...]

    @property
    def whole(self) -> bool:
        """Whether nothing is missing."""
        return len(self.results) == len(self.keys)


class Colorist:
    """Colours windows of frames; safe to be called by several threads, which are served one after the other.

    Args:
        model: On its device.
        settings: The user's choices.
        store: Where states are kept.
        network: Held while colouring; None: a lock of its own.
    """

    def __init__(
        self, model: Model, settings: Settings, store: StateStore, network: "threading.Lock | None" = None
    ) -> None:
        self.model, self.settings, self.store = model, settings, store
        self._digest = model_digest(model)
        self._engines: OrderedDict[int, tuple[Shot, ShotEngine]] = OrderedDict()
        self._finishers: dict[int, Finisher] = {}
        self._keyframes: dict[int, Keyframes] = {}
        self._keys: dict[int, tuple[str, ...]] = {}  # of windows, by their first frame
        self.network = network or threading.Lock()  # held while colouring: one window at a time bounds memory
        self._opening = threading.Lock()  # held while references are read: those of one shot may serve the next
        self._shelf = threading.Lock()  # held for a moment

    def stored(self, window: Window) -> Stored | None:
        """What is stored of a window that was coloured before; None where not even its first frame is."""
        keys = self._keys.get(window.start)
        if keys is None:
            return None
        found = [self.store.get(key) for key in keys]
        if found[0] is None:
            return None
        whole = tuple(WorkingFrame.from_tensors(tensors) for tensors in found if tensors is not None)
        return Stored(keys, whole if len(whole) == len(keys) else whole[:1])

    def engine(self, shot: Shot) -> ShotEngine | None:
        """The shot's engine, if it is still there."""
        with self._shelf:
            if shot.first not in self._engines:
                return None
            self._engines.move_to_end(shot.first)
            return self._engines[shot.first][1]

    def references(self, shot: Shot) -> ShotReferences | None:
        """A shot's references, as one that is still open and has the same has read them."""
        with self._shelf:
            opened = self._engines.values()
            same = (engine.shot_references for other, engine in opened if other.references == shot.references)
            return next(same, None)

    def finisher(self, shot: Shot) -> Finisher:
        """How frames of a shot that has been coloured before are brought to their own size."""
        return self._finishers[shot.first]

    def keyframes(self, shot: Shot) -> Keyframes | None:
        """Where the keyframes are of a shot that has been opened before; None where it has not."""
        return self._keyframes.get(shot.first)

    def open(self, shot: Shot, references: Sequence[Reference] | ShotReferences, first_lightness: Tensor) -> ShotEngine:
        """Make the engine of a shot, unless another thread has made it in the meantime.

        Args:
            shot: The shot.
            references: Its references with their pictures, or as another shot has read them.
            first_lightness: L of its first frame `(1, 1, H, W)`.

        Raises:
            InputError: A reference cannot be used.
            MediaError: A reference cannot be read.
        """
        with self._opening:
            engine = self.engine(shot)
            if engine is None:
                references = self.references(shot) or references
                engine = ShotEngine(self.model, self._digest, references, shot.first, first_lightness, self.settings)
                self._keep(shot, engine)
        return engine

    def color(
        self,
        engine: ShotEngine,
        window: Window,
        lightness: Sequence[Tensor],
        before: Before | None,
        known: WorkingFrame | None,
    ) -> tuple[list[WorkingFrame], str]:
        """Colour a window.

        Args:
            engine: Of the shot.
            window: The frames.
            lightness: L of each `(1, 1, H, W)`.
            before: What the window before it left; None at the start of a shot, or where `known` is given.
            known: The result of the first frame, if it is stored.

        Returns:
            Each frame's result, and the key of the last one's state.
        """
        with self.network:
            frames = enumerate(lightness, window.start)
            results: list[WorkingFrame] = []
            keys: list[str] = []
            if known is not None:
                next(frames)
                before = Before(self._keys[window.start][0], known.state)
                results, keys = [known], [before.key]
            links = [link for link, _ in chain(engine, frames, before.key if before else None)]
            results += color_links(engine, links, before.state if before else None, self.store)
            keys += [link.key for link in links]
            self._keys[window.start] = tuple(keys)
            return results, keys[-1]

    def _keep(self, shot: Shot, engine: ShotEngine) -> None:
        with self._shelf:
            self._finishers[shot.first] = engine.finisher
            self._keyframes[shot.first] = Keyframes(tuple(sorted(engine.seeds)))
            self._engines[shot.first] = shot, engine
            if len(self._engines) > _OPEN_SHOTS:
                self._engines.popitem(last=False)
