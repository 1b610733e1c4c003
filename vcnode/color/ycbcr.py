"""Y'CbCr: matrices, ranges, and integer code values (ITU-R BT.601, BT.709, BT.2020; H.273)."""

from dataclasses import dataclass
from enum import Enum

import torch
from torch import Tensor

from vcnode.color._checks import floating_planes, where_numbers_are_known
from vcnode.errors import InputError


class Matrix(Enum):
    """Luma weights of red and blue, with their numbers in H.273 (`_Matrix`, `colour_space` of containers)."""

    BT709 = (0.2126, 0.0722, (1,))
    FCC = (0.30, 0.11, (4,))
    BT601 = (0.299, 0.114, (5, 6))
    SMPTE240M = (0.212, 0.087, (7,))
    BT2020 = (0.2627, 0.0593, (9,))  # non-constant luminance

    @property
    def kr(self) -> float:
        """Weight of red."""
        return float(self.value[0])

    @property
    def kg(self) -> float:
        """Weight of green."""
        return 1.0 - self.kr - self.kb

    @property
    def kb(self) -> float:
        """Weight of blue."""
        return float(self.value[1])

    @classmethod
    def from_h273(cls, number: int) -> "Matrix":
        """Finds the matrix by its H.273 number.

        Raises:
            InputError: for numbers without a Y'CbCr matrix of this kind (RGB, unspecified, YCgCo, constant
                luminance).
        """
        for matrix in cls:
            if number in matrix.value[2]:
                return matrix
        raise InputError(
            f"Matrix number {number} is not supported; use BT.709 (1), FCC (4), BT.601 (5, 6), "
            "SMPTE 240M (7) or BT.2020 non-constant luminance (9), or convert the clip first."
        )


class Range(Enum):
    """Which integer codes stand for black and white."""

    LIMITED = "limited"  # at 8 bit: luma 16..235, chroma 16..240
    FULL = "full"  # all codes


class Plane(Enum):
    """What a plane of code values holds. R, G and B planes are coded as luma."""

    LUMA = "luma"
    CHROMA = "chroma"


@dataclass(frozen=True)
class PixelEncoding:
    """How a host stores its pixels.

    Attributes:
        matrix: the Y'CbCr matrix.
        range: limited or full; without meaning for float samples.
        depth: bits of an integer sample, 8..16, or None for float samples (half or single: Y' 0..1, Cb, Cr
            -0.5..0.5).

    Raises:
        InputError: for another depth.
    """

    matrix: Matrix = Matrix.BT709
    range: Range = Range.LIMITED
    depth: int | None = 8

    def __post_init__(self) -> None:
        if self.depth is not None and not 8 <= self.depth <= 16:
            raise InputError(
                f"A depth of {self.depth} bits is not supported; use 8 to 16 bits, or None for float samples."
            )

    @property
    def dtype(self) -> torch.dtype:
        """The tensor type of encoded samples: uint8, uint16, or float32."""
        if self.depth is None:
            return torch.float32
        return torch.uint8 if self.depth == 8 else torch.uint16


def rgb_to_ycbcr(rgb: Tensor, matrix: Matrix) -> Tensor:
    """Converts gamma-encoded RGB to Y'CbCr.

    Args:
        rgb: (B, 3, H, W), 0..1.
        matrix: the luma weights.

    Returns:
        (B, 3, H, W): Y' 0..1, Cb and Cr -0.5..0.5.

    Raises:
        InputError: for integer values or a shape other than (B, 3, H, W).
    """
    red, green, blue = floating_planes(rgb, 3, "The RGB image").unbind(-3)
    luma = matrix.kr * red + matrix.kg * green + matrix.kb * blue
    return torch.stack((luma, (blue - luma) / (2 - 2 * matrix.kb), (red - luma) / (2 - 2 * matrix.kr)), dim=-3)


def ycbcr_to_rgb(ycbcr: Tensor, matrix: Matrix) -> Tensor:
    """Converts Y'CbCr to gamma-encoded RGB, unclipped: the inverse of rgb_to_ycbcr, with its errors."""
    luma, cb, cr = floating_planes(ycbcr, 3, "The Y'CbCr image").unbind(-3)
    red_offset, blue_offset = (2 - 2 * matrix.kr) * cr, (2 - 2 * matrix.kb) * cb
    green = luma - (matrix.kr * red_offset + matrix.kb * blue_offset) / matrix.kg
    return torch.stack((luma + red_offset, green, luma + blue_offset), dim=-3)


def decode(codes: Tensor, encoding: PixelEncoding, plane: Plane) -> Tensor:
    """Reads code values as numbers.

    Args:
        codes: samples of any shape and integer type (float if `encoding.depth` is None).
        encoding: how they are stored; its matrix plays no role.
        plane: luma (also R, G, B) or chroma.

    Returns:
        float32 of the same shape: luma 0..1, chroma -0.5..0.5; codes beyond the nominal range lie beyond it.

    Raises:
        InputError: if the samples are float and the encoding is not, or the other way round.
    """
    if codes.is_floating_point() != (encoding.depth is None):
        wanted = "float" if encoding.depth is None else f"{encoding.depth}-bit integer"
        raise InputError(f"The samples have the type {codes.dtype}; this encoding stores {wanted} samples.")
    if encoding.depth is None:
        return codes.float()
    zero, scale = _zero_and_scale(encoding.range, encoding.depth, plane)
    return (codes.to(torch.float32) - zero) / scale


def encode(values: Tensor, encoding: PixelEncoding, plane: Plane) -> Tensor:
    """Writes numbers as code values, rounded to the nearest and limited to 0..2^depth - 1.

    Codes outside the nominal range (footroom and headroom of limited range) are kept, so that
    `encode(decode(codes)) == codes` for every code.

    Args:
        values: float tensor of any shape: luma 0..1, chroma -0.5..0.5.
        encoding: how to store it; its matrix plays no role.
        plane: luma (also R, G, B) or chroma.

    Returns:
        uint8 at 8 bit, uint16 above (on the CPU if the values lie on an Apple GPU, which does not know it), float32
        unchanged if `encoding.depth` is None.
    """
    if encoding.depth is None:
        return values.float()
    zero, scale = _zero_and_scale(encoding.range, encoding.depth, plane)
    codes = (values.float() * scale).add_(zero).round_().clamp_(0, 2**encoding.depth - 1)
    # Through int32: not every backend converts float to uint16 directly.
    codes = codes.to(torch.int32)
    return (codes if encoding.depth == 8 else where_numbers_are_known(codes)).to(encoding.dtype)


def _zero_and_scale(sample_range: Range, depth: int, plane: Plane) -> tuple[int, int]:
    """The code of the value 0 and the number of codes per unit (BT.709 item 5.4, BT.2100 table 9)."""
    limited, step = sample_range is Range.LIMITED, 2 ** (depth - 8)
    if plane is Plane.CHROMA:
        return 128 * step, 224 * step if limited else 2**depth - 1
    return (16 * step, 219 * step) if limited else (0, 2**depth - 1)
