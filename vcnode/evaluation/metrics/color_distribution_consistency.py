"""CDC: how steadily the colours of a clip are distributed (Liu et al., TCVC, arXiv 2110.04562, section IV)."""

from collections import deque

import torch
from torch import Tensor

from vcnode.errors import InputError
from vcnode.evaluation.metrics._checks import eight_bit, rgb_picture
from vcnode.evaluation.metrics.unavailable import Unavailable

_DISTANCES = (1, 2, 4)  # frames; the authors' dilations, equally weighted
_BINS = 256


class ColorDistributionConsistency:
    """Mean Jensen-Shannon divergence between the histograms of frames 1, 2 and 4 apart.

    As the authors' script `cdc.py`: a histogram of 256 bins for each of R, G and B, divergences in nats (no square
    root), averaged over the pairs of each distance, then over distances and channels. It sees no colour error, only
    unsteadiness, and a gray clip may score better than the truth: read it beside the truth's own CDC and colourfulness.

    Frames are given one by one; only the histograms of the last five are kept.
    """

    def __init__(self) -> None:
        self._recent: deque[Tensor] = deque(maxlen=max(_DISTANCES) + 1)
        self._size: torch.Size | None = None
        self._sums = dict.fromkeys(_DISTANCES, 0.0)
        self._pairs = dict.fromkeys(_DISTANCES, 0)

    def update(self, frame: Tensor) -> None:
        """Take the next frame of the clip.

        Args:
            frame: RGB `(1, 3, H, W)`, 0..1 or uint8; counted in 8-bit codes.

        Raises:
            InputError: It is not one RGB frame of the first one's size, or not finite.
        """
        codes = eight_bit(rgb_picture(frame, "The frame"))
        if len(codes) != 1 or (self._size is not None and codes.shape != self._size):
            raise InputError(
                f"A frame of shape {tuple(codes.shape)} was given; give one at a time, (1, 3, H, W), all of one size."
            )
        self._size = codes.shape
        self._recent.append(torch.stack([_histogram(channel) for channel in codes[0]]))
        for distance in _DISTANCES:
            if len(self._recent) > distance:
                divergence = jensen_shannon_divergence(self._recent[-1], self._recent[-1 - distance])
                self._sums[distance] += float(divergence.mean())
                self._pairs[distance] += 1

    def result(self) -> float | Unavailable:
        """CDC so far, 0..ln 2, lower is steadier; Unavailable below five frames."""
        if min(self._pairs.values()) == 0:
            return Unavailable(f"CDC compares frames up to {max(_DISTANCES)} apart and needs a clip of 5 or more.")
        return sum(self._sums[distance] / self._pairs[distance] for distance in _DISTANCES) / len(_DISTANCES)


def jensen_shannon_divergence(first: Tensor, second: Tensor) -> Tensor:
    """Jensen-Shannon divergence in nats of distributions along the last dimension, 0..ln 2.

    Args:
        first: `(..., N)`, 0 or more, summing to 1.
        second: Likewise.
    """
    middle = (first + second) / 2
    return (_relative_entropy(first, middle) + _relative_entropy(second, middle)) / 2


def _relative_entropy(p: Tensor, q: Tensor) -> Tensor:
    # Where p is 0 it adds nothing, whatever q; where p is not, q, of which it is a part, is not 0 either.
    return (torch.xlogy(p, p) - torch.xlogy(p, q)).sum(dim=-1)


def _histogram(codes: Tensor) -> Tensor:
    return torch.bincount(codes.flatten(), minlength=_BINS).double() / codes.numel()
