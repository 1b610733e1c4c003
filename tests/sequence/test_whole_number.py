from decimal import Decimal

import numpy as np
import pytest
import torch

from vcnode import Reference, Settings, Shot
from vcnode.errors import InputError
from vcnode.sequence.shots import shot_at
from vcnode.sequence.whole_number import whole_number

from .clips import reference

INTEGERS = [np.int64, np.uint8, np.int32, torch.tensor]


@pytest.mark.parametrize("kind", INTEGERS)
def test_integers_of_every_type_are_the_same(kind):
    number = whole_number(kind(7), "It")
    assert type(number) is int
    assert number == 7


@pytest.mark.parametrize("value", [7.0, "7", None, Decimal(7), [7], np.float32(7)])
def test_anything_else_is_refused_by_name(value):
    with pytest.raises(InputError, match=r"The start is .*: give a whole number"):
        whole_number(value, "The start")


@pytest.mark.parametrize("kind", INTEGERS)
def test_all_that_counts_frames_or_pixels_takes_them(kind):
    keyframe = Reference(reference(1).image, frame=kind(3), weight=np.float32(0.5))
    shot = Shot(kind(2), kind(5), (keyframe,))
    assert keyframe == Reference(keyframe.image, frame=3, weight=0.5)
    assert shot == Shot(2, 5, (keyframe,))
    assert [type(each) for each in (keyframe.frame, keyframe.weight, shot.first, shot.last)] == [int, float, int, int]
    assert Settings(working_size=kind(72), look_ahead=kind(2)) == Settings(72, 2)


def test_shots_know_their_frames_by_any_integer():
    shot = Shot(2, 5, (reference(1),))
    assert shot_at((shot,), np.int64(4)) == shot
    assert np.uint8(6) not in shot
    assert 3.0 not in shot


@pytest.mark.parametrize(
    ("make", "problem"),
    [
        (lambda: Reference("a.png", frame="3"), "The frame of reference a.png is '3'"),
        (lambda: Reference("a.png", weight="much"), "has the weight much"),
        (lambda: Shot(0.5, None, (reference(1),)), "A shot's first frame is 0.5"),
        (lambda: Shot(0, "9", (reference(1),)), "A shot's last frame is '9'"),
        (lambda: Settings(working_size=100.5), "The working size is 100.5"),
        (lambda: Settings(look_ahead=2.5), "The look ahead is 2.5"),
        (lambda: Settings(saturation="much"), "The saturation is much"),
        (lambda: Shot(0, 9, ("a.png",)), "A reference of a shot is 'a.png'"),
    ],
)
def test_what_is_no_number_is_said_at_once(make, problem):
    with pytest.raises(InputError, match=problem):
        make()
