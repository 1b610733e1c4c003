"""The authors' finish: fast global smoother (Min et al., TIP 2014) over ab, guided by lightness.

It reproduces OpenCV's `ximgproc.fastGlobalSmootherFilter` and the tail of the authors' `test.py`. It flattens
fine colour (on clean chroma it loses 3 dB against bilinear), so it serves compatibility, not the default.
"""

import torch
import torch.nn.functional as F
from torch import Tensor

from vcnode.color._checks import floating_planes, same_frame
from vcnode.errors import InputError


def fast_global_smoother(
    planes: Tensor,
    guide: Tensor,
    *,
    strength: float = 500.0,
    sigma: float = 4.0,
    iterations: int = 3,
    attenuation: float = 0.25,
) -> Tensor:
    """Smooths planes except across edges of the guide.

    Each iteration solves, for every row and then every column, the tridiagonal system
    `u_i + strength * sum_n w_in (u_i - u_n) = input_i` over the two neighbours n, `w_in = exp(-|g_i - g_n| /
    sigma)`.

    Args:
        planes: (B, C, H, W).
        guide: (B, 1, H, W), in the units of sigma (OpenCV: 8-bit codes).
        strength: lambda of the paper, 0 or more.
        sigma: how large a step of the guide stops the smoothing.
        iterations: more of them remove streaks along rows and columns.
        attenuation: factor on strength after each iteration.

    Returns:
        (B, C, H, W).

    Raises:
        InputError: for a strength below 0, a sigma of 0 or less, integer values, or sizes that differ.
    """
    if strength < 0 or sigma <= 0:
        raise InputError(f"Strength {strength} and sigma {sigma} were given; strength must be >= 0, sigma > 0.")
    guide = floating_planes(guide, 1, "The guide")
    planes = floating_planes(planes, None, "The image to smooth")
    same_frame(planes, guide, "The image to smooth and its guide")
    # The dimension that is walked comes first: each step of the walk then works on one contiguous slice.
    rows = (-1, -4, -3, -2)
    columns = (-2, -4, -3, -1)
    affinity = [_affinity(guide.permute(*order), sigma) for order in (rows, columns)]
    for iteration in range(iterations):
        weight = strength * attenuation**iteration
        planes = _solve_lines(planes.permute(*rows), affinity[0] * weight).permute(1, 2, 3, 0)
        planes = _solve_lines(planes.permute(*columns), affinity[1] * weight).permute(1, 2, 0, 3)
    return planes.contiguous()


def devc_finish(ab: Tensor, lightness_full: Tensor) -> Tensor:
    """Finishes ab as the authors' `test.py`: bilinear x2, x1.25, fast global smoother with an 8-bit guide.

    Args:
        ab: the network's output at half size, (B, 2, H / 2, W / 2).
        lightness_full: L, (B, 1, H, W), 0..100.

    Returns:
        (B, 2, H, W).

    Raises:
        InputError: for integer values, other channel numbers, or a batch that differs.
    """
    ab, lightness = floating_planes(ab, 2, "The ab planes"), floating_planes(lightness_full, 1, "The lightness")
    ab = F.interpolate(ab, size=lightness.shape[-2:], mode="bilinear", align_corners=False)
    guide = (lightness * (255.0 / 100.0)).trunc()
    return fast_global_smoother(ab * 1.25, guide)


def _affinity(guide: Tensor, sigma: float) -> Tensor:
    """Weights between neighbours along dimension 0: (n, B, 1, m) -> (n - 1, B, 1, m)."""
    return (guide.diff(dim=0).abs() / -sigma).exp()


def _solve_lines(right_side: Tensor, weight: Tensor) -> Tensor:
    """Thomas algorithm along dimension 0, all lines at once.

    Args:
        right_side: (n, B, C, m).
        weight: how strongly pixels i and i + 1 pull each other, (n - 1, B, 1, m).

    Returns:
        (n, B, C, m).
    """
    solution = right_side.contiguous().clone()
    before = F.pad(weight, (0, 0, 0, 0, 0, 0, 1, 0))  # pull from i - 1; 0 at the ends of the line
    after = F.pad(weight, (0, 0, 0, 0, 0, 0, 0, 1))
    diagonal = 1.0 + before + after
    ratio = torch.empty_like(after)
    values, ratios = solution.unbind(0), ratio.unbind(0)
    befores, afters, diagonals = before.unbind(0), after.unbind(0), diagonal.unbind(0)
    torch.div(afters[0], diagonals[0], out=ratios[0])
    values[0].div_(diagonals[0])
    for i in range(1, len(values)):
        pivot = torch.addcmul(diagonals[i], befores[i], ratios[i - 1], value=-1.0)
        torch.div(afters[i], pivot, out=ratios[i])
        values[i].addcmul_(befores[i], values[i - 1]).div_(pivot)
    for i in range(len(values) - 2, -1, -1):
        values[i].addcmul_(ratios[i], values[i + 1])
    return solution
