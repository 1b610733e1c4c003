"""Perceived colour difference CIEDE2000 (ISO/CIE 11664-6; Sharma, Wu & Dalal 2005)."""

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from vcnode.evaluation.metrics._checks import lab_pair

_SATURATION_KNEE = 25.0**7
_DEGREE = math.pi / 180


@dataclass(frozen=True)
class ColorDifference:
    """CIEDE2000 of each picture, 0 or more, lower is better; about 1 is just noticeable.

    Attributes:
        mean: Over the pixels, `(B,)`.
        percentile_95: The smallest difference that 95 % of the pixels do not exceed, `(B,)`.
    """

    mean: Tensor
    percentile_95: Tensor


def color_difference(result: Tensor, truth: Tensor) -> ColorDifference:
    """CIEDE2000 between two pictures, summed up.

    Args:
        result: Lab `(B, 3, H, W)`, L 0..100, ab -128..127.
        truth: Likewise, of the same shape.

    Raises:
        InputError: The pictures are of different shape, out of range, or not finite.
    """
    difference = ciede2000(result, truth).flatten(1).double()
    rank = math.ceil(0.95 * difference.shape[1])
    return ColorDifference(difference.mean(dim=1), difference.kthvalue(rank, dim=1).values)


def ciede2000(result: Tensor, truth: Tensor) -> Tensor:
    """CIEDE2000 of every pixel, with the weights kL = kC = kH = 1.

    Args:
        result: Lab `(B, 3, H, W)`, L 0..100, ab -128..127.
        truth: Likewise, of the same shape.

    Returns:
        `(B, H, W)` in float32 on the CPU, exact to about 0.001.

    Raises:
        InputError: As `color_difference`.
    """
    first, second = (lab.float() for lab in lab_pair(result, truth))
    chroma = (_length(first[:, 1], first[:, 2]) + _length(second[:, 1], second[:, 2])) / 2
    stretch = 1.5 - 0.5 * _saturation(chroma)
    lightness1, chroma1, hue1 = _cylinder(first, stretch)
    lightness2, chroma2, hue2 = _cylinder(second, stretch)

    colored = (chroma1 > 0) & (chroma2 > 0)
    turn = torch.where(colored, _wrapped(hue2 - hue1), 0.0)
    # The middle of the shorter arc between the hues; without a hue of one, the other's (the sum, in the standard).
    hue = torch.where(colored, hue1 + turn / 2, hue1 + hue2)
    lightness, chroma = (lightness1 + lightness2) / 2, (chroma1 + chroma2) / 2

    lightness_part = (lightness2 - lightness1) / _lightness_weight(lightness)
    chroma_part = (chroma2 - chroma1) / (1 + 0.045 * chroma)
    hue_part = 2 * (chroma1 * chroma2).sqrt() * (turn / 2).sin() / (1 + 0.015 * chroma * _hue_weight(hue))
    cross = _rotation(hue, chroma) * chroma_part * hue_part
    return (lightness_part**2 + chroma_part**2 + hue_part**2 + cross).clamp_min(0).sqrt()


def _cylinder(lab: Tensor, stretch: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """L, chroma and hue (radians, 0 for grays) with a stretched as the standard does near the neutral axis."""
    lightness, a, b = lab.unbind(1)
    a = a * stretch
    return lightness, _length(a, b), torch.atan2(b, a)


def _length(a: Tensor, b: Tensor) -> Tensor:
    return (a * a + b * b).sqrt()  # many times faster than Tensor.norm over a short dimension


def _wrapped(angle: Tensor) -> Tensor:
    angle = torch.where(angle > math.pi, angle - 2 * math.pi, angle)
    return torch.where(angle < -math.pi, angle + 2 * math.pi, angle)


def _saturation(chroma: Tensor) -> Tensor:
    seventh = chroma**7
    return (seventh / (seventh + _SATURATION_KNEE)).sqrt()


def _lightness_weight(lightness: Tensor) -> Tensor:
    squared = (lightness - 50) ** 2
    return 1 + 0.015 * squared / (20 + squared).sqrt()


def _hue_weight(hue: Tensor) -> Tensor:
    return (
        1
        - 0.17 * (hue - 30 * _DEGREE).cos()
        + 0.24 * (2 * hue).cos()
        + 0.32 * (3 * hue + 6 * _DEGREE).cos()
        - 0.20 * (4 * hue - 63 * _DEGREE).cos()
    )


def _rotation(hue: Tensor, chroma: Tensor) -> Tensor:
    """The term that ties hue to chroma for blues."""
    degrees = torch.remainder(hue / _DEGREE, 360)
    angle = 60 * _DEGREE * torch.exp(-(((degrees - 275) / 25) ** 2))
    return -2 * _saturation(chroma) * angle.sin()
