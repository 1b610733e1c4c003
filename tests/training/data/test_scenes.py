import torch

from vcnode.network.alignment import warp
from vcnode.training.data.randomness import SampleRandom
from vcnode.training.data.scenes import moving_scene

from .pictures import soft_lab

HEIGHT, WIDTH, FRAMES = 64, 112, 3


def scene(seeds, photos=None):
    photos = torch.stack((soft_lab(len(seeds)), soft_lab(len(seeds), 50)), dim=1) if photos is None else photos
    return moving_scene(photos, SampleRandom(seeds, "cpu"), FRAMES, HEIGHT, WIDTH)


def test_the_next_frame_seen_along_the_flow_is_this_frame_where_visible():
    made = scene(range(16))
    for number in range(FRAMES - 1):
        now, then = made.truth[:, number], made.truth[:, number + 1]
        flow, visible = made.flow[:, number], made.visible[:, number]
        difference = (warp(then, flow) - now).abs()
        assert (difference * visible).mean() < 0.15
        assert (difference * visible).max() < 4
        assert (difference * (1 - visible)).sum() / (1 - visible).sum() > 1
        assert visible.mean() > 0.8


def test_the_passing_object_hides_and_uncovers():
    """Two flat photos: whatever changes colour was passed over, and none of it may count as visible."""
    behind, passing = torch.tensor([30.0, 20, 0]), torch.tensor([80.0, -20, 40])
    photos = torch.stack((behind, passing)).view(1, 2, 3, 1, 1).expand(24, -1, -1, 80, 140)
    made = scene(range(24), photos)
    changed = (made.truth[:, 1:] - made.truth[:, :-1]).abs().amax(dim=2, keepdim=True) > 5
    assert changed.float().mean() > 0.001
    followed = warp(made.truth[:, 1:].flatten(0, 1), made.flow.flatten(0, 1)).view_as(made.truth[:, 1:])
    assert ((followed - made.truth[:, :-1]).abs() * made.visible).max() < 4
    shares = ((made.truth[:, :, :1] - 30) / 50).mean(dim=(1, 2, 3, 4))
    assert (shares < 0.001).any()  # some scenes have no object
    assert (shares > 0.1).sum() > 8
    assert shares.max() < 0.6


def test_the_object_moves_by_itself():
    photos = torch.zeros(24, 2, 3, 80, 140)
    photos[:, 1, 0] = 100
    made = scene(range(24), photos)
    in_front = made.truth[:, :-1, :1] > 99
    has_object = in_front.flatten(1).float().mean(dim=1) > 0.05
    for flow, front in zip(made.flow[has_object], in_front[has_object], strict=True):
        inside, outside = ((flow * mask).sum(dim=(2, 3)) / mask.sum(dim=(2, 3)) for mask in (front, ~front))
        assert (inside - outside).abs().max() > 0.05


def test_the_other_view_shows_the_same_things_in_another_place():
    made = scene(range(16))
    distance = (made.other_view - made.truth[:, 0]).abs().mean(dim=(1, 2, 3))
    strangers = (made.other_view - made.truth[:, 0].roll(1, 0)).abs().mean(dim=(1, 2, 3))
    assert distance.min() > 0.1
    assert distance.median() < 0.7 * strangers.median()


def test_it_follows_from_the_seeds():
    assert torch.equal(scene([1, 2]).truth, scene([1, 2]).truth)
    assert not torch.equal(scene([1, 2]).truth, scene([1, 3]).truth)
