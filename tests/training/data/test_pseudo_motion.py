import pytest
import torch

from vcnode.network.alignment import warp
from vcnode.training.data.pseudo_motion import pseudo_motion, smooth_displacement
from vcnode.training.data.randomness import SampleRandom

from .pictures import soft_lab

HEIGHT, WIDTH = 64, 112


def clip(seeds, frames=3):
    return pseudo_motion(soft_lab(len(seeds)), SampleRandom(seeds, "cpu"), frames, HEIGHT, WIDTH)


def test_displacements_are_as_large_and_as_smooth_as_the_authors():
    displacement = smooth_displacement(SampleRandom(range(60), "cpu"), 216, 384)
    assert displacement.mean().abs() < 1.5
    # alpha is even in 0..4, so its mean square is 16 / 3
    assert displacement[:, :, 54:162, 96:288].std() == pytest.approx(3.3 * (16 / 3) ** 0.5, rel=0.2)
    assert displacement.diff(dim=3).abs().mean() < 0.03 * displacement.abs().mean()


def test_displacements_scale_with_the_picture():
    small, large = (
        smooth_displacement(SampleRandom(range(60), "cpu"), height, 16 * height // 9) for height in (72, 216)
    )
    assert (large.std() / small.std()).item() == pytest.approx(3, rel=0.3)


def test_the_next_frame_seen_along_the_flow_is_this_frame():
    made = clip(range(12))
    for number in range(2):
        now, then = made.truth[:, number], made.truth[:, number + 1]
        flow, visible = made.flow[:, number], made.visible[:, number]
        assert ((warp(then, flow) - now).abs() * visible).mean() < 0.15
        assert ((warp(then, flow) - now).abs() * visible).max() < 3
        assert (then - now).abs().mean() > 2
        assert visible.mean() > 0.8


def test_the_first_frame_is_the_photo_and_the_other_view_a_part_of_it():
    photo = soft_lab(3)
    made = pseudo_motion(photo, SampleRandom(range(3), "cpu"), 2, *photo.shape[2:])
    assert torch.allclose(made.truth[:, 0], photo, atol=1e-3)
    assert made.flow.shape == (3, 1, 2, *photo.shape[2:])
    assert made.visible.shape == (3, 1, 1, *photo.shape[2:])
    assert (made.other_view - photo).abs().mean() > 1
    for channel in range(3):
        assert made.other_view[:, channel].min() >= photo[:, channel].min() - 1e-3
        assert made.other_view[:, channel].max() <= photo[:, channel].max() + 1e-3


def test_it_follows_from_the_seeds():
    assert torch.equal(clip([1, 2]).truth, clip([1, 2]).truth)
    assert not torch.equal(clip([1, 2]).truth, clip([1, 3]).truth)
