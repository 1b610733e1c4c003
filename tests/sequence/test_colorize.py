import gc
import tracemalloc

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from vcnode import Reference, Settings, Shot, StateCache, colorize
from vcnode.color import lab_to_rgb, lightness_of_gray
from vcnode.errors import Cancelled, InputError, MediaError

from .clips import HEIGHT, WIDTH, OpenStore, Watched, clip, collect, picture, reference, same, straight

FRAMES = clip(8)
WINDOWS = [1, 2, 3, 5]


def ab(frames):
    return [frame.ab for frame in frames]


def all_equal(some, others):
    return all(torch.equal(*pair) for pair in zip(some, others, strict=True))


def test_every_frame_comes_back_in_order_at_its_own_size_with_its_own_lightness(tiny_model):
    frames = straight(tiny_model, FRAMES, [reference(1)])
    assert [frame.number for frame in frames] == list(range(8))
    for frame, luma in zip(frames, FRAMES, strict=True):
        planes = [frame.lightness, frame.ab, frame.confidence, frame.reference, frame.warped_ab]
        assert [plane.shape for plane in planes] == [(1, channels, HEIGHT, WIDTH) for channels in (1, 2, 1, 1, 2)]
        assert frame.reference.dtype == torch.int16
        assert not any(plane.is_inference() or plane.requires_grad for plane in planes)
        assert torch.allclose(
            frame.rgb()[0] * 0.2126 + frame.rgb()[1] * 0.7152 + frame.rgb()[2] * 0.0722,
            torch.from_numpy(luma),
            atol=2e-3,
        )
        assert frame.ab.std() > 5
        assert -1 <= frame.confidence.min() <= frame.confidence.max() <= 1.0001


@settings(max_examples=10)
@given(st.sampled_from([np.uint8, np.uint16, np.float32, np.float64, "luma tensor", "rgb", "rgb tensor"]))
def test_frames_may_come_in_any_form(tiny_model, form):
    codes = [(frame * 255).round().astype(np.uint8) for frame in FRAMES[:2]]
    forms = {
        np.uint8: lambda x: x,
        np.uint16: lambda x: x.astype(np.uint16) * 257,
        np.float32: lambda x: x.astype(np.float32) / np.float32(255),
        np.float64: lambda x: x / 255,
        "luma tensor": lambda x: torch.from_numpy(x)[None],
        "rgb": lambda x: np.repeat(x[..., None], 3, axis=-1),
        "rgb tensor": lambda x: torch.from_numpy(x).expand(3, -1, -1),
    }
    expected = straight(tiny_model, codes, [reference(1)])
    given_so = straight(tiny_model, [forms[form](code) for code in codes], [reference(1)])
    for one, other in zip(expected, given_so, strict=True):
        if "rgb" in str(form):  # L comes through another formula
            assert (one.lightness - other.lightness).abs().max() < 1e-3
            assert (one.ab - other.ab).abs().max() < 0.5
        else:
            assert same(one, other)


def test_frames_outside_shots_stay_gray_and_are_told_apart(tiny_model):
    shots = [Shot(2, 3, (reference(1),)), Shot(5, 5, (reference(2),))]
    frames = straight(tiny_model, FRAMES, shots)
    assert len(frames) == 8
    for frame in frames:
        in_a_shot = frame.number in (2, 3, 5)
        assert bool(frame.ab.any()) == bool(frame.warped_ab.any()) == in_a_shot
        assert bool((frame.reference >= 0).all()) == in_a_shot
    gray = frames[0]
    assert torch.allclose(gray.rgb()[0], gray.rgb()[2])
    gray.ab.add_(1)  # planes that are the caller's own, not views of one zero
    assert not gray.warped_ab.any()


def test_a_shot_begins_without_what_came_before(tiny_model):
    shots = [Shot(0, 3, (reference(1),)), Shot(4, None, (reference(2),))]
    others = [*clip(4, seed=9), *FRAMES[4:]]
    one, other = (straight(tiny_model, frames, shots, look_ahead=3) for frames in (FRAMES, others))
    assert all_equal(ab(one[4:]), ab(other[4:]))
    assert not torch.equal(one[3].ab, other[3].ab)


def test_within_a_shot_the_past_matters(tiny_model):
    one = straight(tiny_model, FRAMES, [reference(1)])
    other = straight(tiny_model, [clip(1, seed=9)[0], *FRAMES[1:]], [reference(1)])
    assert not torch.equal(one[2].ab, other[2].ab)


def test_progress_counts_every_frame_once(tiny_model):
    for window in WINDOWS:
        seen = []
        shots = [Shot(1, 4, (reference(1),)), Shot(6, None, (reference(1),))]
        wish = Settings(look_ahead=window)
        for frame in colorize(FRAMES, shots=shots, model=tiny_model, settings=wish, progress=seen.append):
            assert seen == list(range(1, frame.number + 1))
        assert seen == list(range(1, 9))


@pytest.mark.parametrize("window", WINDOWS)
@pytest.mark.parametrize("after", [0, 1, 4, 7])
def test_cancelling_stops_before_the_next_frame_and_keeps_what_is_finished(tiny_model, window, after):
    expected = straight(tiny_model, FRAMES, [reference(1)], look_ahead=window)
    done, store = [], OpenStore()
    run = colorize(
        FRAMES,
        [reference(1)],
        model=tiny_model,
        settings=Settings(look_ahead=window),
        cache=store,
        cancelled=lambda: len(done) == after,
    )
    with pytest.raises(Cancelled, match=f"before frame {after}"):
        collect(run, done)
    assert all(same(*pair) for pair in zip(done, expected[:after], strict=True))
    assert len(store.stored) == after


@pytest.mark.parametrize("window", WINDOWS)
@pytest.mark.parametrize(
    ("spoil", "problem"),
    [
        (lambda frame: frame * np.float32(np.nan), "Frame 4 has pixels that are not numbers"),
        (lambda frame: frame[:, :-2], "Frame 4 is 94x64 pixels but its shot began with 96x64"),
        (lambda frame: frame[None, None], "Frame 4 has the shape"),
        (lambda frame: frame * 255, "Frame 4 has float pixels of up to"),
        (lambda frame: frame.astype(np.int64), "Frame 4 has pixels of the type int64"),
    ],
)
def test_a_bad_frame_is_named_and_no_frame_before_it_is_lost(tiny_model, window, spoil, problem):
    frames = [*FRAMES[:4], spoil(FRAMES[4]), *FRAMES[5:]]
    expected = straight(tiny_model, FRAMES[:4], [reference(1)], look_ahead=window)
    done = []
    run = colorize(frames, [reference(1)], model=tiny_model, settings=Settings(look_ahead=window))
    with pytest.raises(InputError, match=problem):
        collect(run, done)
    assert all(same(*pair) for pair in zip(done, expected, strict=True))


def test_a_source_that_breaks_off_loses_no_frame_before(tiny_model):
    def broken():
        yield from FRAMES[:4]
        raise MediaError("The file ends early.")

    done = []
    run = colorize(broken(), [reference(1)], model=tiny_model, settings=Settings(look_ahead=3))
    with pytest.raises(MediaError, match="ends early"):
        collect(run, done)
    assert [frame.number for frame in done] == [0, 1, 2, 3]


def test_no_frames_give_no_frames(tiny_model):
    assert straight(tiny_model, [], [reference(1)]) == []
    assert straight(tiny_model, iter(()), [Shot(3, 9, (reference(1),))]) == []


def test_a_clip_may_end_inside_a_shot(tiny_model):
    assert len(straight(tiny_model, FRAMES[:3], [Shot(1, 100, (reference(1),))])) == 3


def test_colours_come_from_references_or_from_shots(tiny_model):
    shots = [Shot(0, None, (reference(1),))]
    for references, plan in (([], None), ([reference(1)], shots)):
        with pytest.raises(InputError, match="either references or shots"):
            colorize(FRAMES, references, shots=plan, model=tiny_model)
    with pytest.raises(InputError, match="list of shots is empty"):
        colorize(FRAMES, shots=[], model=tiny_model)


@pytest.mark.parametrize("window", WINDOWS)
def test_a_stream_reads_no_further_than_its_look_ahead(tiny_model, window):
    read = []

    def source():
        for number, frame in enumerate(FRAMES):
            read.append(number)
            yield frame

    for frame in colorize(source(), [reference(1)], model=tiny_model, settings=Settings(look_ahead=window)):
        assert len(read) <= frame.number + window + 1


@pytest.mark.parametrize("window", WINDOWS)
def test_one_buffer_may_serve_for_all_frames_and_delivered_frames_are_the_callers(tiny_model, window):
    expected = straight(tiny_model, FRAMES, [reference(1)], look_ahead=window)
    buffer = np.empty_like(FRAMES[0])

    def source():
        for frame in FRAMES:
            buffer[:] = frame
            yield buffer

    wish = Settings(look_ahead=window, find_bars=False)
    for frame in colorize(source(), [reference(1)], model=tiny_model, settings=wish):
        assert same(frame, expected[frame.number])
        for plane in (frame.lightness, frame.ab, frame.confidence, frame.reference, frame.warped_ab):
            plane.zero_()


def test_memory_does_not_grow_with_the_clip(tiny_model):
    def source(count):
        yield from (FRAMES[number % 8] for number in range(count))

    def tensors():
        gc.collect()
        return sum(issubclass(type(thing), torch.Tensor) for thing in gc.get_objects())

    counts, python_bytes = [], []
    tracemalloc.start()
    for frame in colorize(source(241), [reference(1)], model=tiny_model, settings=Settings(look_ahead=2)):
        if frame.number in (40, 140, 240):
            counts.append(tensors())
            python_bytes.append(tracemalloc.get_traced_memory()[0])
    tracemalloc.stop()
    assert counts[2] <= counts[1] <= counts[0]
    assert python_bytes[2] - python_bytes[1] < 20_000


def test_memory_of_the_process_does_not_grow_with_the_clip(tiny_model):
    psutil = pytest.importorskip("psutil")

    def source(count):
        yield from (FRAMES[number % 8] for number in range(count))

    size = []
    for frame in colorize(source(241), [reference(1)], model=tiny_model):
        if frame.number in (120, 240):
            size.append(psutil.Process().memory_info().rss)
    assert size[1] - size[0] < 6 * 2**20  # keeping states alone would take twice that


def barred(frames, level, rows=10):
    return [np.concatenate([np.full((rows, WIDTH), level, np.float32), frame]) for frame in frames]


def test_black_bars_stay_neutral_and_do_not_touch_the_rest(tiny_model):
    plain = straight(tiny_model, FRAMES, [reference(1)])
    noise = np.random.default_rng(0)
    for level in (0.0, 0.01):
        frames = barred(FRAMES, level)
        for frame in frames[1:]:
            frame[:10] = noise.uniform(0, 0.2, (10, WIDTH))  # a hair, dirt
        with_bars = straight(tiny_model, frames, [reference(1)])
        for one, other in zip(plain, with_bars, strict=True):
            assert torch.equal(one.ab, other.ab[..., 10:, :])
            assert not other.ab[..., :10, :].any()
            assert not other.confidence[..., :10, :].any()
            assert bool((other.reference[..., :10, :] == -1).all())


def test_bars_of_a_reference_are_left_out(tiny_model):
    bars = np.zeros((12, WIDTH, 3), np.float32)
    letterboxed = Reference(np.concatenate([bars, picture(1), bars]))
    plain = straight(tiny_model, FRAMES, [reference(1)])
    assert all_equal(ab(plain), ab(straight(tiny_model, FRAMES, [letterboxed])))
    kept = straight(tiny_model, FRAMES, [letterboxed], find_bars=False)
    assert not torch.equal(plain[0].ab, kept[0].ab)


@settings(max_examples=8)
@given(st.integers(1, 150), st.integers(1, 150))
def test_frames_of_any_size_are_coloured_after_references_of_any_size(tiny_model, height, width):
    if not 1 / 5 < height / width < 5:
        width = height
    frames = clip(2, height=height, width=width)
    (frame, _) = straight(tiny_model, frames, [Reference(picture(1, 70, 90)), Reference(picture(2, 30, 120))])
    assert frame.ab.shape == (1, 2, height, width)
    assert bool(torch.isfinite(frame.ab).all())
    assert set(frame.reference.unique().tolist()) <= {0, 1}


def test_a_keyframe_gives_colours_from_its_frame_on(tiny_model):
    plain = straight(tiny_model, FRAMES, [reference(1), reference(2)])
    keyed = straight(tiny_model, FRAMES, [reference(1), reference(2, frame=4)])
    assert all_equal(ab(plain[:4]), ab(keyed[:4]))
    assert not any(torch.equal(*pair) for pair in zip(ab(plain[4:]), ab(keyed[4:]), strict=True))


def test_after_a_keyframe_only_it_and_what_follows_matter(tiny_model):
    references = [reference(1), reference(2, frame=4)]
    for window in WINDOWS:
        one = straight(tiny_model, FRAMES, references, look_ahead=window)
        other = straight(tiny_model, [*clip(4, seed=9), *FRAMES[4:]], references, look_ahead=window)
        assert all_equal(ab(one[4:]), ab(other[4:]))


def test_several_keyframes_may_stand_in_one_shot_also_at_its_first_frame(tiny_model):
    keyed = straight(tiny_model, FRAMES, [reference(1, frame=0), reference(2, frame=4)])
    later = straight(tiny_model, FRAMES[4:], [reference(1), reference(2, frame=0)])
    assert all_equal(ab(keyed[4:]), ab(later))


def colored_first_frame(height=HEIGHT, width=WIDTH):
    """The clip's first frame in colour, at any size."""
    luma = torch.from_numpy(FRAMES[0])[None, None]
    lab = torch.cat((lightness_of_gray(luma), torch.full((1, 2, HEIGHT, WIDTH), 15.0)), dim=1)
    rgb = lab_to_rgb(lab).clamp(0, 1)
    return torch.nn.functional.interpolate(rgb, (height, width), mode="bilinear", antialias=True)[0]


@pytest.mark.parametrize("size", [(HEIGHT, WIDTH), (2 * HEIGHT, 2 * WIDTH), (100, 150)])
def test_a_reference_that_shows_the_first_frame_is_its_keyframe_unasked(tiny_model, size):
    image = colored_first_frame(*size)
    numbered = straight(tiny_model, FRAMES, [Reference(image, frame=0)])
    unnumbered = straight(tiny_model, FRAMES, [Reference(image)])
    assert all_equal(ab(numbered), ab(unnumbered))
    everywhere = np.ones(size, np.float32)
    as_any_other = straight(tiny_model, FRAMES, [Reference(image, mask=everywhere)])
    assert not torch.equal(unnumbered[0].ab, as_any_other[0].ab)


def test_another_picture_is_no_keyframe_unasked(tiny_model):
    assert not torch.equal(
        *(straight(tiny_model, FRAMES[:1], [reference(1, frame=frame)])[0].ab for frame in (None, 0))
    )


def test_the_reference_map_says_whose_colours_were_taken(tiny_model):
    """Each half of the frame is in one reference; flat colours tell whose they are."""
    luma = FRAMES[0]
    red, blue = (np.stack([luma**power for power in powers], axis=-1) for powers in ((0.5, 1.5, 1.5), (1.5, 1.5, 0.5)))
    red[:, WIDTH // 2 :] = picture(8)[:, WIDTH // 2 :]
    blue[:, : WIDTH // 2] = picture(8)[:, : WIDTH // 2]
    (frame,) = straight(tiny_model, [luma], [Reference(red), Reference(blue)])
    left, right = frame.reference[..., 8 : WIDTH // 2 - 16], frame.reference[..., WIDTH // 2 + 16 : -8]
    assert (left == 0).float().mean() > 0.8
    assert (right == 1).float().mean() > 0.8


def test_a_heavier_reference_wins_more(tiny_model):
    def share(weight):
        (frame,) = straight(tiny_model, FRAMES[:1], [reference(1, weight=weight), reference(2)])
        return float((frame.reference == 0).float().mean())

    shares = [share(weight) for weight in (0.01, 1.0, 100.0)]
    assert shares[0] < shares[1] < shares[2]


def test_what_a_mask_leaves_out_is_never_matched(tiny_model):
    image = picture(1)
    image[:, : WIDTH // 2] = (1.0, 0.0, 0.0)
    mask = np.ones((HEIGHT, WIDTH), np.uint8) * 255
    mask[:, : WIDTH // 2] = 0
    other = image.copy()
    other[:, : WIDTH // 2] = (0.0, 0.0, 1.0)  # of another colour; its luma reaches the network, so compare colours only
    (masked,) = straight(tiny_model, FRAMES[:1], [Reference(image, mask=mask)])
    (unmasked,) = straight(tiny_model, FRAMES[:1], [Reference(image)])
    red = torch.tensor([80.0, 67.0]).view(1, 2, 1, 1)  # Lab of sRGB red
    assert float((unmasked.warped_ab - red).abs().sum(dim=1).min()) < 5
    assert float((masked.warped_ab - red).abs().sum(dim=1).min()) > 20


def test_saturation_scales_and_touches_no_state(tiny_model, monkeypatch):
    store = OpenStore()
    full = list(colorize(FRAMES, [reference(1)], model=tiny_model, cache=store))
    watched = Watched(monkeypatch)
    after = reference(1)
    half = list(colorize(FRAMES, [after], model=tiny_model, cache=store, settings=Settings(saturation=0.5)))
    assert watched.calls["advance"] == 0
    for one, other in zip(full, half, strict=True):
        assert torch.allclose(one.ab * 0.5, other.ab, atol=1e-4)


def test_what_the_network_is_set_to_never_reads_states_of_another_setting(tiny_model):
    store = OpenStore()
    for options in ({}, {"look_ahead": 2}, {"working_size": 70}, {"compat": "devc"}, {"find_bars": False}):
        store.stored.clear()
        list(colorize(FRAMES[:2], [reference(1)], model=tiny_model, cache=store, settings=Settings(**options)))
        assert store.stored == [0, 1]


def test_a_second_run_may_stop_and_go_on_anywhere(tiny_model, tmp_path):
    expected = straight(tiny_model, FRAMES, [reference(1)])
    run = colorize(FRAMES, [reference(1)], model=tiny_model, cache=StateCache(tmp_path))
    for _ in range(3):
        next(run)
    run.close()
    again = list(colorize(FRAMES, [reference(1)], model=tiny_model, cache=StateCache(tmp_path)))
    assert all(same(*pair) for pair in zip(again, expected, strict=True))
