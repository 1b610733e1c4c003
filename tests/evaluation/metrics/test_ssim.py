import pytest
import torch
from hypothesis import given, settings
from skimage.metrics import structural_similarity

from vcnode.errors import InputError
from vcnode.evaluation.metrics import ssim

from .pictures import codes, gray_of, last, photo, seeds, sides


def reference(result, truth):
    gaussian = {"gaussian_weights": True, "sigma": 1.5, "use_sample_covariance": False}
    return structural_similarity(last(truth), last(result), channel_axis=2, data_range=255, **gaussian)


@settings(deadline=None)
@given(seeds, sides, sides)
def test_agrees_with_scikit_image_on_noise(seed, height, width):
    result, truth = codes(seed, height, width), codes(seed + 1, height, width)
    assert float(ssim(result, truth)) == pytest.approx(reference(result, truth), abs=1e-9)


def test_agrees_with_scikit_image_on_a_photo():
    truth, result = photo(), gray_of(photo())
    assert float(ssim(result, truth)) == pytest.approx(reference(result, truth), abs=1e-9)


def test_flat_dark_and_bright_pictures_agree_with_scikit_image():
    for level in (0, 255):
        truth = torch.full((1, 3, 16, 16), level, dtype=torch.uint8)
        result = truth.clone()
        result[..., 8:, :] = abs(level - 3)
        assert float(ssim(result, truth)) == pytest.approx(reference(result, truth), abs=1e-9)


@settings(deadline=None)
@given(seeds)
def test_equal_pictures_score_one_and_order_does_not_matter(seed):
    first, second = codes(seed, batch=2), codes(seed + 1, batch=2)
    assert ssim(first, first).tolist() == pytest.approx([1, 1])
    assert ssim(first, second).tolist() == pytest.approx(ssim(second, first).tolist())


def test_pictures_below_the_window_are_refused():
    with pytest.raises(InputError, match="at least 11"):
        ssim(codes(1, 10, 32), codes(2, 10, 32))
    with pytest.raises(InputError, match="at least 11"):
        ssim(codes(1, 32, 10), codes(2, 32, 10))
