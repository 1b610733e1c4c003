"""Where a flow can be trusted: what is seen in both frames."""

import torch
from torch import Tensor

from vcnode.errors import InputError
from vcnode.network.alignment import warp


def visibility(forward: Tensor, backward: Tensor) -> Tensor:
    """Where the forward flow holds, by whether the backward flow leads back (Sundaram, Brox & Keutzer, ECCV 2010).

    Hidden are pixels with `|f + b|^2 > 0.01 (|f|^2 + |b|^2) + 0.5`, b taken where f leads, and those that leave the
    picture. These are also the thresholds of Ruder et al. (2016), whose temporal loss the paper's follows.

    Args:
        forward: Flow `(B, 2, H, W)` from the first frame to the second.
        backward: Flow from the second to the first, of the same shape.

    Returns:
        `(B, 1, H, W)` at the pixels of the first frame: 1 where the flow holds, else 0.

    Raises:
        InputError: The flows are of different shape, no flows, or not finite.
    """
    if forward.shape != backward.shape or forward.ndim != 4 or forward.shape[1] != 2:
        raise InputError(
            f"The flows have the shapes {tuple(forward.shape)} and {tuple(backward.shape)}; both must be (B, 2, H, W)."
        )
    if not bool(torch.isfinite(forward).all() and torch.isfinite(backward).all()):
        raise InputError("The flows are not finite; estimate them again.")
    back = warp(backward, forward)
    allowed = 0.01 * (_squared(forward) + _squared(back)) + 0.5
    visible = (_squared(forward + back) <= allowed) & _stays_inside(forward)
    return visible.to(forward)


def _squared(flow: Tensor) -> Tensor:
    return flow.square().sum(dim=1, keepdim=True)


def _stays_inside(flow: Tensor) -> Tensor:
    """Where x + flow(x) lies on the picture's area, which reaches half a pixel beyond the outer pixels' centres."""
    height, width = flow.shape[2:]
    x = flow[:, :1] + torch.arange(width, device=flow.device, dtype=flow.dtype)
    y = flow[:, 1:] + torch.arange(height, device=flow.device, dtype=flow.dtype).view(height, 1)
    return (x >= -0.5) & (x <= width - 0.5) & (y >= -0.5) & (y <= height - 0.5)
