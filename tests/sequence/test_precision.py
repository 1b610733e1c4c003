"""Half precision: nearly the same colours, under keys of their own, and float32 where it is stored."""

import torch

from vcnode import Reference, Settings
from vcnode.sequence.shot_engine import ShotEngine

from .clips import clip, picture, straight

FRAMES = clip(3)
HALF, FULL = Settings(precision="float16"), Settings()


def engine(model, settings):
    lightness = torch.from_numpy(FRAMES[0])[None, None] * 100
    return ShotEngine(model, "a" * 64, [Reference(picture(0))], 0, lightness, settings)


def test_colours_are_nearly_the_same(tiny_model):
    half, full = (straight(tiny_model, FRAMES, [Reference(picture(0))], precision=each.precision)
                  for each in (HALF, FULL))  # fmt: skip
    for one, other in zip(half, full, strict=True):
        difference = (one.ab - other.ab).abs().mean() / other.ab.abs().mean()
        assert 0 < difference < 0.05
        assert one.ab.dtype == one.confidence.dtype == torch.float32


def test_states_have_keys_of_their_own_and_those_of_before_stay(tiny_model):
    assert engine(tiny_model, HALF).start_key != engine(tiny_model, FULL).start_key
    assert "precision" not in FULL.of_state()
