"""Pictures and films with colour finer than the working size."""

import numpy as np
import torch

from vcnode.color import lab_to_rgb

from .clips import texture

HEIGHT, WIDTH = 192, 288
COUNT = 7


def stripes(seed=0, height=HEIGHT, width=WIDTH):
    """Lab `(1, 3, height, width)` of a texture with stripes of colour, four pixels wide or more."""
    lightness, noise = 50 + 60 * (texture(seed, height, width) - 0.5), texture(seed + 1, height, width)
    signs = np.random.default_rng(seed).choice([-25, 25], -(-width // 4)).repeat(4)
    wave = signs[None, :width, None] * (noise > 0.4)
    lab = np.concatenate((lightness + 0.2 * wave, wave, 10 + 0.4 * wave), axis=-1)
    return torch.from_numpy(lab.astype(np.float32)).permute(2, 0, 1)[None]


def film(count=COUNT, seed=0):
    """RGB frames `(HEIGHT, WIDTH, 3)` of stripes that move two pixels a frame."""
    wide = lab_to_rgb(stripes(seed, HEIGHT, WIDTH + 2 * count))[0].permute(1, 2, 0).clamp(0, 1).numpy()
    return [wide[:, 2 * number : 2 * number + WIDTH].copy() for number in range(count)]


def picture(lab):
    """RGB `(3, height, width)` of Lab."""
    return lab_to_rgb(lab)[0].clamp(0, 1)
