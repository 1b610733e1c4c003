"""Random numbers of a batch, one stream a sample."""

from collections.abc import Sequence

import torch
from torch import Tensor


class SampleRandom:
    """Draws for all samples of a batch at once, each from its own seed: no sample depends on its neighbours.

    Numbers come from the device's own generator: the same on every machine's CPU, other ones on a GPU.

    Args:
        seeds: One a sample.
        device: Where to draw.
    """

    def __init__(self, seeds: Sequence[int], device: torch.device | str) -> None:
        self.device = torch.device(device)
        self._generators = [torch.Generator(self.device).manual_seed(seed) for seed in seeds]

    def uniform(self, low: float, high: float, *shape: int) -> Tensor:
        """Draw evenly from low..high, `(B, *shape)`."""
        drawn = [torch.rand(shape, generator=each, device=self.device) for each in self._generators]
        return low + (high - low) * torch.stack(drawn)

    def normal(self, deviation: float, *shape: int) -> Tensor:
        """Draw from a normal distribution of mean 0, `(B, *shape)`."""
        drawn = [torch.randn(shape, generator=each, device=self.device) for each in self._generators]
        return deviation * torch.stack(drawn)

    def chance(self, probability: float, *shape: int) -> Tensor:
        """Draw booleans that are true with this probability, `(B, *shape)`."""
        return self.uniform(0, 1, *shape) < probability

    def choice(self, values: Sequence[float], *shape: int) -> Tensor:
        """Draw from a list, `(B, *shape)`."""
        place = self.uniform(0, len(values), *shape).long().clamp(max=len(values) - 1)
        return torch.tensor(values, device=self.device)[place]
