import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.linalg import sqrtm

from vcnode.errors import InputError
from vcnode.evaluation.metrics import FeatureStatistics, frechet_distance

from .pictures import seeds


def features(seed, count, width, offset=0.0):
    random = np.random.default_rng(seed)
    return random.normal(size=(count, width)) @ random.normal(size=(width, width)) + offset


def statistics(values, batches=1):
    gathered = FeatureStatistics()
    for part in np.array_split(values, batches):
        gathered.update(torch.from_numpy(part))
    return gathered


def by_hand(first, second):
    """The formula with a matrix root, as the authors' script has it."""
    c1, c2 = (np.cov(values, rowvar=False) for values in (first, second))
    difference = first.mean(axis=0) - second.mean(axis=0)
    return difference @ difference + np.trace(c1) + np.trace(c2) - 2 * np.trace(sqrtm(c1 @ c2)).real


@settings(deadline=None)
@given(seeds, st.integers(2, 8))
def test_agrees_with_a_matrix_root(seed, width):
    first, second = features(seed, 60, width), features(seed + 1, 50, width, offset=0.5)
    expected = by_hand(first, second)
    assert frechet_distance(statistics(first), statistics(second)) == pytest.approx(expected, rel=1e-6, abs=1e-6)


@settings(deadline=None)
@given(seeds, st.integers(1, 20), st.floats(-1e6, 1e6))
def test_batches_add_up_to_the_whole_even_far_from_zero(seed, batches, offset):
    values = features(seed, 40, 3, offset)
    gathered = statistics(values, batches)
    np.testing.assert_allclose(gathered.mean.numpy(), values.mean(axis=0), rtol=1e-12, atol=1e-9)
    np.testing.assert_allclose(gathered.covariance.numpy(), np.cov(values, rowvar=False), rtol=1e-5, atol=1e-6)


def test_one_dimension_has_a_closed_form():
    narrow, wide = np.array([[-1.0], [1.0]] * 50), np.array([[3.0], [7.0]] * 50)
    spread1, spread2 = narrow.std(ddof=1), wide.std(ddof=1)
    assert frechet_distance(statistics(narrow), statistics(wide)) == pytest.approx(25 + (spread1 - spread2) ** 2)


@settings(deadline=None)
@given(seeds)
def test_is_symmetric_and_zero_for_the_same_even_where_singular(seed):
    first, second = features(seed, 4, 6), features(seed + 1, 4, 6)  # fewer than dimensions
    forth, back = (frechet_distance(statistics(a), statistics(b)) for a, b in ((first, second), (second, first)))
    assert forth == pytest.approx(back, rel=1e-6, abs=1e-6)
    assert frechet_distance(statistics(first), statistics(first)) == pytest.approx(0, abs=1e-5)


def test_wrong_input_is_refused():
    one = statistics(features(1, 2, 3))
    with pytest.raises(InputError, match="width"):
        frechet_distance(one, statistics(features(1, 2, 4)))
    with pytest.raises(InputError, match=r"\(N, 3\)"):
        one.update(torch.zeros(2, 4))
    with pytest.raises(InputError, match="not finite"):
        one.update(torch.full((2, 3), torch.nan))
    with pytest.raises(InputError, match="two or more"):
        frechet_distance(statistics(features(1, 1, 3)), one)
