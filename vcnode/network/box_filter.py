"""Means over square windows."""

import torch
import torch.nn.functional as F
from torch import Tensor

_LARGE = 2**15  # pixels from which planes are done one by one on a CPU: the sums of one stay in its cache


def box_mean(x: Tensor, radius: int) -> Tensor:
    """Average every pixel's window of `2 * radius + 1` pixels a side, borders repeated; rows, then columns.

    Args:
        x: `(B, C, H, W)`.
        radius: 0 or more.

    Returns:
        The same shape.
    """
    size = 2 * radius + 1
    if x.device.type == "cuda":  # one launch counts for more there than a few additions
        x = F.avg_pool2d(F.pad(x, (radius, radius, 0, 0), mode="replicate"), (1, size), 1)
        return F.avg_pool2d(F.pad(x, (0, 0, radius, radius), mode="replicate"), (size, 1), 1)
    if x.shape[1] > 1 and x.shape[2] * x.shape[3] >= _LARGE:
        return torch.cat([box_mean(plane, radius) for plane in torch.split(x, 1, dim=1)], dim=1)
    x = _sum(F.pad(x, (radius, radius, 0, 0), mode="replicate"), size, 3)
    return _sum(F.pad(x, (0, 0, radius, radius), mode="replicate"), size, 2) / size**2


def _sum(x: Tensor, size: int, axis: int) -> Tensor:
    """Add up `size` neighbours along an axis: of sums of 1, 2, 4 ... those are joined that `size` consists of."""
    length = x.shape[axis] - size + 1
    total: Tensor | None = None
    begin, span = 0, 1
    while True:
        if size & span:
            part = x.narrow(axis, begin, length)
            total, begin = part if total is None else total + part, begin + span
        if 2 * span > size:
            assert total is not None
            return total
        pairs = x.shape[axis] - span
        x = x.narrow(axis, 0, pairs) + x.narrow(axis, span, pairs)
        span *= 2
