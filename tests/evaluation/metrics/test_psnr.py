import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from skimage.metrics import peak_signal_noise_ratio

from vcnode.errors import InputError
from vcnode.evaluation.metrics import psnr_ab, psnr_colormnet_script, psnr_rgb

from .pictures import codes, gray_of, last, photo, seeds, sides


@settings(deadline=None)
@given(seeds, sides, sides)
def test_rgb_agrees_with_scikit_image(seed, height, width):
    result, truth = codes(seed, height, width), codes(seed + 1, height, width)
    assert float(psnr_rgb(result, truth)) == pytest.approx(peak_signal_noise_ratio(last(truth), last(result)))


def test_each_picture_of_a_batch_has_its_own_number():
    truth = codes(1, batch=2)
    result = truth.clone()
    result[1, 0] ^= 1
    exact, off = psnr_rgb(result, truth).tolist()
    assert exact == math.inf
    assert off == pytest.approx(10 * math.log10(255**2 * 3))


def test_rounding_is_what_a_saved_picture_has_and_can_be_left_out():
    truth = torch.full((1, 3, 16, 16), 100 / 255)
    result = truth + 0.4 / 255
    assert float(psnr_rgb(result, truth)) == math.inf
    assert float(psnr_rgb(result, truth, rounded=False)) == pytest.approx(20 * math.log10(255 / 0.4), abs=1e-3)


@settings(deadline=None)
@given(seeds)
def test_floats_and_eight_bit_codes_score_alike(seed):
    result, truth = codes(seed), codes(seed + 1)
    assert torch.equal(psnr_rgb(result, truth), psnr_rgb(result / 255, truth / 255))


def test_ab_counts_a_and_b_alike_against_a_span_of_255():
    truth = torch.zeros(1, 2, 8, 8)
    result = truth.clone()
    result[:, 0] = 3.0
    result[:, 1] = -4.0
    assert float(psnr_ab(result, truth)) == pytest.approx(10 * math.log10(255**2 / 12.5))


@settings(deadline=None)
@given(seeds)
def test_script_wraps_as_numpy_does_in_eight_bits(seed):
    result, truth = codes(seed), codes(seed + 1)
    difference = last(truth) - last(result)
    expected = 20 * np.log10(255 / np.sqrt((difference**2).mean()))
    assert float(psnr_colormnet_script(result, truth)) == pytest.approx(expected)


@settings(deadline=None)
@given(seeds, st.integers(1, 15))
def test_script_is_right_while_no_error_reaches_16_codes(seed, largest):
    truth = codes(seed).clamp(15, 240)
    errors = np.random.default_rng(seed).integers(-largest, largest + 1, truth.shape)
    result = (truth.long() + torch.from_numpy(errors)).to(torch.uint8)
    assert torch.equal(psnr_colormnet_script(result, truth), psnr_rgb(result, truth))


def test_script_flatters_a_picture_left_gray():
    gray = gray_of(photo())
    assert float(psnr_rgb(gray, photo())) < 19
    assert float(psnr_colormnet_script(gray, photo())) > 29


@pytest.mark.parametrize("metric", [psnr_rgb, psnr_colormnet_script])
@pytest.mark.parametrize(
    ("result", "truth", "message"),
    [
        (torch.zeros(1, 3, 8, 8), torch.zeros(1, 3, 8, 9), "same size"),
        (torch.zeros(1, 1, 8, 8), torch.zeros(1, 1, 8, 8), r"\(B, 3, H, W\)"),
        (torch.full((1, 3, 8, 8), math.nan), torch.zeros(1, 3, 8, 8), "not finite"),
        (torch.full((1, 3, 8, 8), 200.0), torch.zeros(1, 3, 8, 8), "0..1"),
        (torch.zeros(1, 3, 8, 8).long(), torch.zeros(1, 3, 8, 8), "type"),
        (torch.zeros(1, 3, 0, 8), torch.zeros(1, 3, 0, 8), "empty"),
    ],
)
def test_wrong_input_is_refused(metric, result, truth, message):
    with pytest.raises(InputError, match=message):
        metric(result, truth)


def test_wrong_ab_is_refused():
    good = torch.zeros(1, 2, 8, 8)
    for bad, message in ((good + 200, "-128..127"), (good * math.nan, "not finite"), (good.to(torch.uint8), "type")):
        with pytest.raises(InputError, match=message):
            psnr_ab(bad, good)
