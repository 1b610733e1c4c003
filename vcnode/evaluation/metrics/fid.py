"""FID: how far the look of coloured frames as a whole is from the truth's (Heusel et al. 2017)."""

from collections.abc import Callable

from torch import Tensor

from vcnode.errors import InputError
from vcnode.evaluation.metrics.frechet import FeatureStatistics, frechet_distance
from vcnode.evaluation.metrics.unavailable import Unavailable


class FrechetInceptionDistance:
    """Frechet distance between the features of results and truths, pooled over all frames given.

    With as many frames as the features are wide, or fewer, the covariances are singular and the distance says more
    about the number of frames than about the colours (its bias grows as one over that number: Chong & Forsyth, CVPR
    2020); the authors of FID ask for more frames than features, and recommend 10,000. So no number is given below
    width + 1 = 2,049 frames, unless a smaller minimum is asked for: ColorMNet's script takes the distance within each
    clip of some 70 frames and averages over clips, with torchvision's Inception, which is another scale.

    Frames are given in batches; memory does not grow with their number.

    Args:
        features: What turns RGB `(B, 3, H, W)` into `(B, D)` features; see `find_inception`.
        minimum: Frames below which no number is given; 2 or more, the features' width + 1 by default.

    Raises:
        InputError: The minimum is below 2.
    """

    def __init__(self, features: Callable[[Tensor], Tensor], minimum: int | None = None) -> None:
        if minimum is not None and minimum < 2:
            raise InputError(f"A minimum of {minimum} frames was given; a distance of distributions needs 2 or more.")
        self._features = features
        self._minimum = minimum
        self._results, self._truths = FeatureStatistics(), FeatureStatistics()

    def update(self, result: Tensor, truth: Tensor) -> None:
        """Take frames and their truths.

        Args:
            result: RGB `(B, 3, H, W)`, 0..1 or uint8.
            truth: Likewise; it need not be of the same size.

        Raises:
            InputError: They are no RGB pictures, not finite, or not equally many.
        """
        if len(result) != len(truth):
            raise InputError(f"{len(result)} results and {len(truth)} truths were given; give a truth for each result.")
        self._results.update(self._features(result))
        self._truths.update(self._features(truth))

    def result(self) -> float | Unavailable:
        """The distance, 0 or more, lower is better; Unavailable below the minimum of frames."""
        count = self._results.count
        minimum = self._minimum or self._results.width + 1
        if count < max(2, minimum):
            return Unavailable(f"FID was given {count} frames; it needs {max(2, minimum)} or more to mean anything.")
        return frechet_distance(self._results, self._truths)
