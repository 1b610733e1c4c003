"""Noise on the features that are matched, so that the colour net learns to do without perfect matches.

The paper adds it now and then (section 3, "we add Gaussian noise to the feature maps"); the authors' code has the
argument and ignores it.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn


@contextmanager
def feature_noise(encoder: nn.Module, strength: float, generator: torch.Generator) -> Iterator[None]:
    """Within the block, disturb every tap that the encoder returns, for frames and references alike.

    Args:
        encoder: Returns a tuple of maps `(B, C, H, W)`.
        strength: Standard deviation of the noise, relative to each map's own; 0 leaves everything as it is.
        generator: On the encoder's device.
    """

    def disturb(module: nn.Module, inputs: Any, taps: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        return tuple(tap + strength * _spread(tap) * _noise_like(tap, generator) for tap in taps)

    handle = encoder.register_forward_hook(disturb) if strength > 0 else None
    try:
        yield
    finally:
        if handle is not None:
            handle.remove()


def _spread(tap: Tensor) -> Tensor:
    return tap.detach().float().std(dim=(1, 2, 3), keepdim=True).to(tap.dtype)


def _noise_like(tap: Tensor, generator: torch.Generator) -> Tensor:
    return torch.randn(tap.shape, generator=generator, device=tap.device).to(tap.dtype)
