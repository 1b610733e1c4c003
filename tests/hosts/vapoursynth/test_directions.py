"""Colours that run backward, or both ways: in whatever order frames are asked for, the same codes as the core's own."""

import random

import pytest

vs = pytest.importorskip("vapoursynth", reason="VapourSynth has no wheel for this platform")

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sequence.clips import picture

from vcnode import MemoryStateCache, Reference, Shot
from vsvcnode import colorize

from .films import COUNT, check_frames, expected, film

SHOTS = [
    Shot(0, 6, (Reference(picture(0), frame=1), Reference(picture(1), frame=4), Reference(picture(2)))),
    Shot(8, None, (Reference(picture(3), frame=10),)),  # frame 7 stays gray
]
WAYS = [("backward", 1), ("both", 1), ("both", 3)]


@pytest.fixture(scope="module")
def gray():
    return film()


@pytest.fixture(scope="module")
def wanted(tiny_model, gray):
    return {
        (direction, window): expected(gray, tiny_model, SHOTS, direction=direction, look_ahead=window)
        for direction, window in WAYS
    }


def colored(gray, model, way, **options):
    direction, window = way
    return colorize(gray.clip, shots=SHOTS, model=model, direction=direction, look_ahead=window, **options)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("threads", [1, 4])
def test_a_straight_run_and_one_from_the_end(core, tiny_model, gray, wanted, way, threads):
    core.num_threads = threads
    clip = colored(gray, tiny_model, way)
    check_frames(range(COUNT), clip.frames(), gray, wanted[way])
    core.clear_cache()
    check_frames(reversed(range(COUNT)), clip.std.Reverse().frames(), gray, wanted[way])


@pytest.mark.parametrize("way", WAYS)
def test_many_requests_at_once(tiny_model, gray, wanted, way):
    numbers = random.Random(4).choices(range(COUNT), k=3 * COUNT)
    clip = colored(gray, tiny_model, way)
    waiting = [clip.get_frame_async(number) for number in numbers]
    check_frames(numbers, [each.result() for each in waiting], gray, wanted[way])


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from(WAYS), st.lists(st.integers(0, COUNT - 1), min_size=1, max_size=6))
def test_any_order_from_a_cache_that_holds_next_to_nothing(core, tiny_model, gray, wanted, way, order):
    small = MemoryStateCache(3 * 4 * 4 * 72 * 112 * 4)
    clip = colored(gray, tiny_model, way, cache=small)
    for number in order:
        check_frames([number], [clip.get_frame(number)], gray, wanted[way])
        core.clear_cache()


def test_states_are_shared_with_the_core(tiny_model, gray, monkeypatch):
    """What a sequence has coloured both ways need not be coloured again."""
    from vcnode import Sequence, Settings
    from vcnode.network import Model

    cache = MemoryStateCache()
    sequence = Sequence(tiny_model, gray.luma(), SHOTS, cache=cache, settings=Settings(direction="both"))
    assert len(list(sequence)) == COUNT
    calls = []
    advance = Model.advance
    monkeypatch.setattr(Model, "advance", lambda *arguments: calls.append(1) or advance(*arguments))
    assert len(list(colored(gray, tiny_model, ("both", 1), cache=cache).frames())) == COUNT
    assert calls == []


def test_a_direction_that_is_none_is_refused(tiny_model, gray):
    with pytest.raises(vs.Error, match=r"colorize: .*sideways"):
        colored(gray, tiny_model, ("sideways", 1))
