"""What the network is told, at a clip's second frame, about the first: history as it is met in the middle of a film."""

from dataclasses import dataclass
from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor

from vcnode.network.alignment import warp
from vcnode.network.light_colorization import UNKNOWN
from vcnode.network.model import State
from vcnode.training.batch import Batch

type History = Literal["zeros", "truth", "damaged"]

_NONE = 0.2  # share of clips whose second frame is told nothing, as if it were the first
_FAITHFUL = 0.4  # share of the others whose history is the truth
_DRIFT = 1.5  # pixels; greatest misalignment
_FADING = 0.3  # greatest loss of chroma
_WORN = 3.0  # ab^2; what the network is told of such colours' variance, as after some frames of film
_PATCHED = 0.3  # share with wrong colours in places, and how much of the picture they take


@dataclass(frozen=True)
class Handover:
    """What some clips' second frames are told in place of what colouring the first has led to.

    Attributes:
        ab: Colours of the first frame `(B, 2, H, W)`.
        uncertainty: How far they are said to be off (see `State`), `(B, 1, 1, 1)`; `UNKNOWN` where there is said to be
            no frame before.
        true_ab: The first frame's true colours, which stand for its coloured ones in the losses `(B, 2, H, W)`.
        given: 1 for the clips that this is about, `(B, 1, 1, 1)`; the others go on with their own.
    """

    ab: Tensor
    uncertainty: Tensor
    true_ab: Tensor
    given: Tensor

    def after(self, own: State) -> State:
        """The state for the second frame, from the one that the first has led to."""
        known = self.uncertainty < UNKNOWN
        told = State(torch.where(known, own.lightness, 50.0), self.ab * known, self.uncertainty)
        pairs = ((told.lightness, own.lightness), (told.ab, own.ab), (told.uncertainty, own.uncertainty))
        return State(*(torch.where(self.given > 0, theirs, ours) for theirs, ours in pairs))

    def colors(self, own: Tensor) -> Tensor:
        """The first frame's colours, for the losses."""
        return torch.where(self.given > 0, self.true_ab, own)

    def part(self, clips: slice) -> "Handover":
        """Some of the clips."""
        return Handover(self.ab[clips], self.uncertainty[clips], self.true_ab[clips], self.given[clips])


def draw_history(batch: Batch, history: History, generator: torch.Generator) -> Handover | None:
    """Decide what each clip's second frame is told.

    Every clip begins with the paper's zeros. Then:

    - "zeros": the recurrence takes its course, as in the paper.
    - "truth": the first frame's true colours.
    - "damaged": the same, but drifted, faded, softened and patched with another clip's colours, more or less; nothing
      at all for two in ten. So a network that leans on its history learns when not to.

    Where the reference shows something else than the truth, the recurrence always takes its course.

    Args:
        batch: The clips.
        history: As above.
        generator: On the CPU.
    """
    if history == "zeros":
        return None
    ab = batch.truth[:, 0, 1:]
    known = torch.zeros_like(ab[:, :1, :1, :1])
    given = (batch.same_scene.view(-1, 1, 1, 1) > 0).to(ab)
    if history == "truth":
        return Handover(ab, known, ab, given)
    worn = torch.where(_uniform(known, generator) < _NONE, UNKNOWN, _WORN).to(ab)
    return Handover(_damage(ab, generator), worn, ab, given)


def _damage(ab: Tensor, generator: torch.Generator) -> Tensor:
    """Drift, fade, soften and patch colours `(B, 2, H, W)`, each clip in its own measure."""
    batch, _, height, width = ab.shape
    one = ab.new_empty(batch, 1, 1, 1)
    bend = torch.randn(batch, 2, 5, 8, generator=generator).to(ab)
    drift = _DRIFT * _uniform(one, generator) * F.interpolate(bend, (height, width), mode="bicubic")
    worn = warp(ab, drift) * (1 - _FADING * _uniform(one, generator) ** 2)
    soft = F.avg_pool2d(F.pad(worn, (1, 1, 1, 1), mode="replicate"), 3, 1)
    worn = torch.lerp(worn, soft, 0.5 * _uniform(one, generator))
    places = _uniform(ab.new_empty(batch, 1, 3, 5), generator) < _PATCHED
    places = places & (_uniform(one, generator) < _PATCHED)
    worn = torch.lerp(worn, ab.roll(1, 0), F.interpolate(places.to(ab), (height, width), mode="nearest"))
    return torch.lerp(worn, ab, (_uniform(one, generator) < _FAITHFUL).to(ab))


def _uniform(like: Tensor, generator: torch.Generator) -> Tensor:
    return torch.rand(like.shape, generator=generator).to(like)
