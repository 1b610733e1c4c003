"""Chroma that leaves Y' alone.

Lab keeps *linear* luminance, Y' is a sum of *gamma-encoded* values: the source's L with a predicted ab has
another Y' than the source. So here Y' is given, and L is what is solved for.
"""

import torch
from torch import Tensor

from vcnode.color._checks import floating_planes, same_frame
from vcnode.color.lab import (
    RGB_FROM_RELATIVE_XYZ,
    inverse_lab_curve,
    lightness_of_gray,
    linear_to_srgb,
    mix,
)
from vcnode.color.ycbcr import Matrix, ycbcr_to_rgb

# With steps limited to 25 L, four leave errors of 0.004 codes (8 bit) on average over all of RGB; unlimited
# ones overshoot.
_NEWTON_STEPS = 4
_LONGEST_STEP = 25.0


def chroma_keeping_luma(luma: Tensor, ab: Tensor, matrix: Matrix) -> Tensor:
    """Finds the Cb and Cr that show `ab` while Y' stays what it is.

    Solves luma(RGB(L, a, b)) = Y' for L by Newton's method, then moves Cb and Cr towards 0 as far as needed
    for every one of R, G and B to lie in [0, 1]: whoever converts back gets colours inside the gamut with
    exactly this Y'. Outside 0..1 (headroom, footroom) no colour exists and chroma is 0. Every pixel is
    computed on its own, so any grid will do: for subsampled formats call this at chroma resolution. One
    CPU core takes about 0.4 s for a megapixel.

    Args:
        luma: Y', (B, 1, H, W), nominally 0..1.
        ab: (B, 2, H, W), -128..127.
        matrix: that of the Y'CbCr wanted. RGB is taken as sRGB-encoded with BT.709 primaries, as in training.

    Returns:
        Cb and Cr, (B, 2, H, W), -0.5..0.5, finite for finite input.

    Raises:
        InputError: for integer values, other channel numbers, or sizes that differ.
    """
    luma, ab = floating_planes(luma, 1, "The luma"), floating_planes(ab, 2, "The ab planes")
    same_frame(luma, ab, "Luma and ab")
    rows = _rows_at_once(luma)
    strips = zip(torch.split(luma, rows, dim=-2), torch.split(ab, rows, dim=-2), strict=True)
    return torch.cat([_chroma_of_strip(*strip, matrix) for strip in strips], dim=-2)


def rgb_keeping_luma(luma: Tensor, ab: Tensor, matrix: Matrix) -> Tensor:
    """Colours luma with ab for hosts that know RGB only.

    Args:
        luma: Y', (B, 1, H, W), nominally 0..1.
        ab: (B, 2, H, W), -128..127.
        matrix: the weights of luma, BT.709 for sRGB images.

    Returns:
        Gamma-encoded RGB, (B, 3, H, W), whose luma is the given one up to float rounding; within [0, 1] where
        luma is, and R = G = B = Y' where it is not.

    Raises:
        InputError: as chroma_keeping_luma.
    """
    chroma = chroma_keeping_luma(luma, ab, matrix)
    return ycbcr_to_rgb(torch.cat((luma.to(chroma.dtype), chroma), dim=-3), matrix)


def fade_extremes(ab: Tensor, lightness: Tensor, *, dark: float = 6.0, bright: float = 97.0) -> Tensor:
    """Fades chroma smoothly to zero near black and white, where colour can only be noise.

    Args:
        ab: (B, 2, H, W).
        lightness: L of the same pixels, (B, 1, H, W), 0..100.
        dark: L above which shadows keep their full colour; 0 switches this side off.
        bright: L below which highlights keep their full colour; 100 switches this side off.

    Returns:
        (B, 2, H, W): ab, times a smooth step that is 0 at L = 0 and L = 100.

    Raises:
        InputError: for integer values, other channel numbers, or sizes that differ.
    """
    ab, lightness = floating_planes(ab, 2, "The ab planes"), floating_planes(lightness, 1, "The lightness")
    same_frame(lightness, ab, "Lightness and ab")
    if dark > 0:
        ab = ab * smooth_step(lightness / dark)
    if bright < 100:
        ab = ab * smooth_step((100.0 - lightness) / (100.0 - bright))
    return ab


def saturate(ab: Tensor, factor: float) -> Tensor:
    """Scales ab (any shape): 0 is grey, 1 changes nothing, the authors use 1.25. Limited to -128..127."""
    return (ab * factor).clamp(-128.0, 127.0)


def smooth_step(x: Tensor) -> Tensor:
    """0 where `x` (any shape) is 0 or less, 1 from 1 on, a smooth rise between."""
    x = x.clamp(0.0, 1.0)
    return x * x * (3.0 - 2.0 * x)


def _rows_at_once(planes: Tensor) -> int:
    """Strips that stay in a CPU's cache halve the time; a GPU wants large ones, within bounded memory."""
    pixels = 2**17 if planes.device.type == "cpu" else 2**22
    return max(1, pixels // max(1, planes[..., 0, :].numel()))


def _chroma_of_strip(luma: Tensor, ab: Tensor, matrix: Matrix) -> Tensor:
    red, green, blue = _rgb_near_luma(luma, ab, matrix)
    # Differences to the solution's own luma: what Newton left over then hardly touches the chroma, and grey
    # stays grey.
    own_luma = matrix.kr * red + matrix.kg * green + matrix.kb * blue
    offsets = torch.cat((red - own_luma, green - own_luma, blue - own_luma), dim=-3)
    room = torch.where(offsets > 0, 1.0 - luma, luma).clamp_min(0.0)
    share = (room / offsets.abs().clamp_min(1e-12)).amin(dim=-3, keepdim=True).clamp_max(1.0)
    cb = offsets[..., 2:, :, :] / (2 - 2 * matrix.kb)
    cr = offsets[..., :1, :, :] / (2 - 2 * matrix.kr)
    return torch.cat((cb, cr), dim=-3).mul_(share)


def _rgb_near_luma(luma: Tensor, ab: Tensor, matrix: Matrix) -> list[Tensor]:
    """Unclipped R, G, B, each (B, 1, H, W), with the given ab and, as near as L 0..100 allows, that luma."""
    luma = luma.clamp(0.0, 1.0)
    a, b = ab[:, :1] / 500.0, ab[:, 1:] / 200.0
    lightness = lightness_of_gray(luma)
    for _ in range(_NEWTON_STEPS):
        curves = _lab_curves(lightness, a, b)
        linear = mix(RGB_FROM_RELATIVE_XYZ, [inverse_lab_curve(f) for f in curves])
        # dR'/dL by the chain rule; the sRGB slope needs no further power, it is (R' + 0.055) / (2.4 R).
        growth = mix(RGB_FROM_RELATIVE_XYZ, [torch.where(f > 0.2068966, 3 * f * f, 1 / 7.787) for f in curves])
        excess, slope = -luma, torch.zeros_like(luma)
        for weight, value, change in zip((matrix.kr, matrix.kg, matrix.kb), linear, growth, strict=True):
            encoded, size = linear_to_srgb(value), value.abs()
            steepness = torch.where(
                size > 0.0031308, (encoded.abs() + 0.055) / (2.4 * size.clamp_min(0.0031308)), 12.92
            )
            excess = excess + weight * encoded
            slope = slope + weight * steepness * change
        # Luma can fall slightly with L for colours no display shows; the floor keeps the steps going upwards.
        step = excess / (slope / 116.0).clamp_min(0.002)
        lightness = (lightness - step.clamp(-_LONGEST_STEP, _LONGEST_STEP)).clamp(0.0, 100.0)
    curves = _lab_curves(lightness, a, b)
    return [linear_to_srgb(c) for c in mix(RGB_FROM_RELATIVE_XYZ, [inverse_lab_curve(f) for f in curves])]


def _lab_curves(lightness: Tensor, a: Tensor, b: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    fy = (lightness + 16.0) / 116.0
    return fy + a, fy, (fy - b).clamp_min(0.0)
