import json
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from vcnode import MemoryStateCache, Reference, Sequence, Settings, Shot, StateCache, colorize
from vcnode.errors import InputError
from vcnode.sequence.state_entry import ENTRY_SUFFIX
from vcnode.weights import save_weights

from .clips import OpenStore, Watched, clip, picture, reference, same, straight

COUNT = 11
FRAMES = clip(COUNT)
SHOTS = [
    Shot(0, 5, (reference(1), Reference(picture(2), frame=3))),
    Shot(7, None, (Reference(FRAMES[7][..., None] * picture(3) ** 0.2), reference(4, weight=2.0))),
]
WINDOWS = [1, 2, 3, 5]

CHILD = """
import sys
import numpy as np, torch
import vcnode
weights, clip, picture, cache, output, threads, *order = sys.argv[1:]
torch.set_num_threads(int(threads))
model = vcnode.load(weights, device="cpu")
shots = [vcnode.Shot(0, None, (vcnode.Reference(np.load(picture)),))]
states, settings = vcnode.StateCache(cache), vcnode.Settings(look_ahead=2)
frames = vcnode.Sequence(model, np.load(clip), shots, cache=states, settings=settings)
np.save(output, np.stack([frames[int(number)].ab.numpy() for number in order]))
"""


@pytest.fixture(scope="module")
def expected(tiny_model):
    """What a straight run gives, by look-ahead."""
    return {window: straight(tiny_model, FRAMES, SHOTS, look_ahead=window) for window in WINDOWS}


def corrupt(path, way):
    data = bytearray(path.read_bytes())
    if way == "flip":
        data[len(data) // 2] ^= 1
    path.write_bytes({"flip": data, "cut": data[:-7], "empty": b""}[way])


@settings(max_examples=15)
@given(
    st.sampled_from(WINDOWS),
    st.lists(st.integers(-COUNT, COUNT - 1), min_size=1, max_size=8),
    st.sets(st.integers(0, COUNT - 1)),
)
def test_a_frame_is_the_same_in_any_order_whatever_is_stored(tiny_model, expected, window, order, missing):
    store = OpenStore()
    list(colorize(FRAMES, shots=SHOTS, model=tiny_model, settings=Settings(look_ahead=window), cache=store))
    for place, key in enumerate(list(store.entries)):
        if place in missing:
            del store.entries[key]
    sequence = Sequence(tiny_model, FRAMES, SHOTS, cache=store, settings=Settings(look_ahead=window))
    for number in order:
        assert same(sequence[number], expected[window][number])


@pytest.mark.parametrize("window", WINDOWS)
def test_going_through_a_sequence_is_a_straight_run(tiny_model, expected, window):
    sequence = Sequence(tiny_model, FRAMES, SHOTS, settings=Settings(look_ahead=window))
    assert len(sequence) == COUNT
    assert all(same(*pair) for pair in zip(sequence, expected[window], strict=True))


@settings(max_examples=8)
@given(
    st.sampled_from([1, 3]),
    st.dictionaries(st.integers(0, COUNT - 2), st.sampled_from(["flip", "cut", "empty", "gone"]), min_size=1),
    st.permutations(range(COUNT)),
)
def test_damaged_entries_on_disk_change_nothing(tiny_model, expected, tmp_path_factory, window, damage, order):
    cache = StateCache(tmp_path_factory.mktemp("states"))
    wish = Settings(look_ahead=window)
    list(colorize(FRAMES, shots=SHOTS, model=tiny_model, settings=wish, cache=cache))
    entries = sorted(cache.path.rglob(f"*{ENTRY_SUFFIX}"))
    assert len(entries) == COUNT - 1
    for place, way in damage.items():
        if way == "gone":
            entries[place].unlink()
        else:
            corrupt(entries[place], way)
    sequence = Sequence(tiny_model, FRAMES, SHOTS, cache=cache, settings=wish)
    assert all(same(sequence[number], expected[window][number]) for number in order[:4])


def test_a_cache_too_small_for_two_states_changes_nothing_either(tiny_model, expected):
    store = MemoryStateCache(150_000)
    sequence = Sequence(tiny_model, FRAMES, SHOTS, cache=store, settings=Settings(look_ahead=2))
    assert all(same(sequence[number], expected[2][number]) for number in (5, 10, 4, 8))
    assert store.info().entries <= 1


@settings(max_examples=10)
@given(st.sets(st.integers(1, COUNT - 1), min_size=1, max_size=4), st.sampled_from(WINDOWS))
def test_shots_rendered_one_by_one_join_to_the_straight_run(tiny_model, cuts, window):
    starts = [0, *sorted(cuts)]
    ends = [*(start - 1 for start in starts[1:]), COUNT - 1]
    ranges = list(zip(starts, ends, strict=True))
    after = reference(5)
    whole = straight(tiny_model, FRAMES, [Shot(*limits, (after,)) for limits in ranges], look_ahead=window)
    for first, last in ranges:
        alone = straight(tiny_model, FRAMES[first : last + 1], [after], look_ahead=window)
        for one, other in zip(whole[first : last + 1], alone, strict=True):
            assert torch.equal(one.ab, other.ab)


def test_between_look_ahead_sizes_colours_differ_by_rounding_only(expected):
    for window in WINDOWS[1:]:
        for one, other in zip(expected[1], expected[window], strict=True):
            assert float((one.ab - other.ab).abs().max()) < 0.01


def test_threads_may_ask_at_once_even_of_a_source_that_serves_one_at_a_time(tiny_model, expected):
    class OneAtATime(list):
        busy = threading.Lock()

        def __getitem__(self, number):
            assert self.busy.acquire(blocking=False), "two threads read the source at once"
            time.sleep(0.001)
            self.busy.release()
            return super().__getitem__(number)

    sequence = Sequence(tiny_model, OneAtATime(FRAMES), SHOTS, settings=Settings(look_ahead=3))
    order = [int(number) for number in np.random.default_rng(1).permutation(3 * COUNT) % COUNT]
    with ThreadPoolExecutor(6) as pool:
        results = list(pool.map(sequence.__getitem__, order))
    assert all(same(frame, expected[3][number]) for frame, number in zip(results, order, strict=True))


@settings(max_examples=10)
@given(st.integers(0, COUNT - 1), st.sampled_from(WINDOWS))
def test_an_edit_renders_its_frame_to_the_end_of_its_shot_and_nothing_else(tiny_model, number, window):
    store = OpenStore()
    wish = Settings(look_ahead=window)
    list(colorize(FRAMES, shots=SHOTS, model=tiny_model, settings=wish, cache=store))
    shot = SHOTS[0] if number < 6 else SHOTS[1]
    edited = [*FRAMES]
    edited[number] = edited[number].T.copy().reshape(edited[number].shape)
    store.stored.clear()
    with pytest.MonkeyPatch.context() as monkeypatch:
        watched = Watched(monkeypatch)
        frames = list(colorize(edited, shots=SHOTS, model=tiny_model, settings=wish, cache=store))
    again = range(number, (shot.last or COUNT - 1) + 1) if number in shot else range(0)
    assert [shot.first + index for index in store.stored] == list(again)
    assert watched.calls["advance"] == len(again)
    windows = {(position - shot.first) // window for position in again}
    assert watched.calls["prepare"] == len(windows)
    assert all(same(*pair) for pair in zip(frames, straight(tiny_model, edited, SHOTS, look_ahead=window), strict=True))


def test_where_all_states_are_stored_the_network_rests(tiny_model, expected, monkeypatch, tmp_path):
    wish = Settings(look_ahead=2)
    list(colorize(FRAMES, shots=SHOTS, model=tiny_model, settings=wish, cache=StateCache(tmp_path)))
    watched = Watched(monkeypatch)
    cache = StateCache(tmp_path)
    again = list(colorize(FRAMES, shots=SHOTS, model=tiny_model, settings=wish, cache=cache))
    sequence = Sequence(tiny_model, FRAMES, SHOTS, settings=wish, cache=cache)
    assert all(same(*pair) for pair in zip(again, expected[2], strict=True))
    assert all(same(sequence[number], expected[2][number]) for number in (10, 0, 5))
    assert set(watched.calls.values()) == {0}


def test_a_seek_renders_no_further_back_than_the_last_keyframe(tiny_model, expected, monkeypatch):
    watched = Watched(monkeypatch)
    sequence = Sequence(tiny_model, FRAMES, SHOTS)
    assert same(sequence[5], expected[1][5])
    assert watched.calls["advance"] == 3


def test_more_shots_than_are_kept_open_are_opened_anew(tiny_model):
    shots = [Shot(number, number, (reference(1 + number % 2),)) for number in range(6)]
    sequence = Sequence(tiny_model, FRAMES[:6], shots)
    expected = straight(tiny_model, FRAMES[:6], shots)
    for number in (0, 1, 2, 3, 4, 5, 0, 3):
        assert same(sequence[number], expected[number])


def test_a_source_that_changes_cannot_spoil_the_cache(tiny_model):
    source, store = clip(6), OpenStore()
    after = (reference(1),)
    sequence = Sequence(tiny_model, source, [Shot(0, None, after)], cache=store)
    _ = sequence[5]
    store.clear()
    original, source[2] = source[2], source[2][::-1].copy()  # unannounced
    _ = sequence[5]
    for frame in (source[2], original):
        source[2] = frame
        fresh = Sequence(tiny_model, source, [Shot(0, None, after)], cache=store)
        assert all(same(*pair) for pair in zip(fresh, straight(tiny_model, source, after), strict=True))


def test_numbers_of_all_kinds_count_frames_and_those_outside_do_not_exist(tiny_model, expected):
    sequence = Sequence(tiny_model, FRAMES, SHOTS)
    assert same(sequence[np.int64(4)], expected[1][4])
    assert same(sequence[-1], expected[1][-1])
    for number in (COUNT, -COUNT - 1):
        with pytest.raises(IndexError, match=rf"Frame {number} .* 0\.\.{COUNT - 1}"):
            sequence[number]
    with pytest.raises(TypeError):
        sequence[1.0]


def test_shots_beyond_the_clip_are_refused(tiny_model):
    with pytest.raises(InputError, match="beyond the clip"):
        Sequence(tiny_model, FRAMES, [Shot(0, COUNT, (reference(),))])
    with pytest.raises(InputError, match=f"is for frame {COUNT}, but the clip's {COUNT} frames end at {COUNT - 1}"):
        Sequence(tiny_model, FRAMES, [Shot(0, None, (Reference(picture(1), frame=COUNT),))])


def test_a_bad_frame_is_named_and_the_others_can_still_be_had(tiny_model, expected):
    frames = [*FRAMES]
    frames[4] = np.full_like(frames[4], np.nan)
    sequence = Sequence(tiny_model, frames, SHOTS)
    with pytest.raises(InputError, match="Frame 4"):
        sequence[5]
    assert same(sequence[3], expected[1][3])
    assert same(sequence[9], expected[1][9])


class Processes:
    """Starts processes that render a clip into a shared cache."""

    def __init__(self, model, folder, frames, after):
        self.folder = folder
        self.cache = folder / "states"
        save_weights(folder / "tiny.safetensors", model.state_dict(), {"config": json.dumps(model.config.to_dict())})
        np.save(folder / "clip.npy", np.stack(frames))
        np.save(folder / "picture.npy", after)

    def start(self, order):
        parts = [self.folder / name for name in ("tiny.safetensors", "clip.npy", "picture.npy", "states", "ab.npy")]
        command = [sys.executable, "-c", CHILD, *map(str, parts), str(torch.get_num_threads()), *map(str, order)]
        return subprocess.Popen(command, cwd=Path(__file__).parents[2])

    def result(self, process):
        assert process.wait(120) == 0
        return [torch.from_numpy(ab) for ab in np.load(self.folder / "ab.npy")]


@pytest.fixture
def long_clip():
    return clip(40, seed=3)


@pytest.fixture
def processes(tiny_model, tmp_path, long_clip):
    return Processes(tiny_model, tmp_path, long_clip, picture(6))


def test_processes_share_a_cache_at_the_same_time_and_after_each_other(tiny_model, processes, long_clip):
    expected = straight(tiny_model, long_clip, [reference(6)], look_ahead=2)
    order = [39, 11, 30, 0]
    other = processes.start(order)
    shots = [Shot(0, None, (reference(6),))]
    wish = Settings(look_ahead=2)
    cache = StateCache(processes.cache)
    while other.poll() is None:
        for frame in colorize(long_clip, shots=shots, model=tiny_model, settings=wish, cache=cache):
            assert same(frame, expected[frame.number])
        cache.clear()
    for number, ab in zip(order, processes.result(other), strict=True):
        assert torch.equal(ab, expected[number].ab)
    list(colorize(long_clip, shots=shots, model=tiny_model, settings=wish, cache=cache))
    entries = {path: path.read_bytes() for path in processes.cache.rglob(f"*{ENTRY_SUFFIX}")}
    for number, ab in zip(order, processes.result(processes.start(order)), strict=True):
        assert torch.equal(ab, expected[number].ab)
    assert {path: path.read_bytes() for path in processes.cache.rglob(f"*{ENTRY_SUFFIX}")} == entries


def test_killed_at_any_instant_a_render_goes_on_where_it_was(tiny_model, processes, long_clip):
    expected = straight(tiny_model, long_clip, [reference(6)], look_ahead=2)
    random = np.random.default_rng(0)
    for target in (3, 14, 25):
        process = processes.start(range(40))
        while len(list(processes.cache.rglob(f"*{ENTRY_SUFFIX}"))) < target:
            assert process.poll() is None
            time.sleep(0.001)
        time.sleep(random.uniform(0, 0.02))
        process.kill()
        process.wait()
    cache = StateCache(processes.cache)
    kept = cache.info().entries
    assert 25 <= kept <= 40
    with pytest.MonkeyPatch.context() as monkeypatch:
        watched = Watched(monkeypatch)
        shots = [Shot(0, None, (reference(6),))]
        sequence = Sequence(tiny_model, long_clip, shots, cache=cache, settings=Settings(look_ahead=2))
        assert all(same(*pair) for pair in zip(sequence, expected, strict=True))
    assert watched.calls["advance"] <= 40 - kept + 1
