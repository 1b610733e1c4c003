"""Pictures that metrics are tried on."""

import numpy as np
import torch
from hypothesis import strategies as st
from skimage import data


def codes(seed, height=24, width=32, batch=1):
    """8-bit RGB noise `(B, 3, H, W)`."""
    random = np.random.default_rng(seed)
    return torch.from_numpy(random.integers(0, 256, (batch, 3, height, width), np.uint8))


def photo():
    """A public-domain photo, 8-bit RGB `(1, 3, 128, 128)`."""
    return torch.from_numpy(data.astronaut()[::4, ::4].copy()).permute(2, 0, 1)[None]


def gray_of(rgb):
    """The photo without its colours, 8-bit RGB."""
    weights = torch.tensor([0.299, 0.587, 0.114]).view(1, 3, 1, 1)
    return (rgb.float() * weights).sum(dim=1, keepdim=True).round().to(torch.uint8).expand(-1, 3, -1, -1)


def last(rgb):
    """The first picture as numpy `(H, W, 3)`, as scikit-image has it."""
    return rgb[0].permute(1, 2, 0).numpy()


seeds = st.integers(0, 2**16)
sides = st.integers(11, 40)
