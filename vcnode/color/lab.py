"""CIE L*a*b* (D65, 2 degree observer) of sRGB, with the constants of scikit-image.

The network was trained on Lab made by `skimage.color.rgb2lab`, so its constants are used to the digit. Beyond
[0, 1] the sRGB curve continues point-symmetrically about zero, as in CSS Color 4, so that nothing here yields
NaN.

A CPU computes powers of whole vectors and of the rest at a tensor's end with different last bits: to repeat a
result bit for bit, convert frames one by one, never in batches of varying size.
"""

from collections.abc import Sequence

import torch
from torch import Tensor

from vcnode.color._checks import floating_planes

type Rows = Sequence[Sequence[float]]

XYZ_FROM_RGB: Rows = (
    (0.412453, 0.357580, 0.180423),
    (0.212671, 0.715160, 0.072169),
    (0.019334, 0.119193, 0.950227),
)
RGB_FROM_XYZ: Rows = (
    (3.2404813432005266, -1.5371515162713185, -0.4985363261688878),
    (-0.9692549499965682, 1.8759900014898907, 0.0415559265582928),
    (0.0556466391351772, -0.2040413383665112, 1.0573110696453443),
)
WHITE = (0.95047, 1.0, 1.08883)

# From X/Xn, Y/Yn, Z/Zn with the white of the matrix itself, so that the rows sum to 1 and ab = 0 is neutral to the last
# digit. (scikit-image's white is rounded in the standard's way, which would miss neutral by two codes at 16 bit.)
RGB_FROM_RELATIVE_XYZ: Rows = tuple(
    tuple(factor * sum(white) for factor, white in zip(row, XYZ_FROM_RGB, strict=True)) for row in RGB_FROM_XYZ
)


def rgb_to_lab(rgb: Tensor) -> Tensor:
    """Converts gamma-encoded sRGB to Lab.

    Args:
        rgb: (B, 3, H, W), 0..1.

    Returns:
        (B, 3, H, W): L 0..100, a and b about -110..110.

    Raises:
        InputError: for integer values or a shape other than (B, 3, H, W).
    """
    return linear_rgb_to_lab(srgb_to_linear(floating_planes(rgb, 3, "The RGB image")))


def lab_to_rgb(lab: Tensor, *, clip: bool = True) -> Tensor:
    """Converts Lab to gamma-encoded sRGB.

    Args:
        lab: (B, 3, H, W), L 0..100, a and b -128..127.
        clip: limit the result to [0, 1], as scikit-image does; colours outside the gamut change lightness and
            hue.

    Returns:
        (B, 3, H, W), 0..1 if clipped.

    Raises:
        InputError: for integer values or a shape other than (B, 3, H, W).
    """
    rgb = linear_to_srgb(lab_to_linear_rgb(lab))
    return rgb.clamp(0.0, 1.0) if clip else rgb


def linear_rgb_to_lab(rgb: Tensor) -> Tensor:
    """Converts linear-light RGB (BT.709 primaries), (B, 3, H, W), to Lab. Raises InputError as rgb_to_lab."""
    xyz = mix(XYZ_FROM_RGB, floating_planes(rgb, 3, "The RGB image").unbind(-3))
    fx, fy, fz = (lab_curve(c / white) for c, white in zip(xyz, WHITE, strict=True))
    return torch.stack((116.0 * fy - 16.0, 500.0 * (fx - fy), 200.0 * (fy - fz)), dim=-3)


def lab_to_linear_rgb(lab: Tensor) -> Tensor:
    """Converts Lab, (B, 3, H, W), to unclipped linear-light RGB. Raises InputError as lab_to_rgb."""
    lightness, a, b = floating_planes(lab, 3, "The Lab image").unbind(-3)
    fy = (lightness + 16.0) / 116.0
    # Only fz is limited, as in scikit-image: a saturated dark yellow would need a negative one.
    curves = (fy + a / 500.0, fy, (fy - b / 200.0).clamp_min(0.0))
    xyz = [inverse_lab_curve(f) * white for f, white in zip(curves, WHITE, strict=True)]
    return torch.stack(mix(RGB_FROM_XYZ, xyz), dim=-3)


def lightness_of_gray(luma: Tensor) -> Tensor:
    """L* of a neutral pixel of gamma-encoded value `luma`, any shape; 0..1 gives 0..100, monotone beyond."""
    return 116.0 * lab_curve(srgb_to_linear(luma)) - 16.0


def gray_of_lightness(lightness: Tensor) -> Tensor:
    """Gamma-encoded value of a neutral pixel with the given L*: the inverse of lightness_of_gray."""
    return linear_to_srgb(inverse_lab_curve((lightness + 16.0) / 116.0))


def srgb_to_linear(encoded: Tensor) -> Tensor:
    """Linear light of gamma-encoded sRGB values (IEC 61966-2-1), any shape."""
    size = encoded.abs()
    # Powers are taken of values kept above the branch point, so that gradients stay finite in the other
    # branch.
    curved = ((size.clamp_min(0.04045) + 0.055) / 1.055).pow(2.4)
    return torch.where(size > 0.04045, torch.copysign(curved, encoded), encoded / 12.92)


def linear_to_srgb(linear: Tensor) -> Tensor:
    """Gamma-encoded sRGB values of linear light (IEC 61966-2-1), any shape."""
    size = linear.abs()
    curved = 1.055 * size.clamp_min(0.0031308).pow(1.0 / 2.4) - 0.055
    return torch.where(size > 0.0031308, torch.copysign(curved, linear), linear * 12.92)


def mix(rows: Rows, planes: Sequence[Tensor]) -> list[Tensor]:
    """Multiplies three planes by a 3x3 matrix.

    Written out instead of a matrix product because hosts may have switched those to reduced precision (TF32).
    """
    x, y, z = planes
    return [row[0] * x + row[1] * y + row[2] * z for row in rows]


def lab_curve(relative: Tensor) -> Tensor:
    """Lab's f of X/Xn, Y/Yn or Z/Zn (any shape)."""
    curved = relative.clamp_min(0.008856).pow(1.0 / 3.0)
    return torch.where(relative > 0.008856, curved, 7.787 * relative + 16.0 / 116.0)


def inverse_lab_curve(f: Tensor) -> Tensor:
    """X/Xn, Y/Yn or Z/Zn of Lab's f (any shape); linear, and negative, below f = 16/116."""
    return torch.where(f > 0.2068966, f * f * f, (f - 16.0 / 116.0) / 7.787)
