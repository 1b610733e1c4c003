"""What colours a clip: the network, and the interface it shares with the baselines.

All methods see the same: the lightness of the frame, its motion since the frame before, and references.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import torch
from torch import Tensor

from vcnode.network import Model, Prepared, State
from vcnode.sequence import ColoredFrame, Reference, Settings
from vcnode.sequence.identity import model_digest
from vcnode.sequence.shot_engine import ShotEngine

OURS = "vcnode"


@dataclass(frozen=True)
class Given:
    """What a method is given of a frame.

    Attributes:
        number: Of the frame, counted from 0.
        lightness: L `(1, 1, H, W)`, 0..100.
        to_previous: Motion `(1, 2, H, W)` in pixels: the frame before, at `x + flow(x)`, shows what this frame shows at
            `x`; None for the first frame.
        network: What the network made of it.
    """

    number: int
    lightness: Tensor
    to_previous: Tensor | None
    network: "NetworkFrame"


class Method(Protocol):
    """A way to colour a clip. It is given every frame in order, the first one too."""

    @property
    def name(self) -> str:
        """What it is called in reports."""

    def color(self, given: Given) -> Tensor:
        """Colour the frame: ab `(1, 2, H, W)`, -128..127."""


@dataclass(frozen=True)
class NetworkFrame:
    """What the network made of a frame.

    Attributes:
        colored: The finished frame.
        prepared: The half that depends on no other frame, for those who go on from there.
    """

    colored: ColoredFrame
    prepared: Prepared


class NetworkRun:
    """A model colouring a clip frame by frame, as `vcnode.colorize` does.

    Args:
        model: On its device.
        references: For the whole clip.
        lightness: L of the first frame.
        settings: The user's choices; frames are prepared one by one whatever the look-ahead.

    Raises:
        InputError: A reference cannot be used.
        MediaError: A reference cannot be read.
    """

    def __init__(self, model: Model, references: Sequence[Reference], lightness: Tensor, settings: Settings) -> None:
        one_by_one = replace(settings, look_ahead=1)
        self.engine = ShotEngine(model, model_digest(model), references, 0, lightness, one_by_one)
        self._state: State | None = None

    def step(self, number: int, lightness: Tensor) -> NetworkFrame:
        """Colour the next frame."""
        prepared = self.prepare(number, lightness)
        frame = self.engine.advance(prepared, self._state, number)
        self._state = frame.state
        return NetworkFrame(self.engine.finish(frame, lightness, number), prepared)

    def prepare(self, number: int, lightness: Tensor) -> Prepared:
        """Do the half that needs no colours of the frame before."""
        before = None if self._state is None else self._state.lightness
        slot = (self.engine.working(lightness, number), self.engine.seeds.get(number), before)
        return self.engine.prepare({0: slot})[0]


class Ours:
    """The network as users get it."""

    name = OURS

    def color(self, given: Given) -> Tensor:
        """The finished colours."""
        return given.network.colored.ab


class PerFrame:
    """The same network on every frame by itself: as if it were the first of a shot, and nothing moved from anywhere."""

    name = "per frame"

    def __init__(self, run: NetworkRun) -> None:
        self._engine = run.engine
        self._finisher = replace(run.engine.finisher, sources=())  # what keyframes tell comes along motion

    def color(self, given: Given) -> Tensor:
        """The colours from a fresh state."""
        frame = self._engine.advance(given.network.prepared, None, given.number)
        return self._finisher.finish(frame, given.lightness, given.number).ab


class MatchingAlone:
    """The reference colours that the network matched, plainly enlarged (the paper's Figure 4)."""

    name = "matching alone"

    def color(self, given: Given) -> Tensor:
        """The matched colours."""
        return given.network.colored.warped_ab


class LeftGray:
    """No colour at all: what every method has to beat."""

    name = "gray"

    def color(self, given: Given) -> Tensor:
        """Zeros."""
        return torch.zeros_like(given.lightness).repeat(1, 2, 1, 1)
