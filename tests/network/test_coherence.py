"""Colours that hold together where matching is unsure."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from vcnode.network.coherence import make_coherent


def noisy(batch=1, height=24, width=32, spread=20.0):
    generator = torch.Generator().manual_seed(3)
    return spread * torch.randn(batch, 2, height, width, generator=generator)


def textured(batch=1, height=96, width=128):
    generator = torch.Generator().manual_seed(4)
    return 50 + torch.randn(batch, 1, height, width, generator=generator)


def test_sure_colours_stay_what_they_are():
    ab = noisy()
    sure = torch.ones(1, 1, 24, 32)
    assert (make_coherent(ab, sure, textured()) - ab).abs().max() < 0.5


def test_unsure_colours_lose_their_blotches():
    ab = noisy()
    unsure = torch.full((1, 1, 24, 32), 0.3)
    assert make_coherent(ab, unsure, textured()).std() < 0.2 * ab.std()


def test_an_edge_of_luma_keeps_two_colours_apart():
    lightness = textured()
    lightness[..., 64:] += 40
    ab = noisy(spread=5.0)
    ab[..., :16] += 30
    ab[..., 16:] -= 30
    coherent = make_coherent(ab, torch.full((1, 1, 24, 32), 0.3), lightness)
    assert (coherent[..., :16] - 30).abs().mean() < 5
    assert (coherent[..., 16:] + 30).abs().mean() < 5


def test_sure_neighbours_decide_what_an_unsure_place_becomes():
    ab = torch.full((1, 2, 24, 32), 20.0)
    confidence = torch.ones(1, 1, 24, 32)
    ab[..., 12, 16] = -60.0
    confidence[..., 12, 16] = 0.2
    assert (make_coherent(ab, confidence, textured())[..., 12, 16] - 20).abs().max() < 6


@given(
    color=st.floats(-120, 120),
    confidence=st.floats(-1, 1),
    size=st.sampled_from([(16, 16), (17, 33), (24, 40)]),
)
def test_one_colour_everywhere_stays_that_colour(color, confidence, size):
    ab = torch.full((1, 2, *size), color)
    sure = torch.full((1, 1, *size), confidence)
    lightness = textured(height=4 * size[0], width=4 * size[1])
    assert make_coherent(ab, sure, lightness).numpy() == pytest.approx(color, abs=0.05)


def test_a_batch_is_its_frames_one_by_one():
    ab, confidence, lightness = noisy(3), torch.rand(3, 1, 24, 32), textured(3)
    together = make_coherent(ab, confidence, lightness)
    for number in range(3):
        one = slice(number, number + 1)
        alone = make_coherent(ab[one], confidence[one], lightness[one])
        assert torch.allclose(together[one], alone, atol=1e-4)
