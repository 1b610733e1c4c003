import itertools
import math

import pytest
import torch
from hypothesis import given, settings

from vcnode.errors import InputError
from vcnode.evaluation.metrics import Unavailable, WarpError

from .pictures import codes, photo, seeds


def shifted(picture, pixels):
    """The picture after its content moved to the right, and the flow that says so."""
    flow = torch.zeros(1, 2, *picture.shape[2:])
    flow[:, 0] = pixels
    return picture.roll(pixels, dims=3), flow


def inside(picture, pixels):
    visible = torch.ones(1, 1, *picture.shape[2:])
    visible[..., picture.shape[3] - pixels :] = 0
    return visible


def test_what_only_moves_does_not_flicker():
    later, flow = shifted(photo(), 5)
    metric = WarpError()
    metric.update(photo())
    metric.update(later, flow, inside(photo(), 5))
    assert metric.result() == pytest.approx(0, abs=0.01)
    unaligned = WarpError()
    unaligned.update(photo())
    unaligned.update(later, torch.zeros_like(flow))
    assert unaligned.result() > 10


@settings(deadline=None)
@given(seeds)
def test_without_motion_it_is_the_mean_difference_over_what_is_visible(seed):
    frames = [codes(seed + number) for number in range(3)]
    visible = (codes(seed + 9)[:, :1] > 100).float()
    metric = WarpError()
    metric.update(frames[0])
    for frame in frames[1:]:
        metric.update(frame, torch.zeros(1, 2, *frame.shape[2:]), visible)
    seen = visible.expand_as(frames[0]) > 0
    differences = [(b.double() - a.double())[seen] for a, b in itertools.pairwise(frames)]
    assert metric.result() == pytest.approx(sum(float(d.abs().mean()) for d in differences) / 2, rel=1e-4)


def test_a_shift_of_brightness_counts_in_eight_bit_units():
    frame = torch.full((1, 3, 16, 16), 0.5)
    metric = WarpError()
    metric.update(frame)
    metric.update(frame + 3 / 255, torch.zeros(1, 2, 16, 16))
    assert metric.result() == pytest.approx(3, abs=1e-3)


def test_a_shot_that_begins_is_not_compared_with_the_one_before():
    metric = WarpError()
    metric.update(codes(1))
    metric.update(codes(2))
    assert isinstance(metric.result(), Unavailable)
    metric.update(codes(2), torch.zeros(1, 2, 24, 32))
    assert metric.result() == pytest.approx(0, abs=1e-3)


def test_a_pair_without_visible_pixels_says_nothing():
    metric = WarpError()
    metric.update(codes(1))
    metric.update(codes(2), torch.zeros(1, 2, 24, 32), torch.zeros(1, 1, 24, 32))
    assert isinstance(metric.result(), Unavailable)


def test_wrong_input_is_refused():
    flow = torch.zeros(1, 2, 24, 32)
    with pytest.raises(InputError, match="first frame"):
        WarpError().update(codes(1), flow)
    for frame, motion, visible, message in (
        (codes(1, 24, 30), flow, None, "needs"),
        (codes(1), flow[..., :30], None, "needs"),
        (codes(1), flow, torch.ones(1, 2, 24, 32), "needs"),
        (codes(1), flow * math.nan, None, "not finite"),
        (codes(1) / 255 * math.nan, flow, None, "not finite"),
    ):
        metric = WarpError()
        metric.update(codes(2))
        with pytest.raises(InputError, match=message):
            metric.update(frame, motion, visible)
