"""What flickers and grains is told from what has changed in the picture."""

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st

from vcnode.network.frame_difference import frame_difference

EVERYWHERE = torch.ones(1, 1, 1, 1)


def picture(seed=0, batch=1, height=64, width=96):
    """Soft shapes, L 10..90."""
    random = torch.Generator().manual_seed(seed)
    coarse = torch.rand(batch, 1, height // 16, width // 16, generator=random)
    return 10 + 80 * F.interpolate(coarse, (height, width), mode="bicubic").clamp(0, 1)


def exposed_alike(moved, lightness, known):
    """The frame before at the frame's exposure."""
    return lightness - frame_difference(moved, lightness, known)[0]


def noise(like, strength, seed=1):
    return strength * torch.randn(like.shape, generator=torch.Generator().manual_seed(seed))


@settings(max_examples=20)
@given(st.floats(0.3, 3), st.floats(-30, 30), st.integers(0, 50))
def test_any_gain_and_offset_is_found(gain, offset, seed):
    lightness = picture(seed)
    moved = (lightness - 50 - offset) / gain + 50
    left = exposed_alike(moved, lightness, EVERYWHERE) - lightness
    assert left.abs().mean() < 0.5 + 0.02 * (moved - lightness).abs().mean()


def test_frames_of_one_exposure_stay_as_they_are():
    lightness = picture()
    moved = lightness + noise(lightness, 2)
    assert torch.allclose(exposed_alike(moved, lightness, EVERYWHERE), moved, atol=0.2)


def test_what_comes_into_the_picture_is_no_flicker():
    lightness = picture()
    moved = lightness * 0.8 + 6
    lightness = lightness.clone()
    lightness[..., 20:28, 30:38] = 50  # a twentieth of it would be too much to be the same picture
    exposed = exposed_alike(moved, lightness, EVERYWHERE)
    still = torch.ones_like(lightness, dtype=torch.bool)
    still[..., 20:28, 30:38] = False
    assert (exposed - lightness)[still].abs().max() < 0.5
    assert (exposed - picture()).abs().max() < 0.5


def test_after_a_cut_nothing_is_changed():
    before = picture(1)
    now = picture(2)
    difference, grain = frame_difference(before, now, EVERYWHERE)
    assert torch.equal(difference, now - before)
    assert not grain.any()


def test_where_there_was_no_frame_nothing_counts():
    lightness = picture()
    moved, known = lightness * 0.8 + 6, torch.ones_like(lightness)
    moved[..., :40], known[..., :40] = 0, 0
    difference, _ = frame_difference(moved, lightness, known)
    assert not difference[..., :40].any()
    assert difference.abs().max() < 0.1
    assert not any(part.any() for part in frame_difference(moved, lightness, torch.zeros(1, 1, 1, 1)))


@pytest.mark.parametrize("level", [0.0, 50.0, 100.0])
def test_pictures_without_contrast_may_flash_too(level):
    flat = torch.full((1, 1, 64, 96), level)
    assert frame_difference(flat, flat + 10, EVERYWHERE)[0].abs().max() < 1e-3


def test_every_picture_of_a_batch_is_one_by_itself():
    lightness = picture(batch=3)
    moved = lightness * torch.tensor([0.7, 1, 1.4]).view(3, 1, 1, 1)
    together = exposed_alike(moved, lightness, EVERYWHERE)
    alone = [exposed_alike(one[None], other[None], EVERYWHERE) for one, other in zip(moved, lightness, strict=True)]
    assert torch.allclose(together, torch.cat(alone), atol=1e-4)


@pytest.mark.parametrize("strength", [0.5, 1.5, 3.0])
def test_grain_is_measured_and_what_moves_is_not(strength):
    lightness, moved = (picture() + noise(picture(), strength, seed) for seed in (1, 2))
    lightness[..., 20:32, 30:44] += noise(lightness[..., 20:32, 30:44], 30)
    _, grain = frame_difference(moved, lightness, EVERYWHERE)
    assert float(grain) == pytest.approx(2 * strength**2, rel=0.25)
    assert float(frame_difference(moved, moved, EVERYWHERE)[1]) == 0
