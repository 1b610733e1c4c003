import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from vcnode import Settings, Shot, colorize, find_cuts
from vcnode.errors import InputError
from vcnode.sequence.cuts import difference, thumbnail

from .clips import clip, reference


def scene(seed, length=4, height=90, width=160):
    """A smooth random picture, moving by two pixels a frame."""
    generator = torch.Generator().manual_seed(seed)
    coarse = torch.rand(1, 1, 8, 16, generator=generator)
    wide = torch.nn.functional.interpolate(coarse, (height, width + 2 * length), mode="bicubic").clamp(0, 1)
    return [wide[0, 0, :, 2 * n : 2 * n + width].numpy() for n in range(length)]


FILM = [*scene(1), *scene(2), *scene(3)]


def test_cuts_are_where_scenes_change():
    assert find_cuts(FILM) == [4, 8]
    assert find_cuts(FILM[:4]) == find_cuts([]) == []


@settings(max_examples=25)
@given(seed=st.integers(0, 10**6), gain=st.floats(0.4, 1.0), lift=st.floats(0.0, 0.3), noise=st.floats(0, 0.02))
def test_a_change_of_light_or_grain_is_no_cut(seed, gain, lift, noise):
    frames = scene(seed, 2)
    flash = np.clip(frames[1] * gain * 0.7 + lift, 0, 1)
    grain = noise * np.random.default_rng(seed).standard_normal(flash.shape)
    assert find_cuts([frames[0], np.clip(flash + grain, 0, 1).astype(np.float32)]) == []


@settings(max_examples=25)
@given(seed=st.integers(0, 10**6))
def test_the_difference_is_0_for_the_same_picture_and_at_most_1(seed):
    one, other = (thumbnail(torch.from_numpy(scene(each, 1)[0])[None, None] * 100) for each in (seed, seed + 1))
    assert difference(one, one) < 0.01  # the share of grain in it
    assert 0 <= difference(one, other) <= 1


def test_plain_frames_are_alike_and_differ_from_pictures():
    black, gray = np.zeros((90, 160), np.float32), np.full((90, 160), 0.5, np.float32)
    assert find_cuts([black, gray, black]) == []
    assert find_cuts([black, FILM[0]]) == [1]


@pytest.mark.parametrize("threshold", [0, 1, -1, float("nan")])
def test_a_threshold_out_of_range_is_refused(tiny_model, threshold):
    with pytest.raises(InputError, match="threshold"):
        find_cuts(FILM, threshold)
    with pytest.raises(InputError, match="threshold"):
        colorize(FILM, [reference(1)], model=tiny_model, cut_threshold=threshold)


@pytest.mark.parametrize("look_ahead", [1, 3])
def test_colours_start_anew_at_cuts(tiny_model, look_ahead):
    options = {"model": tiny_model, "settings": Settings(look_ahead=look_ahead)}
    found = list(colorize(FILM, [reference(1)], cut_threshold=0.4, **options))
    shots = [Shot(first, first + 3, (reference(1),)) for first in (0, 4, 8)]
    told = list(colorize(FILM, shots=shots, **options))
    assert all(torch.equal(one.ab, other.ab) for one, other in zip(found, told, strict=True))
    unbroken = list(colorize(FILM, [reference(1)], **options))
    assert not torch.equal(unbroken[5].ab, found[5].ab)


def test_frames_of_any_size_can_be_compared():
    assert find_cuts(clip(3)) == find_cuts([frame[:20, :30] for frame in clip(3)])
