import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from vcnode.training.data.config import FilmLook
from vcnode.training.data.film import in_other_light, on_film
from vcnode.training.data.randomness import SampleRandom

NOTHING = FilmLook(noise=0, exposure=0)
strengths = st.floats(0, 50)
looks = st.builds(
    FilmLook,
    noise=strengths,
    grain=strengths,
    exposure=strengths,
    tone=st.floats(0, 3),
    blur=st.floats(0, 1),
    light=st.floats(0, 3),
)


def random(count=8):
    return SampleRandom(range(count), "cpu")


def ramp(count=8, frames=3):
    return torch.linspace(0, 100, 40 * 60).view(1, 1, 1, 40, 60).repeat(count, frames, 1, 1, 1)


def test_no_film_changes_nothing():
    assert torch.allclose(on_film(ramp(), NOTHING, random()), ramp(), atol=1e-4)
    lab = torch.rand(8, 3, 20, 30)
    assert torch.equal(in_other_light(lab, NOTHING, random()), lab)


@settings(max_examples=25, deadline=None)
@given(looks)
def test_any_film_gives_lightness_in_range_and_keeps_colours(look):
    seen = on_film(ramp(2), look, random(2))
    assert seen.shape == ramp(2).shape
    assert 0 <= seen.min() <= seen.max() <= 100
    lab = torch.cat((ramp(2)[:, 0], torch.rand(2, 2, 40, 60)), dim=1)
    lit = in_other_light(lab, look, random(2))
    assert torch.equal(lit[:, 1:], lab[:, 1:])
    assert 0 <= lit[:, 0].min() <= lit[:, 0].max() <= 100


def test_noise_is_as_strong_as_said_and_new_in_every_frame():
    gray = torch.full((4, 3, 1, 60, 80), 50.0)
    noise = on_film(gray, FilmLook(noise=2, exposure=0), random(4)) - 50
    assert noise.std() == pytest.approx(2, rel=0.03)
    assert (noise[:, 0] * noise[:, 1]).mean().abs() < 0.1


def test_grain_differs_from_clip_to_clip():
    gray = torch.full((12, 2, 1, 40, 60), 50.0)
    deviations = (on_film(gray, FilmLook(noise=0, exposure=0, grain=6), random(12)) - 50).std(dim=(1, 2, 3, 4))
    assert deviations.min() < 2 < 4 < deviations.max() < 6.3


def test_exposure_drifts_after_the_first_frame():
    gray = torch.full((300, 3, 1, 2, 2), 50.0)
    offset = (on_film(gray, FilmLook(noise=0, exposure=5), random(300)) - 50).mean(dim=(2, 3, 4))
    assert torch.all(offset[:, 0] == 0)
    assert offset[:, 1:].std() == pytest.approx(5, rel=0.15)
    assert torch.corrcoef(offset[:, 1:].T)[0, 1].abs() < 0.2


def test_another_tone_keeps_order_and_ends():
    toned = on_film(ramp(), FilmLook(noise=0, exposure=0, tone=0.3), random())
    assert (toned.flatten(2).diff(dim=2) >= 0).all()
    assert torch.allclose(toned[..., 0, 0], torch.tensor(0.0), atol=1e-3)
    assert torch.allclose(toned[..., -1, -1], torch.tensor(100.0), atol=1e-3)
    assert toned[:, :, 0, 20, 30].std(dim=0).min() > 1
    assert torch.allclose(toned[:, 0], toned[:, 1], atol=1e-4)


def test_blur_softens_some_clips():
    stripes = 100.0 * (torch.arange(30) % 2).view(1, 1, 1, 1, -1).repeat(40, 2, 1, 10, 1)
    contrast = on_film(stripes, FilmLook(noise=0, exposure=0, blur=0.3), random(40)).std(dim=(1, 2, 3, 4))
    assert 4 <= (contrast < 30).sum() <= 22


def test_another_light_is_smooth():
    lab = torch.full((8, 3, 40, 60), 40.0)
    lit = in_other_light(lab, FilmLook(light=0.3), random())[:, 0]
    assert lit.std() > 1
    assert lit.diff(dim=2).abs().max() < 3
