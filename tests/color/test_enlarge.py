from typing import get_args

import pytest
import torch
import torch.nn.functional as F

from vcnode.color import Enlarging, enlarge_ab, fade_extremes, upsample_ab

METHODS = get_args(Enlarging.__value__)
KNOWN, LOST = torch.zeros(1, 1, 1, 1), torch.full((1, 1, 1, 1), 1e4)


def planes(lightness=(20, 90)):
    """Colours at a working size, L there, L of the frame."""
    random = torch.Generator().manual_seed(3)
    ab = 30 * F.interpolate(torch.randn(1, 2, 6, 8, generator=random), (24, 32), mode="bicubic")
    dark, bright = lightness
    full = dark + (bright - dark) * torch.rand(1, 1, 60, 80, generator=random)
    return ab, F.interpolate(full, (24, 32), mode="bilinear", antialias=True), full


def test_known_colours_keep_their_detail_and_doubtful_ones_follow_edges():
    ab, low, full = planes()
    assert torch.allclose(enlarge_ab(ab, KNOWN, low, full), upsample_ab(ab, low, full, "bicubic"), atol=1e-4)
    assert torch.allclose(enlarge_ab(ab, LOST, low, full), upsample_ab(ab, low, full, "bilateral"), atol=0.1)


def test_pixels_are_treated_each_by_itself():
    ab, low, full = planes()
    half = torch.zeros(1, 1, 24, 32)
    half[..., 16:] = 1e4
    mixed = enlarge_ab(ab, half, low, full)
    assert torch.allclose(mixed[..., :36], enlarge_ab(ab, KNOWN, low, full)[..., :36], atol=1e-4)
    assert torch.allclose(mixed[..., 44:], enlarge_ab(ab, LOST, low, full)[..., 44:], atol=1e-4)


def test_enlarging_known_colours_is_closer_to_the_truth():
    ab, low, full = planes()
    truth = F.interpolate(ab, (60, 80), mode="bicubic", align_corners=False)
    shrunk = F.interpolate(truth, (24, 32), mode="bilinear", antialias=True)
    errors = [(enlarge_ab(shrunk, doubt, low, full) - truth).square().mean() for doubt in (KNOWN, LOST)]
    assert errors[0] < errors[1] / 2


@pytest.mark.parametrize("method", METHODS)
def test_only_doubtful_colours_fade_near_black_and_white(method):
    ab, low, full = planes((0, 5))
    known, lost = (enlarge_ab(ab, doubt, low, full, method) for doubt in (KNOWN, LOST))
    assert lost.square().mean() < 0.5 * known.square().mean()
    if method != "adaptive":
        plain = upsample_ab(ab, low, full, method)
        assert torch.equal(known, plain)
        assert torch.allclose(lost, fade_extremes(plain, full), atol=0.1)
