"""Which frames of a clip are picked to be coloured as references."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vcnode.errors import InputError
from vcnode.sequence import even_keyframes, scene_keyframes


def test_even_distances():
    assert even_keyframes(9, 3) == (0, 3, 6)
    assert even_keyframes(10, 4) == (0, 2, 5, 7)
    assert even_keyframes(3, 99) == (0, 1, 2)


@given(st.integers(1, 5000), st.integers(1, 200))
def test_even_distances_differ_by_no_more_than_one(count, most):
    frames = even_keyframes(count, most)
    assert len(frames) == min(count, most)
    gaps = {after - before for before, after in zip(frames, [*frames[1:], count], strict=True)}
    assert frames[0] == 0
    assert max(gaps) - min(gaps) <= 1


def test_one_of_each_scene():
    assert scene_keyframes([3, 7], 9, 8) == (0, 3, 7)
    assert scene_keyframes([], 9, 8) == (0,)
    assert scene_keyframes([0, 7, 3], 9, 8) == (0, 3, 7)


def test_the_longest_scenes_come_first():
    assert scene_keyframes([3, 7], 9, 2) == (0, 3)
    assert scene_keyframes([2, 4, 9], 12, 1) == (4,)
    assert scene_keyframes([3, 6], 9, 2) == (0, 3), "of equals, the earlier"


@given(st.sets(st.integers(1, 99)), st.integers(1, 120))
def test_scenes_left_out_are_no_longer_than_those_picked(cuts, most):
    starts = sorted({0, *cuts})
    lengths = {start: end - start for start, end in pairwise([*starts, 100])}
    picked = scene_keyframes(cuts, 100, most)
    assert list(picked) == sorted(set(picked) & set(starts))
    assert len(picked) == min(most, len(starts))
    left = [lengths[start] for start in starts if start not in picked]
    assert not left or max(left) <= min(lengths[start] for start in picked)


@pytest.mark.parametrize("pick", [even_keyframes, lambda count, most: scene_keyframes([], count, most)])
@pytest.mark.parametrize(("count", "most", "problem"), [(0, 8, "has no frames"), (9, 0, "keyframes wanted is 0")])
def test_nothing_to_pick(pick, count, most, problem):
    with pytest.raises(InputError, match=problem):
        pick(count, most)


@pytest.mark.parametrize("cut", [-1, 9])
def test_a_cut_outside_the_clip(cut):
    with pytest.raises(InputError, match=f"frame {cut}, but the clip has the frames 0..8"):
        scene_keyframes([cut], 9, 8)
