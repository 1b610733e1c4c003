"""Colour finer than the working size: comes back in the keyframe and near it, and nowhere else."""

import gc
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from dataclasses import fields, is_dataclass, replace

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from host_traffic import HostTraffic
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor
from torch._subclasses.fake_tensor import FakeTensorMode

from vcnode import ClipState, Reference, Sequence, Settings, Shot, colorize, load
from vcnode.color import Bars, WorkingSize, enlarge_ab, gray_of_lightness
from vcnode.network import State
from vcnode.network.light_colorization import UNKNOWN
from vcnode.sequence.frame import lightness_of
from vcnode.sequence.identity import model_digest
from vcnode.sequence.keyframe_choice import DetailSource
from vcnode.sequence.keyframe_detail import KeyframeDetail
from vcnode.sequence.shot_engine import ShotEngine
from vcnode.sequence.shot_references import ShotReferences

from .clips import same
from .fine_colors import HEIGHT, WIDTH, film, picture, stripes

SIZE = WorkingSize.fit(HEIGHT, WIDTH, 64, 8)


def state_of(lab, size=SIZE, uncertainty=0.05):
    """As the network leaves it where it knows the colours."""
    small = size.shrink(lab)
    return State(small[:, :1], small[:, 1:], torch.full_like(small[:, :1], uncertainty))


def enlarged(lab, state, size=SIZE):
    uncertainty = size.crop(state.uncertainty.expand_as(state.lightness))
    return enlarge_ab(size.crop(state.ab), uncertainty, size.crop(state.lightness), lab[:, :1])


def refined(ab, keyframe, lightness, state, size=SIZE):
    """Enlarged colours with what the keyframe knows beyond the working size."""
    sighting = KeyframeDetail.of(keyframe, size).look(state, size)
    return ab if sighting is None else sighting.add(ab, lightness, size.crop(state.uncertainty))


def corrected(keyframe, state, influence=1.0, size=SIZE):
    """The state without padding, as it is and set right by the keyframe's colours."""
    plain = State(*(size.crop(each) for each in (state.lightness, state.ab, state.uncertainty)))
    sighting = KeyframeDetail.of(keyframe, size).look(state, size)
    return plain, plain if sighting is None else sighting.correct(plain, influence)


def worn(lab, seed=0, uncertainty=20.0, size=SIZE):
    """As the network leaves it when colours have worn off."""
    state = state_of(lab, size, uncertainty)
    noise = torch.randn(state.ab.shape, generator=torch.Generator().manual_seed(seed))
    return replace(state, ab=state.ab + uncertainty**0.5 * noise)


def before_and_after(keyframe, frame, uncertainty=0.05, size=SIZE):
    """Squared error of the frame's colours, without and with the keyframe's detail."""
    state = state_of(frame, size, uncertainty)
    plain = enlarged(frame, state, size)
    fine = refined(plain, keyframe, frame[:, :1], state, size)
    inside = (..., slice(16, -16), slice(16, -16))
    return [float((ab - frame[:, 1:])[inside].square().mean()) for ab in (plain, fine)]


def engine(model, *references, first_lightness=None, **options):
    first = torch.full((1, 1, HEIGHT, WIDTH), 50.0) if first_lightness is None else first_lightness
    return ShotEngine(model, model_digest(model), references, 0, first, Settings(working_size=64, **options))


def test_a_keyframe_comes_back_as_it_is():
    lab = stripes()
    before, after = before_and_after(lab, lab)
    assert before > 20
    assert after < before / 1000


def test_what_moves_takes_its_detail_along():
    wide = stripes(width=WIDTH + 16)
    before, after = before_and_after(wide[..., 10 : WIDTH + 10], wide[..., 3 : WIDTH + 3])
    assert after < before / 5


def test_the_less_sure_colours_are_the_less_is_added():
    lab = stripes()
    errors = [before_and_after(lab, lab, uncertainty)[1] for uncertainty in (0.1, 3.0, 100.0, 3000.0)]
    assert errors == sorted(errors)


@pytest.mark.parametrize(("gain", "offset"), [(0.85, 8.0), (1.15, -6.0)])
def test_a_flicker_of_the_film_is_no_difference(gain, offset):
    lab = stripes()
    flickering = torch.cat((lab[:, :1] * gain + offset, lab[:, 1:]), dim=1)
    before, after = before_and_after(lab, flickering)
    assert after < before / 100


def test_a_film_on_which_red_is_dark_and_blue_bright_is_no_difference():
    lab = stripes()
    stock = torch.cat((lab[:, :1] - 0.3 * lab[:, 1:2] - 0.15 * lab[:, 2:], lab[:, 1:]), dim=1)
    before, after = before_and_after(lab, stock)
    assert after < before / 20


def test_grain_is_no_difference():
    lab = stripes()
    random = torch.Generator().manual_seed(1)
    grainy = [
        torch.cat((lab[:, :1] + 2.5 * torch.randn(1, 1, HEIGHT, WIDTH, generator=random), lab[:, 1:]), dim=1)
        for _ in range(2)
    ]
    before, after = before_and_after(*grainy)
    assert after < before / 10


def test_what_comes_into_the_picture_keeps_its_own_colours():
    """A gray thing is not striped, though single pixels of it are as bright as what was there before."""
    lab, thing = stripes(20), (..., slice(0, WIDTH // 4))
    hidden = lab.clone()
    hidden[thing] = torch.cat((stripes(9)[:, :1], torch.zeros(1, 2, HEIGHT, WIDTH)), dim=1)[thing]
    state = state_of(hidden)
    plain = enlarged(hidden, state)
    fine = refined(plain, lab, hidden[:, :1], state)
    inside, rest = (..., slice(0, WIDTH // 4 - 8)), (..., slice(WIDTH // 4 + 24, None))
    assert (fine - plain)[inside].abs().max() < 0.5
    assert (fine - hidden[:, 1:])[rest].square().mean() < (plain - hidden[:, 1:])[rest].square().mean() / 4


def test_colors_that_have_worn_off_are_fetched_from_the_keyframe():
    wide = stripes(width=WIDTH + 16)
    keyframe, frame = wide[..., 10 : WIDTH + 10], wide[..., 3 : WIDTH + 3]
    truth = SIZE.crop(state_of(frame).ab)
    plain, right = corrected(keyframe, worn(frame))
    inside = (..., slice(6, -6), slice(6, -6))
    assert (right.ab - truth)[inside].square().mean() < (plain.ab - truth)[inside].square().mean() / 3
    assert right.uncertainty[inside].mean() < plain.uncertainty[inside].mean() / 3
    assert torch.equal(corrected(keyframe, worn(frame), influence=0.0)[1].ab, plain.ab)


def test_sure_colors_stay_as_they_are():
    lab = stripes()
    plain, right = corrected(stripes() + torch.tensor([0.0, 9.0, 0.0]).view(1, 3, 1, 1), state_of(lab, uncertainty=0.0))
    assert torch.equal(right.ab, plain.ab)


def test_what_comes_into_the_picture_does_not_take_the_color_of_what_it_hides():
    lab, thing = stripes(20), (..., slice(0, WIDTH // 4))
    hidden = lab.clone()
    hidden[thing] = torch.cat((stripes(9)[:, :1], torch.zeros(1, 2, HEIGHT, WIDTH)), dim=1)[thing]
    plain, right = corrected(lab, state_of(hidden, uncertainty=5.0))
    inside = (..., slice(0, plain.ab.shape[3] // 4 - 8))
    assert (right.ab - plain.ab)[inside].abs().mean() < 0.5


def test_another_picture_adds_nothing_at_all():
    lab = stripes()
    for seed in range(10, 16):
        state = state_of(lab)
        plain = enlarged(lab, state)
        assert torch.equal(refined(plain, stripes(seed), lab[:, :1], state), plain)
        assert torch.equal(corrected(stripes(seed), worn(lab))[1].ab, SIZE.crop(worn(lab).ab))


def test_nothing_is_added_to_colours_of_which_nothing_is_known():
    lab = stripes()
    for uncertainty in (torch.full((1, 1, 1, 1), UNKNOWN), torch.full_like(SIZE.shrink(lab[:, :1]), UNKNOWN)):
        state = replace(state_of(lab), uncertainty=uncertainty)
        assert KeyframeDetail.of(lab, SIZE).look(state, SIZE) is None


sides = st.integers(65, 160)


@settings(max_examples=40)
@given(sides, sides, st.integers(40, 300), st.sampled_from(["flat", "black", "white", "noise", "shown"]), st.data())
def test_any_pictures_give_numbers_in_range(height, width, other, kind, data):
    size = WorkingSize.fit(height, width, 64, 8)
    random = torch.Generator().manual_seed(data.draw(st.integers(0, 99)))
    spread = torch.tensor([50.0, 120.0, 120.0]).view(1, 3, 1, 1)
    lab = (2 * torch.rand(1, 3, other, max(1, other * width // height), generator=random) - 1) * spread
    lab[:, 0] += 50
    level = {"flat": 50.0, "black": 0.0, "white": 100.0}.get(kind)
    if level is not None:
        frame = torch.full((1, 1, height, width), level)
    elif kind == "noise":
        frame = 100 * torch.rand(1, 1, height, width, generator=random)
    else:
        frame = F.interpolate(lab[:, :1], (height, width), mode="bilinear", antialias=True)
    small = size.shrink(frame)
    state = State(small, small.repeat(1, 2, 1, 1), 10 * torch.rand(small.shape, generator=random))
    ab = 250 * torch.rand(1, 2, height, width, generator=random) - 125
    plain, right = corrected(lab, state, size=size)
    assert right.ab.isfinite().all()
    assert (right.uncertainty >= 0).all()
    assert (right.uncertainty <= plain.uncertainty).all()
    fine = refined(ab, lab, frame, state, size)
    assert fine.shape == ab.shape
    assert fine.isfinite().all()
    assert float(fine.min()) >= -128
    assert float(fine.max()) <= 127


def test_it_happens_where_the_frame_is():
    with FakeTensorMode():
        detail = KeyframeDetail.of(torch.rand(1, 3, HEIGHT, WIDTH), SIZE).to("cuda")
        small = torch.rand(1, 1, SIZE.padded_height, SIZE.padded_width, device="cuda")
        full = torch.rand(1, 1, HEIGHT, WIDTH, device="cuda")
        with HostTraffic() as traffic:
            sighting = detail.look(State(small, small.repeat(1, 2, 1, 1), small), SIZE)
            small = SIZE.crop(small)
            right = sighting.correct(State(small, small.repeat(1, 2, 1, 1), small), 1.0)
            fine = sighting.add(full.repeat(1, 2, 1, 1), full, right.uncertainty)
        assert not traffic.found
        assert fine.device == torch.device("cuda:0")


def test_only_whole_pictures_of_the_frames_shape_give_detail(tiny_model):
    lab = stripes()
    mask = np.ones((HEIGHT, WIDTH), np.float32)
    mask[:, 100:] = 0
    made = engine(
        tiny_model,
        Reference(picture(lab), frame=3, mask=mask),
        Reference(picture(lab[..., :-40]), frame=3),
        Reference(picture(lab), frame=9),
        Reference(picture(F.interpolate(lab, scale_factor=0.5))),
    )
    assert made.finisher.sources == (DetailSource(2, 9), DetailSource(3, None))
    assert [made.finisher.source(number).place for number in (0, 9, 100)] == [3, 2, 2]


@pytest.mark.parametrize(
    "options", [{"compat": "devc"}, {"upsampling": "bilateral"}, {"upsampling": "bicubic"}], ids=str
)
def test_only_the_usual_enlarging_does_it(tiny_model, options):
    assert engine(tiny_model, Reference(picture(stripes()), frame=0), **options).finisher.sources == ()


def test_a_film_is_closer_to_the_truth_near_its_keyframe_and_luma_stays():
    colored = film(3)
    options = {"references": [Reference(colored[0], frame=0)], "model": load("lite", "cpu")}
    frames = [gray_of_lightness(Reference(frame).lab()[0, :1]) for frame in colored]
    runs = [
        list(colorize(frames, **options, settings=Settings(working_size=64, upsampling=upsampling)))
        for upsampling in ("adaptive", "bicubic")
    ]
    for number, (ours, bicubic) in enumerate(zip(*runs, strict=True)):
        truth = Reference(colored[number]).lab()[:, 1:]
        assert torch.equal(ours.lightness, lightness_of(frames[number], number))
        before, after = (float((run.ab - truth).square().mean()) for run in (bicubic, ours))
        assert after < before / (1.5 if number else 50)


def test_saturation_counts_for_the_detail_too(tiny_model):
    frames = film(1)
    options = {"model": tiny_model}
    (full,), (half,) = (
        list(colorize(frames, [Reference(frames[0], frame=0)], settings=Settings(64, None, factor), **options))
        for factor in (1.0, 0.5)
    )
    assert torch.allclose(half.ab, full.ab / 2, atol=1e-4)


def test_black_bars_of_film_and_keyframe_are_left_out(tiny_model):
    lab = stripes()
    plain = engine(tiny_model, Reference(picture(lab), frame=0), first_lightness=lab[:, :1])
    bars = Bars(20, 20, 0, 0)
    barred, other = bars.restore(lab), Bars(30, 30, 0, 0).restore(lab)
    made = engine(tiny_model, Reference(picture(other), frame=0), first_lightness=barred[:, :1])
    assert made.bars == bars
    assert made.size == plain.size
    wanted, got = (
        each.finish(
            each.advance(each.prepare({0: (each.working(frame[:, :1], 0), None, None)})[0], None, 0), frame[:, :1], 0
        )
        for each, frame in ((plain, lab), (made, barred))
    )
    assert torch.allclose(bars.crop(got.ab), wanted.ab, atol=0.05)
    assert not got.ab[..., :20, :].any()
    assert not got.ab[..., -20:, :].any()


def test_a_frame_no_larger_than_the_working_size_gets_its_keyframes_colours_too():
    lab = F.interpolate(stripes(), (SIZE.height, SIZE.width), mode="bilinear", antialias=True)
    size = WorkingSize.fit(SIZE.height, SIZE.width, 64, 8)
    state = worn(lab, size=size)
    plain, right = corrected(lab, state, size=size)
    true = lab[:, 1:]
    assert (right.ab - true).square().mean() < (plain.ab - true).square().mean() / 5
    enlarged_ab = enlarged(lab, state, size)
    assert torch.equal(refined(enlarged_ab, lab, lab[:, :1], state, size), enlarged_ab)


REFERENCES = {
    "keyframes": [(0, 0), (4, 4)],
    "without a number": [(2, None), (5, None)],
    "both": [(5, None), (3, 3)],
}


@pytest.fixture(scope="module")
def frames():
    return film()


def references_of(kind, frames):
    return [Reference(frames[shown], frame=number) for shown, number in REFERENCES[kind]]


@pytest.mark.parametrize("kind", REFERENCES)
def test_pieces_and_seeks_give_the_pixels_of_one_run(tiny_model, frames, kind, monkeypatch):
    references = references_of(kind, frames)
    options = {"model": tiny_model, "settings": Settings(working_size=64)}
    whole = list(colorize(frames, references, **options))
    with monkeypatch.context() as without:
        without.setattr(KeyframeDetail, "look", lambda *_: None)
        plain = list(colorize(frames, references, **options))
    assert not any(torch.equal(one.ab, other.ab) for one, other in zip(whole, plain, strict=True))
    for end in (1, 3, 5):
        state = ClipState.from_bytes(whole[end - 1].state.to_bytes())
        rest = list(colorize(frames[end:], references, state=state, **options))
        assert all(same(*pair) for pair in zip(rest, whole[end:], strict=True))
    sequence = Sequence(tiny_model, frames, [Shot(0, None, tuple(references))], settings=Settings(working_size=64))
    for number in (6, 0, 5, 1, 4, 2, 3):
        assert same(sequence[number], whole[number])


def test_threads_that_want_different_keyframes_do_not_meddle(tiny_model, frames):
    references = references_of("keyframes", frames)
    whole = list(colorize(frames, references, model=tiny_model, settings=Settings(working_size=64)))
    sequence = Sequence(tiny_model, frames, [Shot(0, None, tuple(references))], settings=Settings(working_size=64))
    numbers = [0, 6, 1, 5, 2, 4, 3] * 3
    with ThreadPoolExecutor(4) as pool:
        assert all(same(frame, whole[frame.number]) for frame in pool.map(sequence.__getitem__, numbers))


@pytest.mark.parametrize("host", ["float64", "bfloat16 autocast", "meta device", "inference"])
def test_what_the_host_has_set_in_torch_changes_nothing(tiny_model, frames, host):
    options = {"model": tiny_model, "settings": Settings(working_size=64)}
    expected = list(colorize(frames[:2], references_of("keyframes", frames)[:1], **options))
    contexts = {
        "bfloat16 autocast": lambda: torch.autocast("cpu", torch.bfloat16),
        "meta device": lambda: torch.device("meta"),
        "inference": torch.inference_mode,
    }
    try:
        if host == "float64":
            torch.set_default_dtype(torch.float64)
        with contexts.get(host, nullcontext)():
            found = list(colorize(frames[:2], references_of("keyframes", frames)[:1], **options))
    finally:
        torch.set_default_dtype(torch.float32)
    assert all(same(*pair) for pair in zip(found, expected, strict=True))


def test_one_keyframe_is_held_at_a_time_and_finishers_hold_none(tiny_model):
    frames = film(9)
    references = tuple(Reference(frame, frame=number) for number, frame in enumerate(frames))
    chosen = Settings(working_size=64)
    read = ShotReferences(tiny_model, references, chosen.on(tiny_model))
    made = ShotEngine(tiny_model, model_digest(tiny_model), read, 0, lightness_of(frames[0], 0), chosen)
    before = details()
    for source in made.finisher.sources:
        read.detail(source, made.bars, made.size, torch.device("cpu"))
        assert details() == before + 1
    assert not any(isinstance(each, Tensor) for each in parts(made.finisher))


def details():
    gc.collect()
    return sum(type(each) is KeyframeDetail for each in gc.get_objects())


def parts(value):
    """All that a frozen dataclass consists of."""
    if is_dataclass(value):
        return [part for field in fields(value) for part in parts(getattr(value, field.name))]
    return [part for each in value for part in parts(each)] if isinstance(value, tuple) else [value]
