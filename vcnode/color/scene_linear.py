"""Colour for scene-linear pictures, whose luminance may lie above white and below black and must not move."""

import torch
from torch import Tensor

from vcnode.color._checks import floating_planes, same_frame, where_numbers_are_known
from vcnode.color.encodings import ENCODINGS, Encoding, convert
from vcnode.color.lab import RGB_FROM_RELATIVE_XYZ, inverse_lab_curve, lab_curve, mix

_SRGB = ENCODINGS["linear-srgb"]
LARGEST_HALF = 65504.0


def lightness_of_luminance(luminance: Tensor) -> Tensor:
    """L* 0..100 of CIE luminance, any shape; what is brighter than white counts as white."""
    return 116.0 * lab_curve(luminance.clamp(0.0, 1.0)) - 16.0


def rgb_keeping_luminance(luminance: Tensor, ab: Tensor, encoding: Encoding) -> Tensor:
    """Colours a scene-linear picture.

    Lab keeps luminance, so the colour follows from L and ab at once. Outside sRGB's gamut it moves towards neutral, at
    the same luminance, until none of sRGB's primaries is negative: the colours are then the same in every encoding.
    There is no limit above. Light brighter than white gets the chromaticity that `ab` has at white.

    Args:
        luminance: CIE luminance (B, 1, H, W), any finite values.
        ab: (B, 2, H, W), -128..127.
        encoding: Of the result.

    Returns:
        Linear light (B, 3, H, W) in the encoding's primaries, float64, whose luminance is the given one up to rounding;
        R = G = B where that is 0 or negative. On the CPU if the planes lie on an Apple GPU, which has no float64.

    Raises:
        InputError: For integer values, other channel numbers, or sizes that differ.
    """
    luminance, ab = floating_planes(luminance, 1, "The luminance"), floating_planes(ab, 2, "The ab planes")
    same_frame(luminance, ab, "Luminance and ab")
    luminance, ab = where_numbers_are_known(luminance), where_numbers_are_known(ab)
    known, light = luminance.double().clamp(0.0, 1.0), luminance.double()
    fy = lab_curve(known)
    a, b = (ab[..., channel : channel + 1, :, :].double() for channel in (0, 1))
    xyz = (inverse_lab_curve(fy + a / 500.0), known, inverse_lab_curve((fy - b / 200.0).clamp_min(0.0)))
    rgb = torch.cat(mix(RGB_FROM_RELATIVE_XYZ, xyz), dim=-3)
    rgb = convert(inside_gamut(rgb, _SRGB.luminance(rgb).clamp_min(0.0)), _SRGB, encoding)
    own = encoding.luminance(rgb)
    colored = (light > 0) & (own > 0)
    return torch.where(colored, rgb * (light / torch.where(colored, own, 1.0)), light)


def half_keeping_luminance(values: Tensor, luminance: Tensor, encoding: Encoding) -> Tensor:
    """Rounds stored values to 16-bit floats, so that their luminance stays within one step of a gray's.

    Where the curve or a saturated colour makes the three roundings add up to more, green makes up for the others.

    Args:
        values: As they are to be stored, (B, 3, H, W).
        luminance: That they are to have, (B, 1, H, W).
        encoding: Of the values.

    Returns:
        (B, 3, H, W), float16; on the CPU if they lie on an Apple GPU.
    """
    values, luminance = where_numbers_are_known(values), where_numbers_are_known(luminance)
    rounded = values.half()
    light = encoding.decode(rounded.double())
    missing = luminance - encoding.luminance(light)
    green = light[..., 1:2, :, :] + missing / encoding.luminance_weights[1]
    green = encoding.encode(green).clamp(-LARGEST_HALF, LARGEST_HALF).half()
    return torch.cat((rounded[..., :1, :, :], green, rounded[..., 2:, :, :]), dim=-3)


def inside_gamut(rgb: Tensor, luminance: Tensor, limit: float | None = None) -> Tensor:
    """Moves linear colours towards neutral, at their luminance, until no channel is negative.

    Args:
        rgb: (B, 3, H, W).
        luminance: Of the same pixels, (B, 1, H, W).
        limit: That no channel may exceed either; None for no limit. Luminance must lie in 0..limit.
    """
    offsets = rgb - luminance
    room = luminance if limit is None else torch.where(offsets > 0, limit - luminance, luminance)
    share = room.clamp_min(0.0) / offsets.abs().clamp_min(1e-30)
    if limit is None:
        share = torch.where(offsets < 0, share, 1.0)
    return luminance + offsets * share.amin(dim=-3, keepdim=True).clamp_max(1.0)
