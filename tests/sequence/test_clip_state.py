import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vcnode import ClipState, Settings, Shot, StateCache, colorize
from vcnode.errors import CacheError, InputError

from .clips import clip, reference, same
from .test_cuts import FILM

FRAMES = clip(9)
KEYFRAMES = (reference(1), reference(2, frame=5))


def whole(model, frames=FRAMES, references=KEYFRAMES, **options):
    return list(colorize(frames, references, model=model, **options))


def pieces(model, bounds, frames=FRAMES, references=KEYFRAMES, through=lambda state: state, **options):
    done, state = [], None
    for begin, end in zip([0, *bounds], [*bounds, len(frames)], strict=True):
        run = colorize(frames[begin:end], references, model=model, state=state, **options)
        done += list(run)
        state = through(done[-1].state)
    return done


@settings(max_examples=12)
@given(bounds=st.sets(st.integers(1, 8)).map(sorted), look_ahead=st.sampled_from([1, 2, 4]))
def test_a_clip_in_pieces_has_the_pixels_of_one_run(tiny_model, bounds, look_ahead):
    options = {"settings": Settings(look_ahead=look_ahead)}
    for one, other in zip(whole(tiny_model, **options), pieces(tiny_model, bounds, **options), strict=True):
        assert same(one, other)


def test_a_state_goes_through_bytes_and_files_unchanged(tiny_model, tmp_path):
    def through(state):
        state.save(tmp_path / "clip.state")
        return ClipState.from_bytes(ClipState.load(tmp_path / "clip.state").to_bytes())

    expected = whole(tiny_model, cut_threshold=0.4)
    for one, other in zip(expected, pieces(tiny_model, [2, 6], through=through, cut_threshold=0.4), strict=True):
        assert same(one, other)


@pytest.mark.parametrize("bounds", [[3], [4], [5], [4, 8], [7, 8, 9]])
@pytest.mark.parametrize("look_ahead", [1, 3])
def test_cuts_are_found_across_pieces(tiny_model, bounds, look_ahead):
    options = {"frames": FILM, "references": (reference(1),), "cut_threshold": 0.4}
    options["settings"] = Settings(look_ahead=look_ahead)
    for one, other in zip(whole(tiny_model, **options), pieces(tiny_model, bounds, **options), strict=True):
        assert same(one, other)


def test_shots_and_gaps_count_from_the_start_of_the_clip(tiny_model):
    shots = [Shot(1, 3, (reference(1),)), Shot(5, None, (reference(2),))]
    expected = list(colorize(FRAMES, shots=shots, model=tiny_model))
    for cut in range(1, 9):
        front = list(colorize(FRAMES[:cut], shots=shots, model=tiny_model))
        back = list(colorize(FRAMES[cut:], shots=shots, model=tiny_model, state=front[-1].state))
        assert all(same(*pair) for pair in zip(expected, front + back, strict=True))
        assert [frame.number for frame in back] == list(range(cut, 9))


def test_a_piece_without_a_state_starts_anew_at_its_number(tiny_model):
    (frame, *_) = colorize(FRAMES[5:], KEYFRAMES, model=tiny_model, first=5)
    assert frame.number == 5
    shots = [Shot(5, None, KEYFRAMES)]
    assert same(frame, list(colorize(FRAMES, shots=shots, model=tiny_model))[5])


def test_going_on_leaves_a_state_as_it_was(tiny_model):
    state = whole(tiny_model)[3].state
    before = state.to_bytes()
    one, other = (list(colorize(FRAMES[4:], KEYFRAMES, model=tiny_model, state=state)) for _ in range(2))
    assert state.to_bytes() == before
    assert all(same(*pair) for pair in zip(one, other, strict=True))


def test_a_cache_and_a_state_agree(tiny_model, tmp_path):
    store = StateCache(tmp_path / "states")
    expected = whole(tiny_model, cache=store)
    entries = store.info().entries
    state = expected[3].state
    rest = list(colorize(FRAMES[4:], KEYFRAMES, model=tiny_model, state=state, cache=store))
    assert all(same(*pair) for pair in zip(expected[4:], rest, strict=True))
    assert store.info().entries == entries


def going_on(model, state, references=KEYFRAMES, frames=FRAMES, **options):
    return list(colorize(frames[4:], references, model=model, state=state, **options))


def test_a_state_that_does_not_fit_is_refused(tiny_model, other_model):
    state = whole(tiny_model)[3].state
    with pytest.raises(InputError, match="other model"):
        going_on(other_model, state)
    with pytest.raises(InputError, match="other references"):
        going_on(tiny_model, state, references=[reference(3)])
    with pytest.raises(InputError, match=r"other settings \(look_ahead 1, now look_ahead 2\)"):
        going_on(tiny_model, state, settings=Settings(look_ahead=2))
    with pytest.raises(InputError, match="other frame size"):
        going_on(tiny_model, state, frames=[frame[:-8] for frame in FRAMES])
    with pytest.raises(InputError, match="frame 4"):
        going_on(tiny_model, state, first=7)
    with pytest.raises(InputError, match="count from 0"):
        going_on(tiny_model, None, first=-1)


def test_what_only_finishes_a_frame_may_change(tiny_model):
    state = whole(tiny_model)[3].state
    (frame, *_) = going_on(tiny_model, state, settings=Settings(saturation=0))
    assert not frame.ab.any()


def test_a_damaged_state_is_told(tiny_model, tmp_path):
    path = tmp_path / "clip.state"
    data = bytearray(whole(tiny_model)[3].state.to_bytes())
    data[-5] ^= 1
    for broken in (bytes(data), bytes(data[: len(data) // 2]), b"", b"nonsense" * 9):
        path.write_bytes(broken)
        with pytest.raises(CacheError, match=r"clip\.state"):
            ClipState.load(path)
    with pytest.raises(CacheError, match="cannot be read"):
        ClipState.load(tmp_path / "absent")
    with pytest.raises(CacheError, match="cannot be written"):
        ClipState(0).save(tmp_path / "absent" / "clip.state")


def test_a_state_is_told_shortly(tiny_model):
    state = whole(tiny_model)[3].state
    assert str(state) == repr(state) == "state before frame 4, in a shot from frame 0 on"
    assert str(ClipState(7)) == "state before frame 7, between shots"
