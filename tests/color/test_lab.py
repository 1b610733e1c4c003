import warnings

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from skimage import color

from vcnode.color import (
    gray_of_lightness,
    lab_to_linear_rgb,
    lab_to_rgb,
    lightness_of_gray,
    linear_rgb_to_lab,
    linear_to_srgb,
    rgb_to_lab,
    srgb_to_linear,
)
from vcnode.errors import InputError

from .golden import golden

unit = hnp.arrays(np.float32, (2, 5, 3), elements=st.floats(0, 1, width=32))


def as_planes(image):
    return torch.from_numpy(np.ascontiguousarray(image, dtype=np.float32)).permute(2, 0, 1)[None]


def as_image(planes):
    return planes[0].permute(1, 2, 0).numpy()


@given(unit)
def test_rgb_to_lab_equals_scikit_image(rgb):
    expected = color.rgb2lab(rgb.astype(np.float64))
    np.testing.assert_allclose(as_image(rgb_to_lab(as_planes(rgb))), expected, atol=2e-3)


@given(unit)
def test_lab_to_rgb_equals_scikit_image_in_and_out_of_gamut(values):
    lab = values * np.float32([100, 255, 255]) - np.float32([0, 128, 128])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # scikit-image tells of negative Z
        expected = color.lab2rgb(lab.astype(np.float64))
    np.testing.assert_allclose(as_image(lab_to_rgb(as_planes(lab))), expected, atol=2e-5)


@given(unit)
def test_round_trip(rgb):
    np.testing.assert_allclose(as_image(lab_to_rgb(rgb_to_lab(as_planes(rgb)))), rgb, atol=2e-5)


def test_unclipped_round_trip_beyond_the_gamut():
    rgb = torch.linspace(-0.05, 1.5, 300).reshape(1, 3, 10, 10)
    assert (lab_to_rgb(rgb_to_lab(rgb), clip=False) - rgb).abs().max() < 2e-4
    clipped = lab_to_rgb(rgb_to_lab(rgb))
    assert clipped.min() >= 0
    assert clipped.max() <= 1


def test_linear_variants_are_the_same_colours():
    rgb = torch.rand(1, 3, 8, 8, generator=torch.Generator().manual_seed(1))
    assert torch.allclose(linear_rgb_to_lab(srgb_to_linear(rgb)), rgb_to_lab(rgb))
    assert torch.allclose(linear_to_srgb(lab_to_linear_rgb(rgb_to_lab(rgb))), rgb, atol=2e-5)


@given(hnp.arrays(np.float32, 50, elements=st.floats(-0.5, 2, width=32)))
def test_lightness_of_gray_and_back(luma):
    luma = torch.from_numpy(luma)
    assert (gray_of_lightness(lightness_of_gray(luma)) - luma).abs().max() < 1e-4


def test_lightness_of_gray_is_the_l_of_neutral_rgb_and_rises():
    luma = torch.linspace(-0.2, 1.2, 20001)
    lightness = lightness_of_gray(luma)
    assert (lightness.diff() > 0).all()
    neutral = luma.view(1, 1, 1, -1).expand(1, 3, 1, -1)
    assert (rgb_to_lab(neutral)[:, 0].flatten() - lightness).abs().max() < 1e-3
    assert lightness_of_gray(torch.tensor([0.0, 1.0])).tolist() == pytest.approx([0, 100], abs=1e-3)


def test_gradients_are_finite_everywhere():
    lab = (torch.rand(1, 3, 40, 40, generator=torch.Generator().manual_seed(2)) * 2 - 1) * 128
    lab[..., 0, 0] = 0
    lab.requires_grad_()
    rgb_to_lab(lab_to_rgb(lab)).sum().backward()
    assert lab.grad is not None
    assert torch.isfinite(lab.grad).all()


def test_authors_images():
    rgb, centred, back = golden("misc.npz", "io.wide.centerpad_72x128", "io.lab", "io.lab_to_rgb_u8")
    lab = rgb_to_lab(rgb.permute(2, 0, 1)[None] / 255)
    assert (lab - centred - torch.tensor([50.0, 0, 0]).view(3, 1, 1)).abs().max() < 2e-3
    codes = (lab_to_rgb(lab) * 255).trunc()[0].permute(1, 2, 0)
    difference = (codes - back).abs()
    # Truncation turns rounding errors at whole numbers into steps of one.
    assert difference.max() <= 1
    assert (back.float() - rgb).abs().max() <= 1


@pytest.mark.parametrize("wrong", [torch.zeros(1, 3, 4, 4, dtype=torch.uint8), torch.zeros(1, 1, 4, 4)])
def test_wrong_input_is_named(wrong):
    with pytest.raises(InputError):
        rgb_to_lab(wrong)
