"""What is no good to learn colour from: dark, faded, nearly gray or tiny pictures.

The paper leaves out dark and faded videos (section 4). A picture is measured once; what is too dark, too flat, too gray
or too small is a matter of thresholds, so that changing them needs no new look at the files.
"""

from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray

from vcnode.color import rgb_to_lab

_GRID = 48  # means over so many fields each way: sensor noise and compression, colourful in gray pictures, average out
VERDICTS = ("tiny", "dark", "faded", "gray")


@dataclass(frozen=True)
class Measures:
    """A picture in four numbers.

    Attributes:
        side: The file's short side, pixels.
        lightness: Mean L, 0..100.
        contrast: Between the 5th and the 95th percentile of L, 0..100.
        chroma: Mean distance from gray in the ab plane, 0..181.
    """

    side: int
    lightness: float
    contrast: float
    chroma: float


@dataclass(frozen=True)
class MaterialFilter:
    """The least that a picture must have to be learnt from; 0 lets everything through.

    Attributes:
        side: Short side, pixels. Below about half the training height nothing but blur is left.
        lightness: Mean L. Photographs lie at 30 to 65; below 12 they are night or fade-outs, whose chroma is noise.
        contrast: Span of L. Of photographs 199 in 200 reach 22; less is haze, a title card or a faded print.
        chroma: Mean distance from gray. Of colour photographs 19 in 20 reach 6.4; what stays below teaches a network
            to leave things gray, which it is inclined to anyway.
    """

    side: int = 128
    lightness: float = 12.0
    contrast: float = 20.0
    chroma: float = 6.0

    def verdict(self, measures: Measures) -> str | None:
        """Say in one word why a picture is left out, one of `VERDICTS`, or None to keep it."""
        if measures.side < self.side:
            return "tiny"
        if measures.lightness < self.lightness:
            return "dark"
        if measures.contrast < self.contrast:
            return "faded"
        return "gray" if measures.chroma < self.chroma else None


def measure(rgb: NDArray[np.uint8], side: int | None = None) -> Measures:
    """Measure a picture.

    Args:
        rgb: sRGB codes `(H, W, 3)`.
        side: The file's short side, where `rgb` is a smaller copy.
    """
    planes = torch.tensor(rgb).permute(2, 0, 1)[None].float() / 255
    lab = rgb_to_lab(F.adaptive_avg_pool2d(planes, _GRID))[0].flatten(1)
    low, high = torch.quantile(lab[0], torch.tensor([0.05, 0.95])).tolist()
    return Measures(
        side=min(rgb.shape[:2]) if side is None else side,
        lightness=lab[0].mean().item(),
        contrast=high - low,
        chroma=lab[1:].norm(dim=0).mean().item(),
    )
