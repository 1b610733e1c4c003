"""Structural similarity of RGB pictures (Wang, Bovik, Sheikh & Simoncelli 2004)."""

import torch
from torch import Tensor

from vcnode.errors import InputError
from vcnode.evaluation.metrics._checks import eight_bit, rgb_pair

_SIGMA = 1.5
_RADIUS = 5  # pixels: scikit-image cuts its Gaussian at 3.5 sigma
_C1, _C2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2  # K1 and K2 of the paper, for 8-bit codes


def ssim(result: Tensor, truth: Tensor) -> Tensor:
    """SSIM with the paper's Gaussian window, averaged over each picture's channels and pixels.

    It equals scikit-image's `structural_similarity(..., gaussian_weights=True, sigma=1.5,
    use_sample_covariance=False, data_range=255, channel_axis=...)` on 8-bit codes.

    Args:
        result: RGB `(B, 3, H, W)`, 0..1 or uint8; rounded to 8-bit codes.
        truth: Likewise, of the same shape; at least 11 pixels high and wide.

    Returns:
        `(B,)` in float64, -1..1, higher is better; 1 where the pictures are equal.

    Raises:
        InputError: The pictures are of different shape, too small, not RGB, or not finite.
    """
    offsets = torch.arange(-_RADIUS, _RADIUS + 1, dtype=torch.float64)
    weights = torch.exp(-0.5 * (offsets / _SIGMA) ** 2)
    window = weights / weights.sum()  # one line of it: it is separable
    x, y = (eight_bit(rgb).double() for rgb in rgb_pair(result, truth))
    if min(x.shape[2:]) < len(window):
        raise InputError(
            f"The pictures are {x.shape[3]}x{x.shape[2]} pixels; SSIM needs at least {len(window)} each way."
        )
    planes = torch.cat((x, y, x * x, y * y, x * y), dim=1)
    mean_x, mean_y, square_x, square_y, product = _filter(_filter(planes, window, 3), window, 2).chunk(5, dim=1)
    variance_x, variance_y = square_x - mean_x**2, square_y - mean_y**2
    covariance = product - mean_x * mean_y
    similarity = ((2 * mean_x * mean_y + _C1) * (2 * covariance + _C2)) / (
        (mean_x**2 + mean_y**2 + _C1) * (variance_x + variance_y + _C2)
    )
    return similarity.mean(dim=(1, 2, 3))


def _filter(planes: Tensor, window: Tensor, dimension: int) -> Tensor:
    """Weighted sums along one dimension where the window lies inside; torch's own convolution is slow in float64."""
    length = planes.shape[dimension] - len(window) + 1
    total = torch.zeros_like(planes.narrow(dimension, 0, length))
    for offset, weight in enumerate(window.tolist()):
        total.add_(planes.narrow(dimension, offset, length), alpha=weight)
    return total
