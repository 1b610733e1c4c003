"""Flicker: what changes between neighbouring frames beyond motion (the warp error)."""

import torch
from torch import Tensor

from vcnode.errors import InputError
from vcnode.evaluation.metrics._checks import rgb_picture
from vcnode.evaluation.metrics.unavailable import Unavailable
from vcnode.network.alignment import warp


class WarpError:
    """Difference between frames along the truth's motion, where what is seen stays in sight.

    For each pair, the later frame is brought back along the flow, and compared with the earlier one over the visible
    pixels; then the mean over pairs is taken, as Lai et al. do (ECCV 2018, `evaluate_WarpError.py`). The paper's
    flicker (section 5.2, Eq. 13) is a warp error of this kind; its norm and units could not be established, so
    compare its figures (5.84 for the method, 5.22 for the truth, on Videvo) by their ratio to the truth's, which is
    to be reported beside: grain, light and flow errors make the truth's own warp error more than 0.

    Frames are given one by one; only the last is kept.
    """

    def __init__(self) -> None:
        self._previous: Tensor | None = None
        self._absolute, self._pairs = 0.0, 0

    def update(self, frame: Tensor, flow: Tensor | None = None, visible: Tensor | None = None) -> None:
        """Take the next frame of the clip.

        Args:
            frame: RGB `(1, 3, H, W)`, 0..1 or uint8.
            flow: Motion `(1, 2, H, W)` in pixels from the frame before to this one, estimated on the truth: this
                frame at `x + flow(x)` shows what the frame before shows at `x`. None for the first frame of a shot.
            visible: `(1, 1, H, W)`, 1 where that holds, else 0; everywhere by default.

        Raises:
            InputError: Shapes do not fit, or values are not finite.
        """
        frame = rgb_picture(frame, "The frame").detach().cpu()
        if flow is not None:
            self._compare(frame, flow.detach().cpu().float(), visible)
        self._previous = frame

    def result(self) -> float | Unavailable:
        """Mean absolute RGB difference in 8-bit units, 0..255, lower is steadier; Unavailable without a pair."""
        return 255 * self._absolute / self._pairs if self._pairs else _NO_PAIRS

    def _compare(self, frame: Tensor, flow: Tensor, visible: Tensor | None) -> None:
        if self._previous is None:
            raise InputError("A flow was given with the first frame; give flow=None where nothing comes before.")
        height, width = frame.shape[2:]
        if visible is None:
            visible = torch.ones(1, 1, height, width)
        shapes = (tuple(self._previous.shape), tuple(flow.shape), tuple(visible.shape))
        if shapes != ((1, 3, height, width), (1, 2, height, width), (1, 1, height, width)):
            raise InputError(
                f"The frame before, the flow and the visibility have the shapes {shapes}; a frame of {width}x{height} "
                f"needs (1, 3, {height}, {width}), (1, 2, {height}, {width}) and (1, 1, {height}, {width})."
            )
        if not bool(torch.isfinite(flow).all()):
            raise InputError("The flow has values that are not finite; estimate it again.")
        mask = (visible.detach().cpu() > 0).double()
        if float(mask.sum()) == 0:
            return  # a pair without a visible pixel says nothing
        difference = (warp(frame, flow) - self._previous).double()
        self._absolute += _masked_mean(difference.abs(), mask)
        self._pairs += 1


_NO_PAIRS = Unavailable("The warp error compares neighbouring frames; give two or more that share visible pixels.")


def _masked_mean(values: Tensor, mask: Tensor) -> float:
    return float((values * mask).sum() / (mask.sum() * values.shape[1]))
