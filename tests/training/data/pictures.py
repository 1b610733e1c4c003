"""Pictures, photo folders and clips made on the spot."""

import numpy as np
import PIL.Image
import torch
from torch import nn

from tests.training.conftest import photo
from vcnode.color import rgb_to_lab


def save(image, path, **options):
    path.parent.mkdir(parents=True, exist_ok=True)
    image.save(path, **options)
    return path


def filled(red, green, blue, height=144, width=200):
    return PIL.Image.new("RGB", (width, height), (red, green, blue))


def film(folder, shots, height=72, width=104, shift=3):
    """Numbered frames of scenes that pan; `shots` are their lengths. Returns the folder."""
    number = 0
    for scene, length in enumerate(shots):
        wide = photo(100 + scene, height, width + shift * length)
        for frame in range(length):
            save(wide.crop((shift * frame, 0, shift * frame + width, height)), folder / f"frame_{number:03d}.png")
            number += 1
    return folder


def difference(one, other):
    """Mean absolute difference of two pictures, codes."""
    first, second = (np.asarray(image, dtype=float) for image in (one, other))
    return np.abs(first - second).mean()


def soft_lab(count, first=0, height=80, width=140):
    """Lab of soft patches `(count, 3, height, width)`."""
    rgb = [np.array(photo(first + number, height, width)) for number in range(count)]
    return rgb_to_lab(torch.from_numpy(np.stack(rgb)).permute(0, 3, 1, 2).float() / 255)


class LittleModel(nn.Module):
    """As much of a model as the reference index asks for: an encoder, here one that is quick."""

    def __init__(self):
        super().__init__()
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(0)
            self.encoder = LittleEncoder()


class LittleEncoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 8, 16, stride=16)

    def forward(self, rgb):
        return (self.conv(rgb),)
