import itertools

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from vcnode import ClipState, MemoryStateCache, Reference, Sequence, Settings, Shot, colorize
from vcnode.errors import Cancelled, InputError
from vcnode.sequence.backward import Backward
from vcnode.sequence.frame import lightness_of
from vcnode.sequence.identity import model_digest
from vcnode.sequence.shot_chain import ShotChain
from vcnode.sequence.shot_engine import ShotEngine

from .clips import OpenStore, Watched, clip, picture, reference, same

COUNT = 12
FRAMES = clip(COUNT)
KEYFRAMES = (3, 8)
SHOTS = [Shot(0, None, (*(Reference(picture(number), frame=number) for number in KEYFRAMES), reference(1)))]
WINDOWS = [1, 3]


def run(model, direction, frames=FRAMES, shots=SHOTS, window=1, upsampling="adaptive", **options):
    chosen = Settings(direction=direction, look_ahead=window, upsampling=upsampling)
    return list(colorize(frames, shots=shots, model=model, settings=chosen, **options))


def same_colors(one, other):
    return torch.equal(one.ab, other.ab)


@pytest.fixture(scope="module")
def ways(tiny_model):
    """Every direction's straight run, by name and look-ahead."""
    names = ("forward", "backward", "both")
    return {(name, window): run(tiny_model, name, window=window) for name in names for window in WINDOWS}


def test_backward_is_forward_of_the_film_that_runs_the_other_way(tiny_model):
    turned = [Shot(0, None, (Reference(picture(5), frame=4), reference(1)))]
    forward = run(tiny_model, "forward", FRAMES[::-1], turned)
    straight = [Shot(0, None, (Reference(picture(5), frame=COUNT - 5), reference(1)))]
    backward = run(tiny_model, "backward", shots=straight)
    # Behind the keyframe both begin where nothing is known; before it, both begin at the keyframe.
    assert all(same_colors(*pair) for pair in zip(reversed(backward), forward, strict=True))


@pytest.mark.parametrize("window", WINDOWS)
def test_outside_the_keyframes_one_way_counts_alone(ways, window):
    forward, backward, both = (ways[name, window] for name in ("forward", "backward", "both"))
    for number in range(COUNT):
        if number < KEYFRAMES[0]:
            assert same_colors(both[number], backward[number])
            assert not same_colors(both[number], forward[number])
        elif number >= KEYFRAMES[1] or number in KEYFRAMES:
            assert same(both[number], forward[number])


def test_between_keyframes_colors_lie_between_those_of_both_ways(tiny_model):
    # Not "adaptive", where the keyframes' own colours join in.
    forward, backward, both = (run(tiny_model, name, upsampling="bicubic") for name in ("forward", "backward", "both"))
    for number in range(KEYFRAMES[0] + 1, KEYFRAMES[1]):
        lowest, highest = (choose(forward[number].ab, backward[number].ab) for choose in (torch.minimum, torch.maximum))
        within = (both[number].ab >= lowest - 1) & (both[number].ab <= highest + 1)  # enlarging depends on certainty
        assert within.float().mean() > 0.99
        assert not same_colors(both[number], forward[number])
        assert not same_colors(both[number], backward[number])


def test_the_nearer_keyframe_counts_more(tiny_devc):
    """The paper's network knows no certainty: distance alone decides."""
    frames, shots = FRAMES[:5], [Shot(0, None, (Reference(picture(1), frame=0), Reference(picture(2), frame=4)))]
    forward, backward, both = (run(tiny_devc, name, frames, shots) for name in ("forward", "backward", "both"))
    for number in range(1, 4):
        share = number / 4
        expected = forward[number].ab.lerp(backward[number].ab, share)
        assert (both[number].ab - expected).abs().mean() < 0.02 * (
            forward[number].ab - backward[number].ab
        ).abs().mean()


def test_without_keyframes_both_is_forward(tiny_model):
    shots = [Shot(0, 6, (reference(1),)), Shot(7, None, (reference(2),))]
    forward, both = (run(tiny_model, name, shots=shots) for name in ("forward", "both"))
    assert all(same(*pair) for pair in zip(forward, both, strict=True))


@settings(max_examples=12)
@given(
    st.sampled_from(["backward", "both"]),
    st.sampled_from(WINDOWS),
    st.lists(st.integers(0, COUNT - 1), min_size=1, max_size=6),
    st.sets(st.integers(0, 2 * COUNT)),
)
def test_a_frame_is_the_same_in_any_order_whatever_is_stored(tiny_model, ways, direction, window, order, missing):
    store = OpenStore()
    run(tiny_model, direction, window=window, cache=store)
    for place, key in enumerate(list(store.entries)):
        if place in missing:
            del store.entries[key]
    chosen = Settings(direction=direction, look_ahead=window)
    sequence = Sequence(tiny_model, FRAMES, SHOTS, cache=store, settings=chosen)
    for number in order:
        assert same(sequence[number], ways[direction, window][number])


@pytest.mark.parametrize("direction", ["backward", "both"])
def test_a_cache_that_holds_little_costs_time_alone(tiny_model, ways, direction):
    one_state = 4 * 4 * 72 * 112 * 4
    small = MemoryStateCache(2 * one_state)
    assert all(same(*pair) for pair in zip(run(tiny_model, direction, cache=small), ways[direction, 1], strict=True))
    assert small.info().bytes <= 2 * one_state


@pytest.mark.parametrize("direction", ["backward", "both"])
@pytest.mark.parametrize("split", [2, 5, 9])
def test_pieces_give_the_frames_of_an_unbroken_run(tiny_model, ways, direction, split):
    chosen = Settings(direction=direction)
    options = {"shots": SHOTS, "model": tiny_model, "settings": chosen, "clip": FRAMES}
    pieces = list(colorize(FRAMES[:split], **options))
    state = ClipState.from_bytes(pieces[-1].state.to_bytes())
    pieces += colorize(FRAMES[split:], state=state, **options)
    assert all(same(*pair) for pair in zip(pieces, ways[direction, 1], strict=True))


def test_a_piece_knows_a_first_frame_that_is_a_keyframe_without_a_number(tiny_model):
    first = FRAMES[0][..., None].repeat(3, axis=-1) * np.float32([1.02, 1, 0.98])
    shots = [Shot(0, None, (Reference(first.clip(0, 1)), Reference(picture(2), frame=8)))]
    whole = run(tiny_model, "both", shots=shots)
    options = {"shots": shots, "model": tiny_model, "settings": Settings(direction="both"), "clip": FRAMES}
    begun = list(itertools.islice(colorize(FRAMES, **options), 4))
    going_on = list(colorize(FRAMES[4:], state=begun[-1].state, **options))
    assert all(same(*pair) for pair in zip(begun + going_on, whole, strict=True))


def test_an_edit_touches_what_depends_on_it_alone(tiny_model, monkeypatch):
    cache = MemoryStateCache()
    run(tiny_model, "both", cache=cache)
    edited = list(FRAMES)
    edited[5] = edited[5] * 0.5
    watched = Watched(monkeypatch)
    frames = run(tiny_model, "both", edited, cache=cache)
    # Forward from 5 to the end; backward from 5 to 4, behind the keyframe before it.
    assert watched.calls["advance"] == (COUNT - 5) + 2
    assert all(same(*pair) for pair in zip(frames, run(tiny_model, "both", edited), strict=True))


def test_a_run_is_stopped_at_once_also_on_its_way_back(tiny_model):
    seen, done = [], []
    frames = colorize(
        FRAMES,
        shots=[Shot(0, None, (Reference(picture(1), frame=11),))],
        model=tiny_model,
        settings=Settings(direction="both"),
        cancelled=lambda: len(seen) == 3,
        on_backward=seen.append,
        progress=done.append,
    )
    with pytest.raises(Cancelled, match="backward"):
        list(frames)
    assert seen == [11, 10, 9]
    assert done == []


def test_frames_that_come_once_are_refused(tiny_model):
    for direction in ("backward", "both"):
        with pytest.raises(InputError, match="later frames"):
            run(tiny_model, direction, iter(FRAMES))
        with pytest.raises(InputError, match="find the cuts first"):
            run(tiny_model, direction, cut_threshold=0.4)
    assert len(run(tiny_model, "both", iter(FRAMES), clip=FRAMES)) == COUNT


def test_a_keyframe_beyond_a_clip_that_is_at_hand_is_refused(tiny_model):
    references = [Reference(picture(1), frame=COUNT)]
    for direction in ("backward", "both"):
        with pytest.raises(InputError, match=f"is for frame {COUNT}, but the clip's {COUNT} frames end at {COUNT - 1}"):
            colorize(FRAMES, references, model=tiny_model, settings=Settings(direction=direction))
    piece = colorize(FRAMES[:5], references, model=tiny_model)  # which may go on
    assert len(list(piece)) == 5


def test_a_state_of_another_direction_is_refused(tiny_model):
    forward = run(tiny_model, "forward")[4].state
    with pytest.raises(InputError, match="direction"):
        run(tiny_model, "backward", FRAMES[5:], state=forward, clip=FRAMES)
    assert len(run(tiny_model, "both", FRAMES[5:], state=forward, clip=FRAMES)) == COUNT - 5


def test_stored_frames_are_blended_where_results_are_kept(tiny_model):
    """As on a GPU, which gets what is stored from the CPU."""
    store, chosen = OpenStore(), Settings(direction="both", look_ahead=1)
    run(tiny_model, "both", cache=store)
    lightness = [lightness_of(frame, number) for number, frame in enumerate(FRAMES)]
    digest, references = model_digest(tiny_model), SHOTS[0].references
    engine = ShotEngine(tiny_model, digest, references, 0, lightness[0], chosen, results="meta")
    forward = ShotChain(engine, lambda number: engine.working(lightness[number], number), store)
    blended = Backward(engine, COUNT - 1, lightness.__getitem__, store).blend(5, forward.at(5))
    assert blended.state.ab.is_meta
    assert blended.confidence.is_meta
