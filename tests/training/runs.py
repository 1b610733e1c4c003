"""Small training runs on made-up clips."""

from dataclasses import replace

import torch
import torch.nn.functional as F
from torch import nn

from vcnode.network.spectral_norm import SpectralConv2d
from vcnode.training.batch import Batch
from vcnode.training.config import read_config
from vcnode.training.run_setup import prepare_run
from vcnode.training.settings import merged

SMALL = {
    "model": {"preset": "lite", "head_width": 16, "color_widths": [8, 8, 8, 8]},
    "encoder": "random",
    "data": {"height": 64, "width": 64, "frames": 2},
    "losses": {"l1": 1, "perceptual": 0, "contextual": 0, "smoothness": 0.1, "adversarial": 0, "temporal": 0.05},
    "matching_weight": 0.5,
    "optimization": {"steps": 4, "batch": 2, "rates": {"head": 1e-3, "color_net": 1e-3}, "average": 0.5},
    "output": {"half": False, "checkpoint_every": 100, "figures_every": 1, "sheet_every": 0},
}
EVERYTHING = {  # besides: discriminator, VGG, damaged history, disturbed features, a batch in parts
    "loss_network": "random",
    "data": {"width": 128},
    "losses": {"perceptual": 0.001, "contextual": 0.1, "adversarial": 0.1},
    "recurrence": {"history": "damaged", "clean_history": False, "noise_probability": 0.7, "noise_strength": 0.3},
    "optimization": {"accumulate": 2, "schedule": "cosine", "warm_up": 1, "gradient_limit": 1.0},
}


def settings(*changes):
    tree = SMALL
    for change in changes:
        tree = merged(tree, change)
    return read_config(tree)


class SmallJudge(nn.Module):
    """A discriminator in little."""

    def __init__(self, last_kernel):
        super().__init__()
        self.layers = nn.Sequential(SpectralConv2d(6, 8, (4, 4), 4), nn.LeakyReLU(0.2), SpectralConv2d(8, 1, (4, 4), 4))

    def forward(self, frames):
        return self.layers(frames / 100).mean(dim=(2, 3)), frames


class Clips:
    """Soft patches of colour that lie still; every sample follows from its number alone."""

    def __init__(self, config, *, broken_at=None):
        self.data, self.broken_at = config.data, broken_at
        self.asked = []

    def stream(self, start_step, steps, size, device, workers, rank, world):
        for step in range(start_step, start_step + steps):
            self.asked.append(step)
            first = (step * world + rank) * size
            yield self.batch(range(first, first + size), broken=step == self.broken_at)

    def batch(self, numbers, broken=False):
        samples = [self.sample(number) for number in numbers]
        batch = Batch(*(torch.stack(tensors) for tensors in zip(*samples, strict=True)))
        return replace(batch, truth=batch.truth / 0) if broken else batch

    def sample(self, number):
        random = torch.Generator().manual_seed(number)
        frames, size = self.data.frames, (self.data.height, self.data.width)
        coarse = torch.rand(1, 3, 4, 6, generator=random)
        lab = F.interpolate(coarse, size, mode="bilinear") * torch.tensor([100.0, 80, 80]).view(3, 1, 1)
        lab = lab - torch.tensor([0.0, 40, 40]).view(3, 1, 1)
        truth = lab.expand(frames, -1, -1, -1)
        noise = torch.randn(frames, 1, *size, generator=random)
        still, seen = torch.zeros(frames - 1, 2, *size), torch.ones(frames - 1, 1, *size)
        return (truth[:, :1] + noise).clamp(0, 100), truth, lab[0].flip(-1), torch.tensor(1.0), still, seen


def trainer(config, folder, *, data=None, resume=False, world=None):
    return prepare_run(config, folder, "cpu", data=data or Clips(config), resume=resume, world=world)


def same_tree(one, other):
    """Whether two states are equal bit for bit."""
    if isinstance(one, torch.Tensor):
        return torch.equal(one, other)
    if isinstance(one, dict):
        return set(one) == set(other) and all(same_tree(one[key], other[key]) for key in one)
    return one == other
