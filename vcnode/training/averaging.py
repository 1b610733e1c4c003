"""An exponential moving average of the trained weights: what is written as the result."""

from collections.abc import Mapping

import torch
from torch import Tensor, nn


class WeightAverage:
    """Means over the latest steps of every parameter that is trained; the rest is the model's own.

    Args:
        model: What is being trained.
        decay: Share of the old mean in the new one, 0..1; 0 keeps the latest weights alone. In the first steps it is
            smaller, `(step + 1) / (step + 10)`, so that the start is soon forgotten.
    """

    def __init__(self, model: nn.Module, decay: float) -> None:
        self.decay = decay
        self.means = {name: p.detach().clone() for name, p in model.named_parameters() if p.requires_grad}

    @torch.no_grad()
    def update(self, model: nn.Module, step: int) -> None:
        """Take in the weights after step number `step`, counted from 0."""
        keep = min(self.decay, (step + 1) / (step + 10))
        parameters = dict(model.named_parameters())
        for name, mean in self.means.items():
            mean.lerp_(parameters[name], 1 - keep)

    def state_dict_of(self, model: nn.Module) -> dict[str, Tensor]:
        """Return the model's state with the means in place of what is trained."""
        return {**model.state_dict(), **self.means}

    @torch.no_grad()
    def load(self, means: Mapping[str, Tensor], model: nn.Module) -> None:
        """Go on from saved means; parameters that they lack begin with the model's."""
        parameters = dict(model.named_parameters())
        for name, mean in self.means.items():
            mean.copy_(means.get(name, parameters[name]))
