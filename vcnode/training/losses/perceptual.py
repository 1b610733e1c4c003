"""How far the picture is from the truth in what a classifier sees of it."""

from typing import Literal

from torch import Tensor

from vcnode.training.losses.precision import at_least_float32


def perceptual_loss(features: Tensor, truth: Tensor, *, norm: Literal["mean", "squared"] = "mean") -> Tensor:
    """The paper's `L_perc = || Phi_5(x~) - Phi_5(x) ||_2^2`, with Phi_5 the features relu5_2 of VGG19 (Johnson, 2016).

    "squared" is the formula as printed: the sum over a sample's elements, averaged over samples. "mean" is the authors'
    form (`train.py`): the mean over elements, some 10^5 times less at the paper's frame size, for which the weight
    0.001 is meant. Both grow with the square of the features' scale; see `LossNetwork` for that of different networks.

    Args:
        features: Of the prediction, `(B, C, h, w)`.
        truth: Of the true frame, same shape.
        norm: "mean" or "squared".
    """
    squares = (at_least_float32(features) - at_least_float32(truth)) ** 2
    return squares.mean() if norm == "mean" else squares.flatten(1).sum(dim=1).mean()
