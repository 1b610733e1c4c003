import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st

from vcnode.training.data.smooth_fields import gaussian_blur, spline_surface


def test_the_blur_is_a_convolution_with_a_gaussian_and_zeros_beyond():
    field = torch.rand(2, 3, 20, 27, generator=torch.Generator().manual_seed(0))
    places = torch.arange(-27.0, 28)
    weights = torch.exp(-0.5 * (places / 2.5) ** 2) / (2.5 * (2 * torch.pi) ** 0.5)
    kernel = weights[:, None] * weights
    expected = F.conv2d(field.flatten(0, 1)[:, None], kernel[None, None], padding=27).view_as(field)
    assert torch.allclose(gaussian_blur(field, 2.5), expected, atol=1e-5)


@settings(max_examples=30, deadline=None)
@given(st.integers(4, 9), st.integers(4, 9), st.integers(1, 40), st.integers(1, 40))
def test_a_spline_reproduces_constants_and_planes(rows, columns, height, width):
    flat = spline_surface(torch.full((1, rows, columns), 3.0), height, width)
    assert flat.shape == (1, height, width)
    assert torch.allclose(flat, torch.tensor(3.0), atol=1e-5)
    tilted = spline_surface(torch.arange(columns).float().expand(rows, columns), height, width)
    expected = (torch.arange(width) + 0.5) / width * (columns - 3) + 1
    assert torch.allclose(tilted, expected.expand(height, width), atol=1e-4)


def test_a_spline_has_no_kinks():
    control = torch.randn(5, 7, generator=torch.Generator().manual_seed(0))
    surface = spline_surface(control, 80, 120)
    bends = surface.diff(n=2, dim=1)
    assert bends.diff(dim=1).abs().max() < 0.15 * bends.abs().max()


def test_random_control_points_of_deviation_1_give_about_a_half():
    control = torch.randn(400, 5, 7, generator=torch.Generator().manual_seed(0))
    assert spline_surface(control, 30, 40).std() == pytest.approx(0.5, abs=0.05)
