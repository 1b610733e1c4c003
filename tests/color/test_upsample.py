import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st

from vcnode.color import upsample_ab
from vcnode.errors import InputError

METHODS = ["bilateral", "bicubic", "bilinear", "guided"]
sides = st.integers(3, 40)


@given(sides, sides, st.integers(3, 90), st.integers(3, 90), st.sampled_from(METHODS), st.integers(0, 999))
@settings(max_examples=60)
def test_constant_colour_stays_constant(h, w, height, width, method, seed):
    random = torch.Generator().manual_seed(seed)
    ab = torch.tensor([30.0, -20.0]).view(1, 2, 1, 1).expand(2, 2, h, w)
    low = torch.rand(2, 1, h, w, generator=random) * 100
    full = torch.rand(2, 1, height, width, generator=random) * 100
    result = upsample_ab(ab, low, full, method)
    assert result.shape == (2, 2, height, width)
    assert (result - ab[..., :1, :1]).abs().max() < 0.02


@pytest.mark.parametrize("method", METHODS)
def test_equal_sizes_return_the_input(method):
    ab, guide = torch.rand(1, 2, 9, 12), torch.rand(1, 1, 9, 12)
    assert torch.equal(upsample_ab(ab, guide, guide, method), ab)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("size", [(75, 119), (119, 75), (60, 80), (31, 200)])
def test_geometry_has_half_pixel_centres(method, size):
    """A ramp over a flat guide keeps its place: no shift, at any factor."""
    h, w = 30, 40
    y = (torch.arange(h) + 0.5).view(h, 1).expand(h, w) / h
    x = ((torch.arange(w) + 0.5) / w).expand(h, w)
    ab = 100 * torch.stack((y, x))[None]
    height, width = size
    result = upsample_ab(ab, torch.full((1, 1, h, w), 50.0), torch.full((1, 1, height, width), 50.0), method)
    expected_y = (100 * (torch.arange(height) + 0.5) / height).view(-1, 1)
    expected_x = 100 * (torch.arange(width) + 0.5) / width
    inner = (slice(height // 10, -(height // 10)), slice(width // 10, -(width // 10)))
    # The bilateral kernel is not linear between pixels: a quarter of a working pixel at most.
    assert (result[0, 0] - expected_y)[inner].abs().max() < 0.3 * 100 / h
    assert (result[0, 1] - expected_x)[inner].abs().max() < 0.3 * 100 / w
    assert abs((result[0, 0] - expected_y)[inner].mean()) < 0.02 * 100 / h
    assert abs((result[0, 1] - expected_x)[inner].mean()) < 0.02 * 100 / w


def edge_picture():
    """A bright red half and a dark blue half, whose edge lies inside a working pixel."""
    height, width, factor = 64, 96, 8
    is_left = (torch.arange(width) < 51).expand(1, 1, height, width)
    guide = torch.where(is_left, 75.0, 30.0)
    ab = torch.cat((torch.where(is_left, 60.0, 0.0), torch.where(is_left, 0.0, -60.0)), 1)
    return F.avg_pool2d(ab, factor), F.avg_pool2d(guide, factor), guide, ab


def test_colour_keeps_to_the_edge():
    low_ab, low, full, ab = edge_picture()
    errors = {method: (upsample_ab(low_ab, low, full, method) - ab).abs().mean().item() for method in METHODS}
    assert errors["bilateral"] < 0.1 * errors["bilinear"]
    assert errors["guided"] < errors["bilinear"]


def test_a_pixel_unlike_all_its_neighbours_still_gets_their_colour():
    ab, low = torch.full((1, 2, 4, 4), 25.0), torch.zeros(1, 1, 4, 4)
    full = torch.full((1, 1, 13, 13), 100.0)
    assert torch.allclose(upsample_ab(ab, low, full), torch.tensor(25.0))


def test_guided_cleans_noisy_colour():
    random = torch.Generator().manual_seed(4)
    ab = torch.randn(1, 2, 20, 20, generator=random) * 5
    low, full = torch.full((1, 1, 20, 20), 40.0), torch.full((1, 1, 50, 50), 40.0)
    assert upsample_ab(ab, low, full, "guided").std() < 0.5 * upsample_ab(ab, low, full, "bilinear").std()


def test_wrong_input_is_named():
    ab, low, full = torch.zeros(1, 2, 4, 4), torch.zeros(1, 1, 4, 4), torch.zeros(1, 1, 8, 8)
    with pytest.raises(InputError, match="lanczos"):
        upsample_ab(ab, low, full, "lanczos")
    with pytest.raises(InputError, match="must agree"):
        upsample_ab(ab, torch.zeros(1, 1, 4, 5), full)
    with pytest.raises(InputError, match="one for each"):
        upsample_ab(ab, low, torch.zeros(2, 1, 8, 8))
