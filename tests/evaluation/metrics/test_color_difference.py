import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from skimage.color import deltaE_ciede2000

from vcnode.color import rgb_to_lab
from vcnode.errors import InputError
from vcnode.evaluation.metrics import ciede2000, color_difference

from .pictures import codes, seeds

# The pairs of Sharma, Wu & Dalal (2005), Table 1, at which implementations usually differ.
SHARMA = [
    ((50, 2.6772, -79.7751), (50, 0, -82.7485), 2.0425),
    ((50, -1.3802, -84.2814), (50, 0, -82.7485), 1.0),
    ((50, 0, 0), (50, -1, 2), 2.3669),
    ((50, 2.49, -0.001), (50, -2.49, 0.0009), 7.1792),
    ((50, 2.49, -0.001), (50, -2.49, 0.0011), 7.2195),
    ((50, -0.001, 2.49), (50, 0.0009, -2.49), 4.8045),
    ((50, -0.001, 2.49), (50, 0.0011, -2.49), 4.7461),
    ((50, 2.5, 0), (50, 0, -2.5), 4.3065),
    ((50, 2.5, 0), (73, 25, -18), 27.1492),
    ((50, 2.5, 0), (56, -27, -3), 31.9030),
    ((60.2574, -34.0099, 36.2677), (60.4626, -34.1751, 39.4387), 1.2644),
    ((63.0109, -31.0961, -5.8663), (62.8187, -29.7946, -4.0864), 1.2630),
    ((22.7233, 20.0904, -46.6940), (23.0331, 14.9730, -42.5619), 2.0373),
    ((90.8027, -2.0831, 1.4410), (91.1528, -1.6435, 0.0447), 1.4441),
    ((2.0776, 0.0795, -1.1350), (0.9033, -0.0636, -0.5514), 0.9082),
]


def pixel(lab):
    return torch.tensor(lab, dtype=torch.float64).view(1, 3, 1, 1)


def as_image(lab):
    return np.moveaxis(lab.double().numpy(), 1, -1)


@pytest.mark.parametrize(("first", "second", "expected"), SHARMA)
def test_published_pairs(first, second, expected):
    assert float(ciede2000(pixel(first), pixel(second))) == pytest.approx(expected, abs=2e-4)
    assert float(ciede2000(pixel(second), pixel(first))) == pytest.approx(expected, abs=2e-4)


@settings(deadline=None)
@given(seeds)
def test_agrees_with_scikit_image(seed):
    first, second = (rgb_to_lab(codes(value).double() / 255) for value in (seed, seed + 1))
    expected = deltaE_ciede2000(as_image(first), as_image(second))
    np.testing.assert_allclose(ciede2000(first, second).numpy(), expected, atol=2e-3)


@settings(deadline=None)
@given(seeds)
def test_mean_and_percentile_are_numpys(seed):
    first, second = (rgb_to_lab(codes(value, batch=2).double() / 255) for value in (seed, seed + 1))
    pixels = ciede2000(first, second).flatten(1).double().numpy()
    difference = color_difference(first, second)
    np.testing.assert_allclose(difference.mean.numpy(), pixels.mean(axis=1))
    expected = np.percentile(pixels, 95, axis=1, method="inverted_cdf")
    np.testing.assert_array_equal(difference.percentile_95.numpy(), expected)


def test_equal_colours_do_not_differ_even_where_gray():
    lab = torch.cat((pixel((50, 0, 0)), pixel((0, 0, 0)), pixel((70, -40, 60))))
    assert ciede2000(lab, lab).abs().max() == 0
    assert color_difference(lab, lab).mean.tolist() == [0, 0, 0]


def test_wrong_input_is_refused():
    lab = torch.zeros(1, 3, 8, 8)
    for bad, message in ((lab[:, :2], "same size"), (lab * math.nan, "not finite"), (lab + 300, "-128..127")):
        with pytest.raises(InputError, match=message):
            color_difference(bad, lab)
