"""Colours that hold together: where matching is unsure, its colours are smoothed along the frame's edges.

Matching decides for each position alone, so doubtful areas come out blotched. There, each position takes a local linear
fit of colour over luma, sure positions counting more: a guided filter (He et al. 2010) with the frame's L as guide.
Within a thing colours agree, across its edges they may differ. The less sure, the wider the window.
"""

import torch
import torch.nn.functional as F
from torch import Tensor

from vcnode.network.box_filter import box_mean

_RADII = (3, 10)  # of the windows, in positions of matching's grid
_SURE = (0.72, 0.52)  # confidence at which half is smoothed: over the narrow window, then over the wide one
_SHARPNESS = 20.0  # how quickly smoothing sets in around that confidence
_DECAY = 4.0  # a position counts e^(-4) less at confidence 0 than at 1
_EDGE = 8.0  # in L^2: contrast below the square root of this is taken for texture of one colour


def make_coherent(ab: Tensor, confidence: Tensor, lightness: Tensor) -> Tensor:
    """Smooth matched colours where matching is unsure.

    Args:
        ab: Matched colours `(B, 2, h, w)`.
        confidence: Greatest cosine of each position `(B, 1, h, w)`, -1..1.
        lightness: L of the frame `(B, 1, 4h, 4w)`, 0..100.

    Returns:
        `(B, 2, h, w)`.
    """
    guide = F.avg_pool2d(lightness, 4)
    weight = torch.exp(_DECAY * (confidence - 1))
    coherent = _guided_filter(ab, guide, weight, _RADII[1])
    narrow = _guided_filter(ab, guide, weight, _RADII[0])
    for sharper, sure in ((narrow, _SURE[1]), (ab, _SURE[0])):
        coherent = torch.lerp(coherent, sharper, torch.sigmoid(_SHARPNESS * (confidence - sure)))
    return coherent


def _guided_filter(ab: Tensor, guide: Tensor, weight: Tensor, radius: int) -> Tensor:
    def mean(x: Tensor) -> Tensor:
        sums = box_mean(torch.cat((x * weight, weight), dim=1), radius)
        return sums[:, :-1] / sums[:, -1:]

    mean_guide, mean_ab = mean(guide), mean(ab)
    slope = (mean(guide * ab) - mean_guide * mean_ab) / (mean(guide**2) - mean_guide**2 + _EDGE)
    fit = mean(torch.cat((slope, mean_ab - slope * mean_guide), dim=1))
    return fit[:, :2] * guide + fit[:, 2:]
