"""Keyframes have their say where colours run to, and hand over without a jump."""

from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vcnode.sequence.keyframe_choice import DetailSource, influence, nearest_source
from vcnode.sequence.settings import Direction

directions = st.sampled_from(get_args(Direction.__value__))


@given(st.lists(st.none() | st.integers(0, 30), max_size=6), st.integers(0, 30), directions)
def test_the_nearest_keyframe_gives_the_earlier_of_two(numbers, frame, direction):
    found = nearest_source(frame, [DetailSource(place, number) for place, number in enumerate(numbers)], direction)
    named = [number for number in numbers if number is not None]
    colored = {"forward": min(named, default=31) <= frame, "backward": max(named, default=-1) >= frame, "both": named}
    if not numbers:
        assert found is None
    elif None in numbers and not colored[direction]:
        assert found.place == numbers.index(None)
    else:
        assert abs(found.frame - frame) == min(abs(number - frame) for number in named)
        assert found.frame == min(named, key=lambda number: (abs(number - frame), number))
        assert found.place == numbers.index(found.frame)


@given(st.lists(st.integers(0, 30), max_size=4), st.integers(0, 29), directions)
def test_keyframes_take_over_from_each_other_without_a_jump(numbers, frame, direction):
    sources = [DetailSource(place, number) for place, number in enumerate(numbers)]
    here, there = (influence(number, sources, direction) for number in (frame, frame + 1))
    assert 0 <= here <= 1
    among = [number for number in sorted(numbers) if number not in (frame, frame + 1)]
    if len(among) == len(numbers) and any(n < frame for n in among) and any(n > frame for n in among):
        gap = min(n for n in among if n > frame) - max(n for n in among if n < frame)
        assert abs(here - there) <= 2 / gap + 1e-9


@pytest.mark.parametrize(
    ("direction", "expected"),
    [
        ("forward", [0, 0, 1, 0.5, 0, 0, 1, 1]),
        ("backward", [1, 1, 1, 0, 0, 0.5, 1, 0]),
        ("both", [1, 1, 1, 0.5, 0, 0.5, 1, 1]),
    ],
)
def test_a_keyframes_colors_go_where_colors_run(direction, expected):
    sources = [DetailSource(0, 2), DetailSource(1, 6)]
    assert [influence(number, sources, direction) for number in range(8)] == expected
    assert influence(5, [DetailSource(0, None)], direction) == influence(5, [], direction) == 1


@pytest.mark.parametrize(("direction", "frames"), [("forward", [0, 1]), ("backward", [7]), ("both", [])])
def test_where_no_keyframes_colors_run_to_a_picture_without_a_number_has_its_say(direction, frames):
    sources = [DetailSource(0, 2), DetailSource(1, 6), DetailSource(2, None), DetailSource(3, None)]
    chosen = [number for number in range(8) if nearest_source(number, sources, direction).place == 2]
    assert chosen == frames
    assert all(influence(number, sources, direction) == 1 for number in frames)
