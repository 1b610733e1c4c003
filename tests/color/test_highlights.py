import pytest
import torch

from vcnode.color.highlights import color_highlights
from vcnode.errors import InputError


def slope(height=64, width=128, brightest=4.0):
    """Light that rises from left to right, beyond white in the right part; and ab of one hue, faded near white."""
    luminance = torch.linspace(0.3, brightest, width).expand(1, 1, height, width).contiguous()
    known = (luminance < 0.9).float()
    ab = torch.cat((8 * known, 20 * known), dim=1)
    return luminance, ab


def test_colour_goes_on_beyond_white_and_fades_far_above_it():
    luminance, ab = slope(brightest=3.0)
    colored = color_highlights(ab, luminance)
    beyond = luminance[0, 0, 0] > 1
    assert float(colored[0, 1, :, beyond].min()) > 4
    assert float((colored[0, 0] / colored[0, 1])[:, beyond].sub(0.4).abs().max()) < 0.01  # the same hue
    blinding = color_highlights(ab, luminance * torch.where(luminance > 1, 16.0, 1.0))
    assert not blinding[0, :, :, beyond].any()


def test_what_is_not_bright_is_left_alone():
    luminance, ab = slope()
    colored = color_highlights(ab, luminance)
    dark = luminance[0, 0, 0] < 0.9
    assert torch.equal(colored[..., dark], ab[..., dark])
    assert color_highlights(ab, luminance * 0.2) is ab


def test_colour_does_not_cross_the_edge_of_something_dark():
    luminance = torch.full((1, 1, 64, 128), 2.0)
    luminance[..., :64] = 0.15
    ab = torch.zeros(1, 2, 64, 128)
    ab[..., :64] = 40
    assert float(color_highlights(ab, luminance)[..., 64:].abs().max()) < 1


@pytest.mark.parametrize("size", [(1, 1), (3, 7), (5, 200)])
def test_any_size_is_finite(size):
    luminance = torch.rand(1, 1, *size) * 30 - 1
    assert bool(color_highlights(torch.randn(1, 2, *size) * 50, luminance).isfinite().all())


def test_planes_that_do_not_fit_are_refused():
    with pytest.raises(InputError):
        color_highlights(torch.zeros(1, 2, 4, 4), torch.zeros(1, 1, 4, 5))
