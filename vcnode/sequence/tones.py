"""How a film's gray comes of colours: what a coloured picture would look like on the film."""

import torch
import torch.nn.functional as F
from torch import Tensor

_SCALES = (10.0, 10.0, 5.0)  # in L: what differs by more from one guess counts little for the next
_POOL = 4  # pixels a side that count as one
_MIDDLE = 50.0  # L, from which is counted: sums keep more digits
_STRONG = 30.0  # of a and b, by which their squares are divided: then all parts are of one size
_GAIN, _SLOPE, _OFFSET = (0.5, 2.0), (-1.0, 1.0), (-50.0, 50.0)  # least and greatest
_FIRM, _OFFSET_FIRM = 1.0, 1e-3  # contrast, squared, that it takes to move tones half of the way


def fit_tones(lightness: Tensor, lab: Tensor) -> Tensor:
    """Fit the tones of a gray picture to a coloured one that shows, mostly and about at the same place, the same.

    A film's exposure flickers, and its gray need not be the L of its colours: old film stock shows red things dark, and
    the luma of video is another sum than L. Least squares, repeated with less and less say for what fits badly: what
    comes into the picture is no change of tones.

    Args:
        lightness: L of the gray picture `(1, 1, h, w)`, 0..100; at least 4 pixels a side.
        lab: Of the coloured one `(1, 3, h, w)`.

    Returns:
        `(7,)`, for `in_tones`: what L (counted from 50), a, b, and aa, bb and ab (each divided by 30) are multiplied
        with, and what is added.
    """
    now, lab = F.avg_pool2d(lightness, _POOL) - _MIDDLE, F.avg_pool2d(lab, _POOL)
    gray, a, b = lab[:, :1] - _MIDDLE, lab[:, 1:2], lab[:, 2:]
    parts = torch.cat((gray, a, b, a * a / _STRONG, b * b / _STRONG, a * b / _STRONG, torch.ones_like(gray)), dim=1)
    plain, firmness = now.new_zeros(7), now.new_full((7,), _FIRM)
    plain[0], firmness[-1] = 1, _OFFSET_FIRM  # plain: gray is the L of the colours
    tones = plain
    for scale in _SCALES:
        mixed = (parts * tones.view(1, -1, 1, 1)).sum(dim=1, keepdim=True)
        weight = (1 + ((now - mixed) / scale).square()).pow(-2)
        weight = weight / weight.mean()
        products = ((weight * parts)[:, :, None] * torch.cat((parts, now), dim=1)[:, None]).mean(dim=(0, 3, 4))
        # Firm enough to be solved always; asking whether it was would wait for the GPU.
        solved, _ = torch.linalg.solve_ex(products[:, :-1] + firmness.diag(), products[:, -1] + firmness * plain)
        tones = torch.cat((solved[:1].clamp(*_GAIN), solved[1:-1].clamp(*_SLOPE), solved[-1:].clamp(*_OFFSET)))
    return tones


def in_tones(lightness: Tensor, ab: Tensor, tones: Tensor) -> Tensor:
    """The gray picture `(1, 1, h, w)`, in L, that comes of a coloured one.

    Args:
        lightness: L of the coloured one `(1, 1, h, w)`.
        ab: Its colours `(1, 2, h, w)`.
        tones: Of the film.
    """
    a, b = ab[:, :1], ab[:, 1:]
    gain, of_a, of_b, of_aa, of_bb, of_ab, offset = tones.unbind()
    gray = (lightness - _MIDDLE).mul_(gain).add_(offset + _MIDDLE)
    gray.addcmul_(a, (a * (of_aa / _STRONG)).addcmul_(b, of_ab / _STRONG).add_(of_a))
    return gray.addcmul_(b, (b * (of_bb / _STRONG)).add_(of_b))
