"""Colours keep to what moves."""

import torch
import torch.nn.functional as F
from torch import Tensor

from vcnode.training.losses.precision import at_least_float32


def temporal_loss(moved: Tensor, fixed: Tensor, flow: Tensor, visible: Tensor) -> Tensor:
    """The mean of `visible * (moved(x + flow(x)) - fixed(x))^2`, with gradients into both frames.

    The paper's `L_temporal = || m_{t-1} * W_{t-1,t}(x~_{t-1}^ab) - m_{t-1} * x~_t^ab ||` moves the previous frame onto
    the current one: `moved` is the previous frame, and `flow` says for the current frame's pixels where they were. The
    authors' form (`train.py`) moves the current frame back onto the previous one: `moved` is the current frame, and
    `flow` and `visible` are those of `Batch`. Both compare the same colours, on the one grid or the other.

    Args:
        moved: Colours of the frame that is sampled, `(B, 2, H, W)`.
        fixed: Colours of the frame on whose pixels they are compared, same shape.
        flow: Motion from `fixed` to `moved` in pixels, horizontal then vertical, `(B, 2, H, W)`.
        visible: 1 where a pixel of `fixed` is seen in `moved` too, else 0, `(B, 1, H, W)`.

    Returns:
        A scalar, in ab units squared; hidden pixels count as zeros in the mean.
    """
    difference = sample_along(moved, flow) - at_least_float32(fixed)
    return (at_least_float32(visible) * difference**2).mean()


def sample_along(image: Tensor, flow: Tensor) -> Tensor:
    """Sample `image` `(B, C, H, W)` bilinearly at `x + flow(x)`; outside are zeros, from the last pixel's centre on.

    This is the authors' warp (`align_corners=True`), in which a pixel of flow is a pixel of the image.
    """
    image, flow = at_least_float32(image), at_least_float32(flow)
    height, width = flow.shape[2:]
    rows = torch.arange(height, device=flow.device, dtype=flow.dtype).view(1, height, 1)
    columns = torch.arange(width, device=flow.device, dtype=flow.dtype).view(1, 1, width)
    across = 2 * (columns + flow[:, 0]) / max(width - 1, 1) - 1
    down = 2 * (rows + flow[:, 1]) / max(height - 1, 1) - 1
    grid = torch.stack((across, down), dim=-1)
    return F.grid_sample(image, grid, mode="bilinear", padding_mode="zeros", align_corners=True)
