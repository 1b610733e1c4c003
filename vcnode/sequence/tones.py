"""How a film's gray comes of colours: what a coloured picture would look like on the film."""

import torch
import torch.nn.functional as F
from torch import Tensor

_SCALES = (10.0, 10.0, 5.0)  # in L: what differs by more from one guess counts little for the next
_POOL = 4  # pixels a side that count as one
_MIDDLE = 50.0  # L, from which is counted: sums keep more digits
_PLAIN = (1.0, 0.0, 0.0, 0.0)  # the tones where gray is the L of the colours
_LEAST, _GREATEST = (0.5, -1.0, -1.0, -50.0), (2.0, 1.0, 1.0, 50.0)
_FIRMNESS = (1.0, 1.0, 1.0, 1e-3)  # contrast, squared, that it takes to move tones half of the way


def fit_tones(lightness: Tensor, lab: Tensor) -> Tensor:
    """Fit the tones of a gray picture to a coloured one that shows, mostly and about at the same place, the same.

    A film's exposure flickers, and its gray need not be the L of its colours: old film stock shows red things dark, and
    the luma of video is another sum than L. Least squares, repeated with less and less say for what fits badly: what
    comes into the picture is no change of tones.

    Args:
        lightness: L of the gray picture `(1, 1, h, w)`, 0..100; at least 4 pixels a side.
        lab: Of the coloured one `(1, 3, h, w)`.

    Returns:
        `(4,)`: what L (counted from 50), a and b are multiplied with, and what is added. For `in_tones`.
    """
    now = F.avg_pool2d(lightness, _POOL) - _MIDDLE
    gray, ab = torch.split(F.avg_pool2d(lab, _POOL), [1, 2], dim=1)
    parts = torch.cat((gray - _MIDDLE, ab, torch.ones_like(gray)), dim=1)
    plain, firmness = now.new_tensor(_PLAIN), now.new_tensor(_FIRMNESS)
    tones = plain
    for scale in _SCALES:
        weight = (1 + ((now - _mix(parts, tones)) / scale).square()).pow(-2)
        weight = weight / weight.mean()
        products = ((weight * parts)[:, :, None] * torch.cat((parts, now), dim=1)[:, None]).mean(dim=(0, 3, 4))
        tones = torch.linalg.solve(products[:, :4] + firmness.diag(), products[:, 4] + firmness * plain)
        tones = torch.minimum(torch.maximum(tones, now.new_tensor(_LEAST)), now.new_tensor(_GREATEST))
    return tones


def in_tones(lab: Tensor, tones: Tensor) -> Tensor:
    """The gray picture `(1, 1, h, w)`, in L, that comes of a coloured one `(1, 3, h, w)`."""
    return _mix(torch.cat((lab[:, :1] - _MIDDLE, lab[:, 1:]), dim=1), tones[:3]) + (tones[3] + _MIDDLE)


def _mix(planes: Tensor, factors: Tensor) -> Tensor:
    return (planes * factors.view(1, -1, 1, 1)).sum(dim=1, keepdim=True)
