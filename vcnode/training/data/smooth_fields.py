"""Smooth random fields, made by two small matrix products instead of wide filters."""

import math

import torch
from torch import Tensor


def gaussian_blur(field: Tensor, deviation: float) -> Tensor:
    """Blur `(..., H, W)`; beyond the border the field counts as 0.

    Args:
        field: Any planes.
        deviation: Of the Gaussian, pixels. As wide as a third of the picture costs no more than narrow.
    """
    height, width = field.shape[-2:]
    return _gaussian(height, deviation, field) @ field @ _gaussian(width, deviation, field)


def spline_surface(control: Tensor, height: int, width: int) -> Tensor:
    """Lay a uniform cubic B-spline over the frame.

    Args:
        control: Control points `(..., h, w)`, four or more each way; the outer ones lie outside the frame. For
            independent ones of deviation 1 the surface has a deviation of about a half.
        height: Of the frame, pixels.
        width: Of the frame, pixels.

    Returns:
        `(..., height, width)`, with continuous curvature.
    """
    rows, columns = control.shape[-2:]
    return _spline(height, rows, control) @ control @ _spline(width, columns, control).T


def _gaussian(size: int, deviation: float, like: Tensor) -> Tensor:
    places = torch.arange(size, device=like.device, dtype=like.dtype)
    weights = torch.exp(-0.5 * ((places[:, None] - places) / deviation) ** 2)
    return weights / (deviation * math.sqrt(2 * math.pi))


def _spline(size: int, points: int, like: Tensor) -> Tensor:
    """The weight of each control point at each pixel, `(size, points)`."""
    place = (torch.arange(size, device=like.device, dtype=like.dtype) + 0.5) / size * (points - 3) + 1
    distance = (place[:, None] - torch.arange(points, device=like.device)).abs()
    near = 2 / 3 - distance**2 + distance**3 / 2
    far = (2 - distance).clamp(min=0) ** 3 / 6
    return torch.where(distance < 1, near, far)
