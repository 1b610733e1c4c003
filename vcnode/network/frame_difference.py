"""What has changed from one frame to the next, flicker and grain of the film apart."""

import torch.nn.functional as F
from torch import Tensor

from vcnode.network.box_filter import box_mean

_POOL = 8  # pixels a side that count as one when pictures are compared: grain averages out
_SCALES = (20.0, 10.0, 5.0)  # in L: what differs by more from one guess counts little for the next
_GAIN = (0.25, 4.0)  # least and greatest
_FIRM = 1.0  # contrast, squared, that it takes to move the gain half of the way
_MIDDLE = 50.0  # L, from which is counted: sums keep more digits
# Ramps, found on films with flicker, flashes, fades, grain and dissolves put in.
_FLICKERS = (0.8, 0.95)  # share of the squared difference that exposure explains: what moves explains itself otherwise
_CHANGED = (0.5, 1.0)  # mean square that stays, in L^2: both show the same up to one, nothing is alike from the other
_GRAIN_STEP = 4  # pixels: grain is measured on a sparse grid, at the price of a sixteenth
_MOST_GRAIN = 32.0  # squared difference in L: that of strong grain in two pictures, 4 L each


def frame_difference(moved: Tensor, lightness: Tensor, known: Tensor) -> tuple[Tensor, Tensor]:
    """Compare a frame with the one before, which has been moved onto it.

    The exposure of old film flickers, and flashes at splices. Its gain and offset are those of least squares, repeated
    with less and less say for what fits badly: a hand that comes into the picture is no flicker. After a cut and in a
    dissolve everything is a difference.

    Args:
        moved: L of the frame before `(B, 1, H, W)`, 0..100.
        lightness: L of the frame, likewise.
        known: 1 where there was a frame before, otherwise 0; `(B, 1, H, W)` or `(B, 1, 1, 1)`.

    Returns:
        `lightness` less what the frame before would have been at this one's exposure, 0 where there was none,
        `(B, 1, H, W)`; and the mean square that grain alone makes of it, `(B, 1, 1, 1)`.
    """
    planes = (plane.expand_as(lightness).float() for plane in (moved, lightness, known))
    before, now, there = (F.avg_pool2d(plane, _POOL) for plane in planes)
    before, now = before - _MIDDLE, now - _MIDDLE
    weight = _shares(there)
    for scale in _SCALES:
        gain, offset = _line(before, now, weight)
        weight = _shares(there * (1 + ((now - gain * before - offset) / scale).square()).pow(-2))
    gain, offset = _line(before, now, weight)
    change, left = (_sum(weight * (now - guess).square()) for guess in (before, gain * before + offset))
    same = 1 - _ramp(left, _CHANGED)
    flickers = same * _ramp(1 - left / change.clamp(min=1e-6), _FLICKERS)
    flicker = (gain - 1) * (moved - _MIDDLE) + offset
    difference = (lightness - moved - (flickers * flicker).to(moved.dtype)) * known
    return difference, same.to(moved.dtype) * _grain(difference)


def _line(before: Tensor, now: Tensor, weight: Tensor) -> tuple[Tensor, Tensor]:
    """The gain and the offset that bring one picture nearest to the other."""
    mean_before, mean_now = _sum(weight * before), _sum(weight * now)
    before = before - mean_before
    weighted = weight * before
    gain = (_sum(weighted * (now - mean_now)) + _FIRM) / (_sum(weighted * before) + _FIRM)
    gain = gain.clamp(*_GAIN)
    return gain, mean_now - gain * mean_before


def _grain(difference: Tensor) -> Tensor:
    """The variance that half of the picture has at its finest: things that move are elsewhere, grain is everywhere."""
    fine = (difference - box_mean(difference, 1)).square() * (9 / 8)  # the mean of 3x3 takes a ninth of grain with it
    places = box_mean(fine, 2)[..., ::_GRAIN_STEP, ::_GRAIN_STEP].flatten(1).sort(dim=1).values
    return places[:, places.shape[1] // 2].clamp(max=_MOST_GRAIN).view(-1, 1, 1, 1)


def _shares(weight: Tensor) -> Tensor:
    """Weights that add up to 1; to 0 where nothing has weight."""
    return weight / _sum(weight).clamp(min=1e-3)


def _sum(values: Tensor) -> Tensor:
    """Of each picture `(B, 1, 1, 1)`."""
    return values.sum(dim=(2, 3), keepdim=True)


def _ramp(values: Tensor, ends: tuple[float, float]) -> Tensor:
    return ((values - ends[0]) / (ends[1] - ends[0])).clamp(0, 1)
