"""Neighbours that look alike in truth get like colours."""

import itertools
from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor

from vcnode.training.losses.precision import at_least_float32

_ALPHA = 10.0  # the authors': a squared Lab distance at which a neighbour weighs 1/e of the centre
_WLS_EXPONENT = 1.2  # Farbman's defaults
_WLS_EPSILON = 1e-4
_WLS_UNIT = 100.0  # ab differences are taken in hundreds, near the 0..1 that Farbman's weights are made for


def smoothness_loss(ab: Tensor, truth: Tensor, *, weights: Literal["wls", "softmax"] = "wls") -> Tensor:
    """How far every pixel's colour is from the average of its neighbours', weighted by their likeness in truth.

    The paper's `L_smooth = 1/N sum_{c in a,b} sum_i (x~^c(i) - sum_{j in N(i)} w_ij x~^c(j))` has 8 neighbours j and
    the weights of weighted least squares ("wls"; Farbman et al., 2008). It prints no norm; the difference is squared
    here, as the authors do. Their form ("softmax", `train.py`) is the mean over a and b, not the sum, and averages as
    `neighborhood_average` explains.

    Args:
        ab: Predicted colours `(B, 2, H, W)`, -128..127.
        truth: True Lab `(B, 3, H, W)`, L 0..100, ab -128..127.
        weights: "wls" or "softmax".

    Returns:
        A scalar, in ab units squared.
    """
    ab, truth = at_least_float32(ab), at_least_float32(truth)
    squares = (ab - neighborhood_average(ab, truth, weights=weights)) ** 2
    return squares.mean() if weights == "softmax" else squares.sum(dim=1).mean()


def neighborhood_average(ab: Tensor, truth: Tensor, *, weights: Literal["wls", "softmax"]) -> Tensor:
    """Average colours over 3x3 pixels, weighted by likeness in truth.

    * "wls": the 8 neighbours that lie inside the picture; `w_ij` is `1 / (|ab_i - ab_j|^1.2 + 1e-4)` of the true
      colours in hundreds, brought to a sum of 1. The paper names the weights without a formula, and says that pixels of
      similar chrominance are meant.
    * "softmax": 9 pixels, the centre included; `w_ij = softmax_j(-|Lab_i - Lab_j|^2 / 10)`. Outside the picture lies
      black (L = a = b = 0) that takes part, so the borders of dark areas are drawn to gray.

    Shapes as in `smoothness_loss`; the result is like `ab`.
    """
    softmax = weights == "softmax"
    guide = truth if softmax else truth[:, 1:] / _WLS_UNIT
    inside = torch.ones_like(truth[:, :1])
    height, width = truth.shape[2:]
    around = [F.pad(image, (1, 1, 1, 1)) for image in (guide, ab, inside)]
    total, weighted = torch.zeros_like(inside), torch.zeros_like(ab)
    for down, across in itertools.product(range(3), repeat=2):
        window = (..., slice(down, down + height), slice(across, across + width))
        other_guide, other_ab, exists = (image[window] for image in around)
        distance = ((other_guide - guide) ** 2).sum(dim=1, keepdim=True)
        if softmax:  # the greatest exponent is the centre's, zero
            weight = torch.exp(-distance / _ALPHA)
        elif (down, across) == (1, 1):
            continue
        else:
            weight = exists / (distance ** (_WLS_EXPONENT / 2) + _WLS_EPSILON)
        total, weighted = total + weight, weighted + weight * other_ab
    return weighted / total
