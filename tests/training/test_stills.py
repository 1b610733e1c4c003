from itertools import islice

import numpy as np
import PIL.Image
import pytest
import torch

from vcnode.errors import InputError
from vcnode.network.alignment import estimate_flow, warp
from vcnode.training.stills import Stills

HEIGHT, WIDTH, FRAMES = 64, 88, 3


def samples(folder, count, seed=0, frames=FRAMES):
    return list(islice(Stills(folder, HEIGHT, WIDTH, frames, seed), count))


def same(one, other):
    tensors = [(sample.frames, sample.previous, sample.reference) for sample in (one, other)]
    return one.same_scene == other.same_scene and all(torch.equal(*pair) for pair in zip(*tensors, strict=True))


def test_clips_follow_from_the_seed_alone(photos):
    first = samples(photos, 4)
    torch.manual_seed(99)
    np.random.seed(99)
    assert all(same(*pair) for pair in zip(first, samples(photos, 4), strict=True))
    assert not any(same(*pair) for pair in zip(first, samples(photos, 4, seed=1), strict=True))
    assert not same(first[0], first[1])


def test_making_clips_leaves_the_global_random_numbers_alone(photos):
    before = torch.get_rng_state()
    samples(photos, 2)
    assert torch.equal(torch.get_rng_state(), before)


@pytest.mark.parametrize("frames", [1, 4])
def test_a_clip_is_lab_at_the_size_asked_for(photos, frames):
    for sample in samples(photos, 4, frames=frames):
        assert sample.frames.shape == (frames, 3, HEIGHT, WIDTH)
        assert sample.previous.shape == sample.reference.shape == (3, HEIGHT, WIDTH)
        for lab in (*sample.frames, sample.previous, sample.reference):
            assert lab.dtype == torch.float32
            assert 0 <= lab[0].min() < lab[0].max() <= 100
            assert -128 <= lab[1:].min() < lab[1:].max() <= 127


def test_references_show_mostly_the_same_scene_but_not_always(photos):
    kinds = [sample.same_scene for sample in samples(photos, 60, frames=1)]
    assert 20 <= sum(kinds) <= 55


def test_frames_move_and_the_frame_before_belongs_to_them(photos):
    for sample in samples(photos, 6):
        before, after = sample.previous[None], sample.frames[:1]
        assert not torch.equal(before, after)
        followed = warp(before[:, 1:], estimate_flow(after[:, :1], before[:, :1]))
        strangers = samples(photos, 1, seed=50)[0].previous[None, 1:]
        assert (followed - after[:, 1:]).abs().mean() < 0.5 * (strangers - after[:, 1:]).abs().mean()


def test_a_folder_without_photos_is_refused(tmp_path):
    (tmp_path / "empty class").mkdir()
    with pytest.raises(InputError, match=r"class/photo\.jpg"):
        samples(tmp_path, 1)


def test_photos_without_colour_are_refused_rather_than_searched_for_ever(tmp_path):
    folder = tmp_path / "class"
    folder.mkdir()
    PIL.Image.new("RGB", (70, 70), (90, 90, 90)).save(folder / "gray.jpg")
    with pytest.raises(InputError, match="give photos in colour"):
        samples(tmp_path, 1)
