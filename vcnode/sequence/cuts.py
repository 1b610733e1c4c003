"""Cuts: where one shot ends and another begins, found in the luma alone.

Two frames are compared as thumbnails by normalised cross-correlation, the best over small shifts: neither exposure,
flashes and fades of light nor ordinary motion change it much, another picture does.
"""

from collections.abc import Iterable

import torch
import torch.nn.functional as F
from torch import Tensor

from vcnode.errors import InputError
from vcnode.sequence.frame import FrameLike, check_clip, lightness_of

CUT_THRESHOLD = 0.4
"""Pairs of frames from different films differ by more (99 % of them), neighbours in one shot by less."""

_THUMBNAIL = (36, 64)
_SHIFT = 4  # of thumbnail pixels, in steps of 2: a sixteenth of the width from one frame to the next
_NOISE = 1.0  # L: what differs by less is grain, not picture


def thumbnail(lightness: Tensor) -> Tensor:
    """Shrink L `(1, 1, H, W)` to what cuts are found in, `(1, 1, 36, 64)`."""
    return F.interpolate(lightness.float().cpu(), _THUMBNAIL, mode="area")


def difference(before: Tensor, now: Tensor) -> float:
    """How different two thumbnails are: about 0 the same picture, 1 nothing in common."""
    height, width = _THUMBNAIL
    inner = before[0, 0, _SHIFT : height - _SHIFT, _SHIFT : width - _SHIFT]
    size = (int(inner.shape[0]), int(inner.shape[1]))
    shifted = now[0, 0].unfold(0, size[0], 2).unfold(1, size[1], 2).reshape(-1, size[0] * size[1])
    one = inner.reshape(1, -1)
    one, shifted = one - one.mean(), shifted - shifted.mean(dim=1, keepdim=True)
    floor = _NOISE**2 * one.shape[1]
    alike = (shifted * one).sum(dim=1) / ((one.square().sum() + floor) * (shifted.square().sum(dim=1) + floor)).sqrt()
    if float(torch.maximum(one.square().sum(), shifted.square().sum(dim=1).max())) < floor:
        return 0.0  # both are plain: black to black is no cut
    return float((1 - alike.max()).clamp(0, 1))


def is_cut(before: Tensor | None, now: Tensor, threshold: float) -> bool:
    """Whether a shot begins with `now`, a thumbnail, after `before`; never where there is none before it."""
    return before is not None and difference(before, now) > threshold


def check_threshold(threshold: float) -> None:
    """Check a threshold that a user gave.

    Raises:
        InputError: It is not between 0 and 1.
    """
    if not 0 < threshold < 1:
        raise InputError(f"The threshold for cuts is {threshold}: give a number between 0 and 1, such as 0.4.")


def find_cuts(frames: Iterable[FrameLike], threshold: float = CUT_THRESHOLD) -> list[int]:
    """Find the first frame of every shot but the first.

    Args:
        frames: Luma or RGB; see `vcnode.sequence.frame.lightness_of`.
        threshold: Difference from which a frame begins a shot, 0..1.

    Raises:
        InputError: A frame cannot be used, a file is given instead, or the threshold is out of range.
    """
    check_threshold(threshold)
    check_clip(frames)
    cuts: list[int] = []
    before: Tensor | None = None
    for number, frame in enumerate(frames):
        now = thumbnail(lightness_of(frame, number))
        if is_cut(before, now, threshold):
            cuts.append(number)
        before = now
    return cuts
