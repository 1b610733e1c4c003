"""States: kept on disk, given up and found again, never too many frames at once."""

import pytest

vs = pytest.importorskip("vapoursynth", reason="VapourSynth has no wheel for this platform")

from sequence.clips import Watched, picture

from vcnode import MemoryStateCache, Reference, Settings, Shot, StateCache
from vcnode import colorize as straight_run
from vsvcnode import colorize
from vsvcnode.colorist import Colorist

from .films import COUNT, check, expected, film

SHOTS = [Shot(0, 4, (Reference(picture(0)),)), Shot(5, None, (Reference(picture(1)),))]


@pytest.fixture(scope="module")
def gray():
    return film()


@pytest.mark.parametrize("window", [1, 4])
def test_a_second_run_needs_no_network(tiny_model, gray, tmp_path, monkeypatch, window):
    options = {"model": tiny_model, "look_ahead": window, "cache": tmp_path}
    wanted = expected(gray, tiny_model, SHOTS, look_ahead=window)
    check(colorize(gray.clip, shots=SHOTS, **options), gray, wanted)
    vs.core.clear_cache()
    calls = Watched(monkeypatch).calls
    check(colorize(gray.clip, shots=SHOTS, **options), gray, wanted, [8, *range(COUNT)])
    assert calls == {"encode_references": 0, "prepare": 0, "advance": 0}


def test_states_are_shared_with_every_other_way_to_colour(tiny_model, gray, tmp_path, monkeypatch):
    list(straight_run(gray.luma(), shots=SHOTS, model=tiny_model, settings=Settings(), cache=StateCache(tmp_path)))
    calls = Watched(monkeypatch).calls
    for _ in colorize(gray.clip, shots=SHOTS, model=tiny_model, cache=StateCache(tmp_path)).frames():
        pass
    assert calls["prepare"] == calls["advance"] == 0


@pytest.mark.parametrize("window", [1, 4])
def test_a_straight_run_does_every_frame_once_and_a_batch_a_window(tiny_model, gray, monkeypatch, window):
    calls = Watched(monkeypatch).calls
    for _ in colorize(gray.clip, shots=SHOTS, model=tiny_model, look_ahead=window).frames():
        pass
    batches = sum(-(-length // window) for length in (5, COUNT - 5))
    assert calls == {"encode_references": 2, "prepare": batches, "advance": COUNT}


@pytest.mark.parametrize("window", [1, 4])
def test_after_seeks_and_emptied_caches_nothing_is_done_twice(core, tiny_model, gray, monkeypatch, window):
    calls = Watched(monkeypatch).calls
    clip = colorize(gray.clip, shots=SHOTS, model=tiny_model, look_ahead=window)
    for number in (10, 3, 9, 0, 7, 10):
        clip.get_frame(number)
        core.clear_cache()
    assert calls["advance"] <= COUNT


@pytest.mark.parametrize("window", [1, 3, 4])
def test_a_store_that_gives_states_up_changes_nothing(core, tiny_model, gray, window):
    """Room for about four states: the first of each window is kept longest, and windows begin anew from it."""
    wanted = expected(gray, tiny_model, SHOTS, look_ahead=window)
    store = MemoryStateCache(420_000, keep_every=window)
    clip = colorize(gray.clip, shots=SHOTS, model=tiny_model, look_ahead=window, cache=store)
    for number in (10, 4, 8, 0, 9, 2, 10):
        check(clip, gray, wanted, [number])
        core.clear_cache()


def test_with_the_first_state_of_a_window_its_shot_is_not_replayed(core, tiny_model, monkeypatch):
    long = film(12)
    store = MemoryStateCache(keep_every=4)
    shots = [Shot(0, None, SHOTS[0].references)]
    clip = colorize(long.clip, shots=shots, model=tiny_model, look_ahead=4, cache=store)
    wanted = expected(long, tiny_model, shots, look_ahead=4)
    check(clip, long, wanted, [11])
    core.clear_cache()
    for key in [key for key, (index, _) in store._entries.items() if index % 4]:
        del store._entries[key]
    calls = Watched(monkeypatch).calls
    check(clip, long, wanted, [9])
    assert calls == {"encode_references": 0, "prepare": 1, "advance": 3}


def test_a_damaged_state_is_computed_again(core, tiny_model, gray, tmp_path, caplog):
    wanted = expected(gray, tiny_model, SHOTS)
    clip = colorize(gray.clip, shots=SHOTS, model=tiny_model, cache=tmp_path)
    check(clip, gray, wanted, [10])
    core.clear_cache()
    for path in tmp_path.glob("??/*"):
        path.write_bytes(path.read_bytes()[:-9] + b"damaged!!")
    check(clip, gray, wanted, [10, 3])
    assert any("damaged" in record.message for record in caplog.records)


@pytest.mark.parametrize("threads", [1, 8])
@pytest.mark.parametrize("window", [1, 4])
def test_a_cold_seek_holds_no_more_frames_than_a_straight_run(core, tiny_model, monkeypatch, threads, window):
    """Luma is asked for when its turn has come: frames asked for and not yet used never pile up."""
    core.num_threads = threads
    count = 24
    source = film(count)
    asked, used, most = set(), set(), 0

    def read(n, f):
        nonlocal most
        asked.add(n)
        most = max(most, len(asked - used))
        return source.frames[n]

    whole = Colorist.color

    def color(self, engine, where, *rest):
        used.update(range(where.start, where.start + where.count))
        return whole(self, engine, where, *rest)

    monkeypatch.setattr(Colorist, "color", color)
    template = source.clip.std.BlankClip(keep=True)
    clip = colorize(template.std.ModifyFrame(template, read), shots=[Shot(0, None, SHOTS[0].references)],
                    model=tiny_model, look_ahead=window)  # fmt: skip
    clip.get_frame(count - 1)
    assert used == asked == set(range(count))
    assert most <= window + 2
