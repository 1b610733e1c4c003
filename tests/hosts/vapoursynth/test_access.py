"""Whatever is asked in whatever order, by however many threads: the same codes as the core's own."""

import random

import numpy as np
import pytest

vs = pytest.importorskip("vapoursynth", reason="VapourSynth has no wheel for this platform")

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sequence.clips import picture

from vcnode import Reference, Shot
from vsvcnode import colorize

from .films import COUNT, all_planes, check_frames, expected, film, is_frame

SHOTS = [
    Shot(0, 4, (Reference(picture(0)),)),
    Shot(6, None, (Reference(picture(1)), Reference(picture(2), frame=8))),  # frame 5 stays gray
]
WINDOWS = [1, 3]


@pytest.fixture(scope="module")
def gray():
    return film()


@pytest.fixture(scope="module")
def wanted(tiny_model, gray):
    return {window: expected(gray, tiny_model, SHOTS, look_ahead=window) for window in WINDOWS}


@pytest.fixture
def colored(tiny_model, gray):
    return {window: colorize(gray.clip, shots=SHOTS, model=tiny_model, look_ahead=window) for window in WINDOWS}


@pytest.fixture(params=[1, 2, 8], ids="{} threads".format)
def threads(request, core):
    core.num_threads = request.param
    return request.param


@pytest.mark.parametrize("window", WINDOWS)
def test_a_straight_run(threads, gray, colored, wanted, window):
    check_frames(range(COUNT), colored[window].frames(), gray, wanted[window])


@pytest.mark.parametrize("window", WINDOWS)
def test_backwards(threads, gray, colored, wanted, window):
    check_frames(reversed(range(COUNT)), colored[window].std.Reverse().frames(), gray, wanted[window])


@pytest.mark.parametrize("window", WINDOWS)
def test_one_frame_in_three(threads, gray, colored, wanted, window):
    check_frames(range(1, COUNT, 3), colored[window].std.SelectEvery(3, 1).frames(), gray, wanted[window])


@pytest.mark.parametrize("window", WINDOWS)
def test_many_requests_at_once(threads, gray, colored, wanted, window):
    numbers = random.Random(window).choices(range(COUNT), k=3 * COUNT)
    waiting = [colored[window].get_frame_async(number) for number in numbers]
    check_frames(numbers, [each.result() for each in waiting], gray, wanted[window])


@pytest.mark.parametrize("window", WINDOWS)
def test_seeks_with_caches_emptied_between(threads, core, gray, colored, wanted, window):
    for number in (9, 2, 10, 4, 7):
        check_frames([number], [colored[window].get_frame(number)], gray, wanted[window])
        core.clear_cache()


@pytest.mark.parametrize("window", WINDOWS)
def test_a_temporal_filter_downstream_sees_the_same_frames(threads, colored, window):
    held = [frame.copy() for frame in colored[window].frames()]
    straight = colored[window].std.BlankClip(keep=True)
    straight = straight.std.ModifyFrame(straight, lambda n, f: held[n])
    vs.core.clear_cache()
    frames = (clip.std.AverageFrames([1, 2, 1]).frames() for clip in (colored[window], straight))
    for one, other in zip(*frames, strict=True):
        assert all(map(np.array_equal, all_planes(one), all_planes(other)))


def test_a_tiny_cache_changes_nothing(core, gray, tiny_model, wanted):
    core.max_cache_size = 1
    clip = colorize(gray.clip, shots=SHOTS, model=tiny_model)
    check_frames([10, 0, 5, 9], [clip.get_frame(number) for number in (10, 0, 5, 9)], gray, wanted[1])


def test_two_filters_in_one_script_do_not_meddle(gray, tiny_model, wanted, colored):
    other = [Shot(0, None, (Reference(picture(7)),))]
    theirs = expected(gray, tiny_model, other)
    both = vs.core.std.Interleave([colored[1], colorize(gray.clip, shots=other, model=tiny_model)])
    for position, frame in enumerate(both.frames()):
        number = position // 2
        assert is_frame(frame, gray.codes[number], (theirs if position % 2 else wanted[1])[number])


def test_coloured_twice_is_coloured_from_the_luma(gray, tiny_model, wanted, colored):
    again = colorize(colored[3], shots=SHOTS, model=tiny_model)
    check_frames(range(COUNT), again.frames(), gray, wanted[1])


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.integers(0, COUNT - 1), min_size=1, max_size=6), st.sampled_from(WINDOWS), st.booleans())
def test_any_order_of_a_fresh_filter(core, tiny_model, gray, wanted, numbers, window, at_once):
    clip = colorize(gray.clip, shots=SHOTS, model=tiny_model, look_ahead=window)
    if at_once:
        frames = [each.result() for each in [clip.get_frame_async(number) for number in numbers]]
    else:
        frames = [clip.get_frame(number) for number in numbers]
    check_frames(numbers, frames, gray, wanted[window])
