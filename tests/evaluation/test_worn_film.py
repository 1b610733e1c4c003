import pytest
import torch

from vcnode.evaluation.worn_film import worn

LUMA = torch.full((1, 1, 64, 96), 0.4)


def test_a_frame_is_worn_the_same_way_every_time_and_each_in_its_own():
    assert torch.equal(worn(LUMA, 3), worn(LUMA, 3))
    assert not torch.equal(worn(LUMA, 3), worn(LUMA, 4))


def test_exposure_flickers_and_grain_lies_over_it():
    frames = [worn(LUMA, number) for number in range(18)]
    exposures = torch.stack([frame.mean() for frame in frames]) / 0.4
    assert exposures.min() < 0.95
    assert exposures.max() > 1.05
    assert ((exposures - 1).abs() < 0.125).all()
    assert all(float(frame.std()) == pytest.approx(0.03, rel=0.05) for frame in frames)


@pytest.mark.parametrize("number", [18, 19, 38])
def test_now_and_then_it_flashes(number):
    assert worn(LUMA, number).mean() > 0.7
    assert worn(LUMA, 20).mean() < 0.5


@pytest.mark.parametrize("level", [0.0, 1.0])
def test_codes_stay_in_range(level):
    frame = worn(torch.full_like(LUMA, level), 18)
    assert 0 <= frame.min() <= frame.max() <= 1
