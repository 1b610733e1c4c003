"""The motion between neighbouring frames, estimated once and shared by baselines and metrics."""

from dataclasses import dataclass

from torch import Tensor

from vcnode.network.encoders import gray_to_rgb
from vcnode.training.flow_visibility import visibility
from vcnode.training.optical_flow import DisFlow


@dataclass(frozen=True)
class Motion:
    """How one frame becomes the next, by DIS optical flow on their lightness alone: baselines see no more.

    Attributes:
        to_previous: `(1, 2, H, W)` in pixels: the frame before, at `x + flow(x)`, shows what this frame shows at `x`.
        to_current: The other way round, at the pixels of the frame before.
        visible: Where `to_current` holds, `(1, 1, H, W)`, 0 or 1.
    """

    to_previous: Tensor
    to_current: Tensor
    visible: Tensor


def estimate_motion(before: Tensor, now: Tensor) -> Motion:
    """Find the motion both ways.

    Args:
        before: L of the frame before `(1, 1, H, W)`, 0..100.
        now: L of this frame, of the same size.

    Raises:
        InputError: The frames are smaller than 16x16.
        ModelError: OpenCV is not installed.
    """
    to_previous, to_current = flow(now, before), flow(before, now)
    return Motion(to_previous, to_current, visibility(to_current, to_previous))


def flow(first: Tensor, second: Tensor) -> Tensor:
    """DIS flow `(1, 2, H, W)` from L of one frame to L of another: where each pixel of the first went."""
    return DisFlow()(*(gray_to_rgb(lightness.clamp(0, 100)) for lightness in (first, second)))
