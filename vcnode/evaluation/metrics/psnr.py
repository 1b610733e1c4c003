"""Peak signal-to-noise ratio: of RGB, of the colours alone, and as ColorMNet's released script computes it."""

import torch
from torch import Tensor

from vcnode.evaluation.metrics._checks import ab_pair, eight_bit, rgb_pair

_PEAK = 255.0  # of 8-bit codes, and the span of ab from -128 to 127


def psnr_rgb(result: Tensor, truth: Tensor, *, rounded: bool = True) -> Tensor:
    """`10 log10(255^2 / mean squared error)` over the pixels and channels of each picture, in dB.

    Args:
        result: RGB `(B, 3, H, W)`, 0..1 or uint8.
        truth: Likewise, of the same shape.
        rounded: Round both to 8-bit codes first, as a saved picture is; published numbers are of these.

    Returns:
        `(B,)` in float64, higher is better; infinite where the pictures are equal.

    Raises:
        InputError: The pictures are of different shape, not RGB, or not finite.
    """
    first, second = rgb_pair(result, truth)
    if rounded:
        difference = (eight_bit(first) - eight_bit(second)).double()
    else:
        difference = _PEAK * (first.cpu().double() - second.cpu().double())
    return _decibels(difference)


def psnr_ab(result: Tensor, truth: Tensor) -> Tensor:
    """`10 log10(255^2 / mean squared error of a and b)` of each picture, in dB: colour alone, lightness left out.

    Args:
        result: ab `(B, 2, H, W)`, -128..127.
        truth: Likewise, of the same shape.

    Returns:
        `(B,)` in float64, higher is better; infinite where the colours are equal.

    Raises:
        InputError: The colours are of different shape, out of range, or not finite.
    """
    first, second = ab_pair(result, truth)
    return _decibels(first - second)


def psnr_colormnet_script(result: Tensor, truth: Tensor) -> Tensor:
    """PSNR with the overflow of ColorMNet's released script (`evaluation_matrics/evaluation.py`, `calculate_psnr`).

    There, 8-bit codes are subtracted and squared in 8 bits, so a squared error is taken modulo 256. Errors below 16
    codes are counted rightly, larger ones far too small: nothing scores below 24 dB, and a picture left gray scores
    near 29 dB. It serves to compare with the numbers published for ColorMNet and the methods in its tables.

    Args:
        result: RGB `(B, 3, H, W)`, 0..1 or uint8.
        truth: Likewise, of the same shape.

    Returns:
        `(B,)` in float64; infinite where the script finds no error.

    Raises:
        InputError: As `psnr_rgb`.
    """
    first, second = rgb_pair(result, truth)
    squared = (eight_bit(first) - eight_bit(second)).square() % 256
    return _decibels_of_mean(squared.double())


def _decibels(difference: Tensor) -> Tensor:
    return _decibels_of_mean(difference.square())


def _decibels_of_mean(squared: Tensor) -> Tensor:
    return 10 * torch.log10(_PEAK**2 / squared.mean(dim=(1, 2, 3)))
