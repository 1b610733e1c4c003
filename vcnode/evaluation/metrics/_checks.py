"""Checks shared by the metrics: wrong input is named, never scored."""

import torch
from torch import Tensor

from vcnode.errors import InputError

_TOLERANCE = 1e-3  # what conversions may leave beyond 0..1
_LARGEST_AB = 129.0  # the field's -128..127, and what rounding may add


def rgb_picture(rgb: Tensor, what: str) -> Tensor:
    """Checked RGB `(B, 3, H, W)` in floating point, limited to 0..1; 8-bit codes are divided by 255.

    Raises:
        InputError: Another shape or type, not finite, or values beyond 0..1.
    """
    _check_planes(rgb, 3, what)
    if rgb.dtype == torch.uint8:
        return rgb.float() / 255
    _check_finite(rgb, what)
    low, high = float(rgb.min()), float(rgb.max())
    if low < -_TOLERANCE or high > 1 + _TOLERANCE:
        raise InputError(f"{what} has values from {low:.3g} to {high:.3g}; give RGB in 0..1, or 8-bit codes as uint8.")
    return rgb.clamp(0, 1)


def rgb_pair(result: Tensor, truth: Tensor) -> tuple[Tensor, Tensor]:
    """Result and truth, both checked as `rgb_picture` does and of one shape.

    Raises:
        InputError: One of them is no RGB picture, or their shapes differ.
    """
    _check_same_shape(result, truth)
    return rgb_picture(result, "The result"), rgb_picture(truth, "The truth")


def eight_bit(rgb: Tensor) -> Tensor:
    """The nearest 8-bit codes of RGB 0..1, int64 on the CPU: what a saved picture holds."""
    return (rgb.detach().cpu().double() * 255).round().long()


def ab_pair(result: Tensor, truth: Tensor) -> tuple[Tensor, Tensor]:
    """Result and truth ab `(B, 2, H, W)`, checked, in float64 on the CPU.

    Raises:
        InputError: Another shape or type, not finite, beyond -128..127, or shapes that differ.
    """
    return _lab_planes(result, truth, 2)


def lab_pair(result: Tensor, truth: Tensor) -> tuple[Tensor, Tensor]:
    """Result and truth Lab `(B, 3, H, W)`, checked as `ab_pair` does, in float64 on the CPU.

    Raises:
        InputError: As `ab_pair`.
    """
    return _lab_planes(result, truth, 3)


def _lab_planes(result: Tensor, truth: Tensor, channels: int) -> tuple[Tensor, Tensor]:
    _check_same_shape(result, truth)
    for planes, what in ((result, "The result"), (truth, "The truth")):
        _check_planes(planes, channels, what)
        if not planes.is_floating_point():
            raise InputError(f"{what} has the type {planes.dtype}; give a and b in floating point, -128..127.")
        _check_finite(planes, what)
        largest = float(planes[:, -2:].abs().max())
        if largest > _LARGEST_AB:
            raise InputError(f"{what} has ab values up to {largest:.4g}; give a and b in -128..127.")
    return result.detach().cpu().double(), truth.detach().cpu().double()


def _check_same_shape(result: Tensor, truth: Tensor) -> None:
    if result.shape != truth.shape:
        raise InputError(
            f"The result has the shape {tuple(result.shape)} and the truth {tuple(truth.shape)}; give the same frames "
            "in the same size."
        )


def _check_planes(planes: Tensor, channels: int, what: str) -> None:
    if planes.ndim != 4 or planes.shape[1] != channels or planes.numel() == 0:
        raise InputError(f"{what} has the shape {tuple(planes.shape)}; it must be (B, {channels}, H, W) and not empty.")
    if not planes.is_floating_point() and planes.dtype != torch.uint8:
        raise InputError(f"{what} has the type {planes.dtype}; give floating-point values, or RGB as uint8.")


def _check_finite(planes: Tensor, what: str) -> None:
    if not bool(torch.isfinite(planes).all()):
        raise InputError(f"{what} has values that are not finite; look for a division by zero before it.")
