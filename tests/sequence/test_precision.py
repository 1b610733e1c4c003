"""Half precision: nearly the same colours, under keys of their own, and float32 where it is stored."""

import pytest
import torch

from vcnode import Reference, Settings
from vcnode.sequence.shot_engine import ShotEngine

from .clips import clip, picture, straight

FRAMES = clip(3)
HALVES = [Settings(precision="float16"), Settings(precision="bfloat16")]
FULL = Settings()


def engine(model, settings):
    lightness = torch.from_numpy(FRAMES[0])[None, None] * 100
    return ShotEngine(model, "a" * 64, [Reference(picture(0))], 0, lightness, settings)


@pytest.mark.parametrize("half", HALVES, ids=str)
def test_colours_are_nearly_the_same(tiny_model, half):
    half, full = (straight(tiny_model, FRAMES, [Reference(picture(0))], precision=each.precision)
                  for each in (half, FULL))  # fmt: skip
    for one, other in zip(half, full, strict=True):
        difference = (one.ab - other.ab).abs().mean() / other.ab.abs().mean()
        assert 0 < difference < 0.05
        assert one.ab.dtype == one.confidence.dtype == torch.float32


def test_states_have_keys_of_their_own_and_those_of_before_stay(tiny_model):
    assert len({engine(tiny_model, each).start_key for each in (*HALVES, FULL)}) == 3
    assert "precision" not in FULL.of_state()
