import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings

from vcnode.errors import InputError
from vcnode.evaluation.metrics import colorfulness, colorfulness_difference

from .pictures import codes, gray_of, photo, seeds


def by_hand(rgb):
    """The paper's M3, written out for one picture."""
    red, green, blue = rgb[0].double().numpy()
    rg, yb = red - green, 0.5 * (red + green) - blue
    return math.hypot(np.std(rg), np.std(yb)) + 0.3 * math.hypot(np.mean(rg), np.mean(yb))


@settings(deadline=None)
@given(seeds)
def test_is_the_papers_formula(seed):
    picture = codes(seed)
    assert float(colorfulness(picture)) == pytest.approx(by_hand(picture))
    assert float(colorfulness(picture / 255)) == pytest.approx(by_hand(picture), rel=1e-5)


def test_one_flat_colour_counts_by_its_mean_alone():
    red = torch.tensor([1.0, 0.0, 0.0]).view(1, 3, 1, 1).expand(1, 3, 8, 8)
    assert float(colorfulness(red)) == pytest.approx(0.3 * math.hypot(255, 127.5))


def test_gray_is_not_colourful_and_lacks_all_the_truth_has():
    gray = gray_of(photo())
    assert float(colorfulness(gray)) == 0
    assert float(colorfulness_difference(gray, photo())) == pytest.approx(by_hand(photo()))


@settings(deadline=None)
@given(seeds)
def test_difference_is_symmetric_and_zero_for_the_same(seed):
    first, second = codes(seed, batch=2), codes(seed + 1, batch=2)
    assert torch.equal(colorfulness_difference(first, second), colorfulness_difference(second, first))
    assert colorfulness_difference(first, first).tolist() == [0, 0]


def test_wrong_input_is_refused():
    with pytest.raises(InputError, match=r"\(B, 3, H, W\)"):
        colorfulness(torch.zeros(3, 8, 8))
    with pytest.raises(InputError, match="not finite"):
        colorfulness(torch.full((1, 3, 8, 8), math.inf))
