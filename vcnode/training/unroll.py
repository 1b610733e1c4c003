"""A batch of clips, coloured frame by frame with everything that gradients need."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
import torch.nn.functional as F
from torch import Tensor

from vcnode.network.model import Model
from vcnode.training.batch import Batch
from vcnode.training.history import Handover


@dataclass(frozen=True)
class Colored:
    """What the network made of a batch.

    Attributes:
        ab: Colours `(B, T, 2, H, W)`, -128..128.
        warped_ab: What matching alone says `(B, T, 2, H/4, W/4)`.
    """

    ab: Tensor
    warped_ab: Tensor

    def detach(self) -> "Colored":
        """The same without gradients."""
        return Colored(self.ab.detach(), self.warped_ab.detach())

    @staticmethod
    def joined(parts: Sequence["Colored"]) -> "Colored":
        """Parts of a batch as one."""
        return Colored(torch.cat([part.ab for part in parts]), torch.cat([part.warped_ab for part in parts]))


def unroll(model: Model, batch: Batch, handover: Handover | None = None, *, clean_history: bool) -> Colored:
    """Colour every frame, the first one from nothing; gradients flow through the colours of the frames before.

    Args:
        model: The network.
        batch: The clips.
        handover: What the second frames are told instead of how the first were coloured.
        clean_history: Show the network the previous frame's luminance without noise, as the authors' training does,
            instead of as it saw it then, which is what happens to real footage.
    """
    clips, frames, _, height, width = batch.lightness.shape
    state = model.init_state(height, width, clips)
    references = model.encode_references([batch.reference])
    colors, warped = [], []
    for number in range(frames):
        prepared = model.prepare(batch.lightness[:, number], state.lightness, references)
        step, state = model.advance(prepared, state)
        ab = step.ab.float()  # whole between frames, as in rendering
        seen = batch.truth[:, number, :1] if clean_history else state.lightness
        state = replace(state, lightness=seen, ab=ab, uncertainty=state.uncertainty.float())
        if number == 0 and handover is not None:
            state, ab = handover.after(state), handover.colors(ab)
        colors.append(ab)
        warped.append(step.warped_ab.float())
    return Colored(torch.stack(colors, dim=1), torch.stack(warped, dim=1))


def matching_error(colored: Colored, batch: Batch) -> Tensor:
    """How far the colours that matching brings are from the truth, at matching's own resolution.

    A smooth absolute difference (Charbonnier) in ab units, so that fine differences count too, averaged over the clips
    whose reference shows their own scene. It trains the matching head directly; the paper has no such term.
    """
    truth = F.avg_pool2d(batch.truth[:, :, 1:].flatten(0, 1), 4).view_as(colored.warped_ab)
    distance = ((colored.warped_ab - truth) ** 2).sum(dim=2).add(0.01).sqrt() - 0.1
    same_scene = batch.same_scene.view(-1, 1, 1, 1).to(distance)
    return (distance * same_scene).mean() / same_scene.mean().clamp(min=1e-5)
