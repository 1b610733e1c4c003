"""What age does to a film: exposure that flickers, flashes at splices, grain."""

import numpy as np
import torch
from torch import Tensor

_FLICKER = 0.12  # most that exposure is off, as a share
_FLASH_EVERY, _FLASH_FRAMES, _FLASH = 20, 2, 0.65  # frames from one to the next, frames it lasts, how far to white
_GRAIN = 0.03  # standard deviation


def worn(luma: Tensor, number: int) -> Tensor:
    """Wear a frame, always in the same way for its number.

    Args:
        luma: Y' `(1, 1, H, W)`, 0..1.
        number: Of the frame, counted from 0.

    Returns:
        Y' of the same shape, 0..1.
    """
    random = np.random.default_rng(number)
    exposed = luma * (1 + random.uniform(-_FLICKER, _FLICKER))
    if number % _FLASH_EVERY >= _FLASH_EVERY - _FLASH_FRAMES:
        exposed = exposed + _FLASH * (1 - exposed)
    grain = random.normal(0, _GRAIN, luma.shape)
    return (exposed + torch.from_numpy(grain).to(luma)).clamp(0, 1)
