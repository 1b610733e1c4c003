"""Frechet distance between two sets of features, each described by mean and covariance."""

import torch
from torch import Tensor

from vcnode.errors import InputError


class FeatureStatistics:
    """Mean and covariance of features that come in batches; memory grows with their width alone.

    Batches are merged by their means (Chan, Golub & LeVeque 1983), which keeps precision where sums of squares lose
    it.
    """

    def __init__(self) -> None:
        self.count = 0
        self._mean = torch.zeros(0, dtype=torch.float64)
        self._scatter = torch.zeros(0, 0, dtype=torch.float64)

    def update(self, features: Tensor) -> None:
        """Take `(N, D)` features.

        Raises:
            InputError: The shape does not fit, or they are not finite.
        """
        features = features.detach().cpu().double()
        width = len(self._mean) if self.count else features.shape[-1]
        if features.ndim != 2 or len(features) == 0 or features.shape[1] != width:
            raise InputError(f"Features of shape {tuple(features.shape)} were given; they must be (N, {width}).")
        if not bool(torch.isfinite(features).all()):
            raise InputError("The features are not finite; look for a division by zero before them.")
        if not self.count:
            self._mean, self._scatter = features.new_zeros(width), features.new_zeros(width, width)
        batch_mean = features.mean(dim=0)
        centred, step = features - batch_mean, batch_mean - self._mean
        total = self.count + len(features)
        self._scatter += centred.T @ centred + torch.outer(step, step) * (self.count * len(features) / total)
        self._mean = self._mean + step * (len(features) / total)
        self.count = total

    @property
    def width(self) -> int:
        """Of a feature vector; 0 before the first."""
        return len(self._mean)

    @property
    def mean(self) -> Tensor:
        """`(D,)` in float64."""
        return self._mean

    @property
    def covariance(self) -> Tensor:
        """`(D, D)` in float64, divided by one less than the count.

        Raises:
            InputError: Fewer than two features were given.
        """
        if self.count < 2:
            raise InputError(f"{self.count} feature vectors have no covariance; give two or more.")
        return self._scatter / (self.count - 1)


def frechet_distance(first: FeatureStatistics, second: FeatureStatistics) -> float:
    """`|m1 - m2|^2 + trace(C1 + C2 - 2 (C1 C2)^(1/2))` of two Gaussians (Dowson & Landau 1982), 0 or more.

    The trace of the root is the sum of the roots of the eigenvalues of `C1^(1/2) C2 C1^(1/2)`, which is symmetric, so
    nothing complex arises where the covariances are singular.

    Raises:
        InputError: The features differ in width, or there are fewer than two of a kind.
    """
    if first.width != second.width:
        raise InputError(f"Features of width {first.width} and {second.width} were given; both must be of one kind.")
    variances, axes = torch.linalg.eigh(first.covariance)
    root = axes * variances.clamp_min(0).sqrt()
    shared = torch.linalg.eigvalsh(root.T @ second.covariance @ root).clamp_min(0).sqrt().sum()
    spread = first.covariance.trace() + second.covariance.trace() - 2 * shared
    return max(0.0, float((first.mean - second.mean).square().sum() + spread))
