"""Colour for light brighter than white, of which the network has seen nothing but white."""

import torch
import torch.nn.functional as F
from torch import Tensor

from vcnode.color._checks import floating_planes, same_frame
from vcnode.color.chroma import smooth_step
from vcnode.color.scene_linear import lightness_of_luminance

_BELIEVED, _WHITE = 97.0, 100.0  # L between which ab is believed less and less; finished frames fade it there
_BELIEVED_LUMINANCE = ((_BELIEVED + 16) / 116) ** 3
_DARKEST, _BRIGHT = 70.0, 85.0  # L between which a pixel begins to tell of highlights beside it
_STOPS = 4.0  # above white, after which all light is neutral
_COARSE = 4  # pixels a side of a cell; highlights need no finer colour
_LITTLE = 0.05  # share of pixels that tell, below which their colour counts for less


def color_highlights(ab: Tensor, luminance: Tensor) -> Tensor:
    """Lets bright colours go on into the highlights beside them.

    A surface in sunlight may well be brighter than white in a scene-linear picture and keeps its colour there; lamps
    and reflections are neutral. So colour is taken over from bright surroundings, not across edges to something dark,
    and fades to neutral four stops above white.

    Args:
        ab: (B, 2, H, W), -128..127, as it is known up to white.
        luminance: CIE luminance of the same pixels (B, 1, H, W), 1 for white.

    Returns:
        (B, 2, H, W); the same values where there is nothing as bright as L 97.

    Raises:
        InputError: For integer values, other channel numbers, or sizes that differ.
    """
    ab, luminance = floating_planes(ab, 2, "The ab planes"), floating_planes(luminance, 1, "The luminance")
    same_frame(luminance, ab, "Luminance and ab")
    luminance = luminance.float()
    if float(luminance.max()) <= _BELIEVED_LUMINANCE:
        return ab
    belief = _belief(luminance)
    missing = 1.0 - belief.square()  # as finished frames come faded once already
    surroundings = F.interpolate(_surroundings(ab, luminance), ab.shape[-2:], mode="bilinear", align_corners=False)
    neutral = smooth_step(luminance.clamp_min(1.0).log2() / _STOPS)
    return (ab * belief + surroundings * missing) * (1.0 - neutral)


def _surroundings(ab: Tensor, luminance: Tensor) -> Tensor:
    """The colour of what is bright nearby: averages over growing squares, the smallest that know anything."""
    # The edge of something dark tells nothing of what is bright: the least luminance in the cells around counts.
    darkest = F.max_pool2d(F.max_pool2d(-luminance, _COARSE, ceil_mode=True), 3, stride=1, padding=1).neg()
    bright = smooth_step((lightness_of_luminance(darkest) - _DARKEST) / (_BRIGHT - _DARKEST))
    telling = bright * _belief(_halved(luminance, _COARSE))
    levels = [torch.cat((_halved(ab, _COARSE) * telling, telling), dim=-3)]
    while max(levels[-1].shape[-2:]) > 1:
        levels.append(_halved(levels[-1]))
    colors = torch.zeros_like(levels[-1][..., :2, :, :])
    for level in reversed(levels):
        share = level[..., 2:, :, :]
        colors = F.interpolate(colors, share.shape[-2:], mode="bilinear", align_corners=False)
        colors = (level[..., :2, :, :] + _LITTLE * colors) / (share + _LITTLE)
    return colors


def _belief(luminance: Tensor) -> Tensor:
    """How far ab is believed, 1 up to L 97 and 0 at white."""
    return smooth_step((_WHITE - lightness_of_luminance(luminance)) / (_WHITE - _BELIEVED))


def _halved(planes: Tensor, factor: int = 2) -> Tensor:
    return F.avg_pool2d(planes, factor, ceil_mode=True, count_include_pad=False)
