import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.distance import jensenshannon
from scipy.stats import entropy

from vcnode.errors import InputError
from vcnode.evaluation.metrics import ColorDistributionConsistency, Unavailable, jensen_shannon_divergence

from .pictures import codes, seeds


def authors_divergence(p, q):
    """As TCVC's script has it."""
    middle = (p + q) / 2
    return 0.5 * entropy(p, middle) + 0.5 * entropy(q, middle)


def by_hand(frames):
    """CDC of a whole clip at once."""
    histograms = [[np.bincount(plane.ravel(), minlength=256) / plane.size for plane in x[0].numpy()] for x in frames]
    means = []
    for distance in (1, 2, 4):
        pairs = list(zip(histograms, histograms[distance:], strict=False))
        means += [np.mean([authors_divergence(a[c], b[c]) for a, b in pairs]) for c in range(3)]
    return np.mean(means)


def score(frames):
    metric = ColorDistributionConsistency()
    for frame in frames:
        metric.update(frame)
    return metric.result()


@settings(deadline=None, max_examples=15)
@given(seeds, st.integers(5, 9))
def test_agrees_with_the_authors_formula(seed, length):
    frames = [codes(seed + number, 12, 16) for number in range(length)]
    assert score(frames) == pytest.approx(by_hand(frames))


@settings(deadline=None)
@given(seeds)
def test_divergence_is_the_square_of_scipys_distance(seed):
    random = np.random.default_rng(seed)
    p, q = random.dirichlet(np.full(256, 0.05), 2)
    divergence = float(jensen_shannon_divergence(torch.from_numpy(p), torch.from_numpy(q)))
    assert divergence == pytest.approx(jensenshannon(p, q) ** 2, abs=1e-12)
    assert divergence == pytest.approx(authors_divergence(p, q), abs=1e-12)


def test_a_still_clip_scores_zero_and_one_that_changes_wholly_the_most():
    assert score([codes(1)] * 6) == 0
    dark, bright = torch.zeros(1, 3, 8, 8), torch.ones(1, 3, 8, 8)
    flips = [dark, bright, dark, bright, dark, bright]  # neighbours differ wholly, frames 2 and 4 apart not at all
    assert score(flips) == pytest.approx(math.log(2) / 3)


def test_short_clips_have_no_number():
    assert isinstance(score([codes(n) for n in range(4)]), Unavailable)
    assert isinstance(score([codes(n) for n in range(5)]), float)


def test_wrong_input_is_refused():
    metric = ColorDistributionConsistency()
    metric.update(codes(1, 8, 8))
    for bad, message in (
        (codes(1, 8, 9), "one size"),
        (codes(1, 8, 8, batch=2), "one at a time"),
        (torch.full((1, 3, 8, 8), math.nan), "not finite"),
    ):
        with pytest.raises(InputError, match=message):
            metric.update(bad)
