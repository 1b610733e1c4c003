"""Frames to be timed with, made here: times do not depend on what they show, but coding them does a little."""

import numpy as np
from numpy.typing import NDArray

type Picture = NDArray[np.uint8]

_GRAIN = 3.0  # codes: films have some, and it is what costs an encoder time


def gray_frame(width: int, height: int, number: int) -> Picture:
    """Luma codes `(height, width)` of one frame of a scene that moves a few pixels a frame."""
    rows, columns = np.mgrid[0:height, 0:width]
    down, across = rows / height, (columns + 3 * number) / width
    waves = np.sin(9 * across) * np.cos(7 * down) + 0.5 * np.sin(31 * across + 23 * down)
    discs = (across % 0.37 - 0.18) ** 2 + (down % 0.41 - 0.2) ** 2 < 0.01
    grain = np.random.default_rng(number).normal(0, _GRAIN, (height, width))
    gray: Picture = np.clip(100 + 50 * waves + 40 * discs + grain, 0, 255).astype(np.uint8)
    return gray


def color_picture(width: int, height: int) -> Picture:
    """A reference in colour: R'G'B' codes `(height, width, 3)`."""
    gray = gray_frame(width, height, 5).astype(np.float64)
    rows, columns = np.mgrid[0:height, 0:width]
    tint = 40 * np.stack((np.sin(columns / width * 5), np.cos(rows / height * 4), np.sin(rows / height * 6)), axis=2)
    colored: Picture = np.clip(gray[:, :, None] + tint, 0, 255).astype(np.uint8)
    return colored
