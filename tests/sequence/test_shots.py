from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vcnode.errors import InputError
from vcnode.sequence.reference import Reference
from vcnode.sequence.shots import Shot, check_shots, shot_at, shots_from_cuts, whole_clip

A = Reference(Path("a.png"))
B = Reference(Path("b.png"))


def keyframe(frame):
    return Reference(Path(f"{frame}.png"), frame=frame)


@pytest.mark.parametrize("frame", [-1, -100])
def test_reference_frame_counts_from_zero(frame):
    with pytest.raises(InputError, match=f"frame {frame}"):
        Reference(Path("a.png"), frame=frame)


@pytest.mark.parametrize("weight", [0.0, -1.0, float("nan"), float("inf")])
def test_reference_weight_is_a_positive_number(weight):
    with pytest.raises(InputError, match="weight"):
        Reference(Path("a.png"), weight=weight)


@pytest.mark.parametrize(
    ("first", "last", "references", "problem"),
    [
        (-1, 5, (A,), "count from 0"),
        (5, 4, (A,), "begins at frame 5 and ends at 4"),
        (0, 5, (), "no reference"),
        (10, 20, (keyframe(9),), "outside its shot"),
        (10, 20, (A, keyframe(21)), "outside its shot"),
        (10, None, (keyframe(0),), "outside its shot"),
    ],
)
def test_impossible_shots_are_refused(first, last, references, problem):
    with pytest.raises(InputError, match=problem):
        Shot(first, last, references)


def test_shot_holds_both_its_ends():
    shot = Shot(10, 20, (keyframe(10), keyframe(20)))
    assert [frame in shot for frame in (9, 10, 20, 21)] == [False, True, True, False]
    assert 10**9 in Shot(10, None, (A,))


def test_gaps_between_shots_stay_gray():
    shots = check_shots([Shot(5, 9, (A,)), Shot(20, None, (B,))])
    assert [shot_at(shots, frame) for frame in (0, 5, 9, 10, 19, 20, 1000)] == [
        None,
        shots[0],
        shots[0],
        None,
        None,
        shots[1],
        shots[1],
    ]


@pytest.mark.parametrize(
    ("ranges", "length", "problem"),
    [
        ([], None, "empty"),
        ([(0, 9), (9, 20)], None, "overlap"),
        ([(0, None), (9, 20)], None, "overlap"),
        ([(0, 9), (0, 9)], None, "overlap"),
        ([(10, 20), (0, 9)], None, "order"),
        ([(0, 9), (10, 20)], 20, "beyond the clip"),
        ([(0, 9), (20, None)], 20, "beyond the clip"),
    ],
)
def test_impossible_lists_are_refused(ranges, length, problem):
    with pytest.raises(InputError, match=problem):
        check_shots([Shot(first, last, (A,)) for first, last in ranges], length)


def test_a_reference_beyond_the_clip_is_refused_where_its_length_is_known():
    shots = [Shot(0, 9, (A,)), Shot(10, None, (A, keyframe(20)))]
    assert check_shots(shots) == check_shots(shots, 21) == tuple(shots)
    with pytest.raises(InputError, match=r"Reference .*20\.png is for frame 20, but the clip's 20 frames end at 19"):
        check_shots(shots, 20)


def test_list_that_ends_with_the_clip_is_allowed():
    shots = [Shot(0, 9, (A,)), Shot(10, 19, (A,))]
    assert check_shots(shots, 20) == tuple(shots)


def test_whole_clip_is_one_open_shot():
    assert whole_clip([A, B]) == (Shot(0, None, (A, B)),)
    with pytest.raises(InputError, match="no reference"):
        whole_clip([])


@given(st.integers(1, 300), st.data())
def test_cuts_cover_every_frame_once_and_start_a_shot_each(length, data):
    cuts = data.draw(st.lists(st.integers(0, length - 1), max_size=12))
    frames = data.draw(st.lists(st.integers(0, length - 1), min_size=1, max_size=8))
    references = [keyframe(frame) for frame in frames]
    shots = check_shots(shots_from_cuts(cuts, length, references), length)
    assert {shot.first for shot in shots} == {0, *cuts}
    assert [frame for shot in shots for frame in range(shot.first, shot.last + 1)] == list(range(length))
    for reference in references:
        assert [shot for shot in shots if reference in shot.references] == [shot_at(shots, reference.frame)]


def test_shots_without_their_own_reference_take_the_nearest_before_or_the_first():
    shots = shots_from_cuts([10, 20, 30, 40], 50, [keyframe(12), keyframe(31)])
    assert [[reference.path.name for reference in shot.references] for shot in shots] == [
        ["12.png"],
        ["12.png"],
        ["12.png"],
        ["31.png"],
        ["31.png"],
    ]
    assert [shot.references[0].frame for shot in shots] == [None, 12, None, 31, None]


def test_references_without_frame_belong_to_every_shot():
    shots = shots_from_cuts([10], None, [A, keyframe(12)])
    assert shots == (Shot(0, 9, (A,)), Shot(10, None, (A, keyframe(12))))


@pytest.mark.parametrize(
    ("cuts", "length", "references", "problem"),
    [
        ([10], 100, [], "No reference"),
        ([100], 100, [A], "A cut is at frame 100"),
        ([-1], None, [A], "A cut is at frame -1"),
        ([10], 100, [keyframe(100)], r"Reference .*100\.png is at frame 100, but the clip has the frames 0\.\.99"),
        ([], 0, [A], "0 frames"),
    ],
)
def test_cuts_and_references_outside_the_clip_are_refused(cuts, length, references, problem):
    with pytest.raises(InputError, match=problem):
        shots_from_cuts(cuts, length, references)
