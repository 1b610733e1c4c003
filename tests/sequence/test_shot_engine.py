from contextlib import nullcontext
from dataclasses import replace

import numpy as np
import pytest
import torch

from vcnode import Reference, Sequence, Settings, Shot, colorize, load
from vcnode.color import rgb_to_lab
from vcnode.errors import InputError
from vcnode.network import State
from vcnode.sequence.frame import lightness_of
from vcnode.sequence.identity import model_digest
from vcnode.sequence.shot_engine import ShotEngine, WorkingFrame

from .clips import HEIGHT, WIDTH, Watched, clip, picture, reference, same, straight

FRAMES = clip(4)
FIRST = lightness_of(FRAMES[0], 0)


def engine(model, *references, first=0, first_lightness=FIRST, digest=None, **options):
    digest = digest or model_digest(model)
    return ShotEngine(model, digest, references or [reference(1)], first, first_lightness, Settings(**options))


def test_the_key_depends_on_everything_that_changes_a_state(tiny_model):
    mask = np.ones((HEIGHT, WIDTH), np.float32)
    mask[:, :16] = 0
    keys = [
        made.start_key
        for made in (
            engine(tiny_model),
            engine(tiny_model, digest="another model"),
            engine(tiny_model, reference(2)),
            engine(tiny_model, reference(1), reference(1)),
            engine(tiny_model, reference(1), reference(2)),
            engine(tiny_model, reference(2), reference(1)),
            engine(tiny_model, reference(1), reference(2, weight=2.0)),
            engine(tiny_model, reference(1, mask=mask)),
            engine(tiny_model, reference(1, frame=0)),
            engine(tiny_model, reference(1, frame=1)),
            engine(tiny_model, look_ahead=2),
            engine(tiny_model, compat="devc"),
            engine(tiny_model, working_size=72),
            engine(tiny_model, first_lightness=FIRST[..., :-8]),
        )
    ]
    assert len(set(keys)) == len(keys)


def test_the_key_does_not_depend_on_what_leaves_states_alone(tiny_model):
    key = engine(tiny_model).start_key
    assert engine(tiny_model, first=100).start_key == key
    assert engine(tiny_model, saturation=0.5, upsampling="bilinear").start_key == key
    assert engine(tiny_model, Reference(torch.from_numpy(picture(1)).permute(2, 0, 1))).start_key == key
    keyed = engine(tiny_model, reference(1, frame=3)).start_key
    assert engine(tiny_model, reference(1, frame=103), first=100).start_key == keyed


def test_references_are_encoded_once_and_only_when_wanted(tiny_model, monkeypatch):
    watched = Watched(monkeypatch)
    made = engine(tiny_model)
    assert watched.calls["encode_references"] == 0
    for number in range(3):
        made.prepare({0: (made.working(FIRST, number), None, None)})
    assert watched.calls["encode_references"] == 1


def test_a_frame_has_its_place_in_the_batch_whatever_its_neighbours(tiny_model):
    made = engine(tiny_model, look_ahead=3)
    slots = {place: (made.working(lightness_of(FRAMES[place], place), place), None, None) for place in range(3)}
    together = made.prepare(slots)
    for place in range(3):
        alone = made.prepare({place: slots[place]})[place]
        for name in ("lightness", "warped_ab", "confidence", "match", "flow"):
            assert torch.equal(getattr(alone, name), getattr(together[place], name))


def test_a_working_frame_comes_back_from_its_tensors(tiny_model):
    made = engine(tiny_model)
    frame = made.advance(made.prepare({0: (made.working(FIRST, 0), None, None)})[0], None, 0)
    again = WorkingFrame.from_tensors(frame.tensors())
    assert same(made.finish(frame, FIRST, 0), made.finish(again, FIRST, 0))
    assert isinstance(again.state, State)


@pytest.mark.parametrize("size", [(HEIGHT, WIDTH), (66, 100), (128, 192), (480, 720)])
def test_a_keyframe_is_the_reference_at_the_frames_own_working_size(tiny_model, size):
    image = Reference(picture(1, *size), frame=0)
    first = lightness_of(clip(1, height=75, width=112)[0], 0)
    made = engine(tiny_model, image, first_lightness=first)
    seed = made.seeds[0]
    assert seed.lightness.shape == (1, 1, 80, 112)
    expected = torch.nn.functional.interpolate(image.lab(), (75, 112), mode="bilinear", antialias=True)
    seeded = torch.cat((seed.lightness, seed.ab), dim=1)[..., :75, :]
    assert torch.allclose(seeded, expected, atol=1e-3)


@pytest.mark.parametrize("number", [0, None])
def test_a_keyframe_is_known_again_though_the_films_gray_is_not_its_l(number):
    """The luma of a video differs from L where colours are strong; taken for L, it costs 5 units of ab here."""
    rgb = picture(3)
    truth = rgb_to_lab(torch.from_numpy(rgb).permute(2, 0, 1)[None])
    luma = rgb @ np.float32([0.2126, 0.7152, 0.0722])
    assert (lightness_of(luma, 0) - truth[:, :1]).abs().mean() > 3
    options = Settings(working_size=64)
    for frame in colorize([luma] * 2, [Reference(rgb, frame=number)], model=load("lite"), settings=options):
        assert (frame.ab - truth[:, 1:]).abs().mean() < 3


def test_padding_is_never_matched(tiny_model):
    image = picture(1, 66, 96)
    lightness = rgb_to_lab(torch.from_numpy(image).permute(2, 0, 1)[None])[:, :1]
    made = engine(tiny_model, Reference(image), first_lightness=lightness)
    found = made.prepare({0: (made.working(lightness, 0), None, None)})[0]
    assert found.match.shape == (1, 72 // 4, 96 // 4)
    assert int(found.match.max()) < 66 // 4 * (96 // 4)


def test_only_a_whole_picture_of_the_frames_shape_can_be_a_keyframe(tiny_model):
    mask = np.ones((HEIGHT, WIDTH), np.float32)
    assert set(engine(tiny_model, reference(1, frame=2)).seeds) == {2}
    assert not engine(tiny_model, reference(1, frame=2, mask=mask)).seeds
    assert not engine(tiny_model, Reference(picture(1, 96, 96), frame=2)).seeds
    assert not engine(tiny_model, reference(1)).seeds
    assert set(engine(tiny_model, reference(1, frame=2), reference(2, frame=2)).seeds) == {2}


def test_the_authors_script_is_told_which_reference_is_the_first_frame(tiny_model):
    tinted = FRAMES[0][..., None] * np.float32([1, 0.97, 0.94])
    assert set(engine(tiny_model, Reference(tinted)).seeds) == {0}
    assert not engine(tiny_model, Reference(tinted), compat="devc").seeds
    assert set(engine(tiny_model, Reference(tinted, frame=0), compat="devc").seeds) == {0}


def test_the_authors_script_takes_a_keyframe_as_it_is(tiny_model):
    made = engine(tiny_model, reference(1, frame=0), compat="devc")
    prepared = made.prepare({0: (made.working(FIRST, 0), made.seeds[0], None)})[0]
    with torch.inference_mode():
        _, wanted = tiny_model.advance(prepared, made.seeds[0])
    assert torch.equal(made.advance(prepared, None, 0).state.ab, wanted.ab)


def test_the_authors_script_is_followed_on_request(tiny_devc):
    frames = FRAMES[:3]
    plain = straight(tiny_devc, frames, [reference(1)])
    authors = straight(tiny_devc, frames, [reference(1)], compat="devc", look_ahead=2)
    assert not torch.equal(plain[0].ab, authors[0].ab)
    colours = torch.nn.functional.avg_pool2d(reference(1).lab()[:, 1:], 4).flatten(2)
    warped = authors[0].warped_ab[..., 2::4, 2::4]  # bilinear enlargement passes close to, not through, the colours
    assert warped.amin() >= colours.amin() - 1e-3
    assert warped.amax() <= colours.amax() + 1e-3
    sequence = Sequence(
        tiny_devc, frames, [Shot(0, None, (reference(1),))], settings=Settings(compat="devc", look_ahead=2)
    )
    assert same(sequence[2], authors[2])


def test_the_authors_script_fades_nothing(tiny_devc):
    dark = FRAMES[0] * np.float32(0.05)
    (ours,), (authors,) = (straight(tiny_devc, [dark], [reference(1)], compat=compat) for compat in (None, "devc"))
    black = (ours.lightness < 0.5).expand_as(ours.ab)
    assert black.any()
    assert ours.ab[black].abs().mean() < 0.1 * authors.ab[black].abs().mean()


def test_a_frame_of_another_size_is_refused_by_number(tiny_model):
    with pytest.raises(InputError, match="Frame 7 is 96x56 pixels but its shot began with 96x64"):
        engine(tiny_model).working(FIRST[..., :-8, :], 7)


@pytest.mark.parametrize("host", ["float64", "bfloat16 autocast", "meta device", "inference"])
def test_what_the_host_has_set_in_torch_changes_nothing(tiny_model, host):
    expected = straight(tiny_model, FRAMES, [reference(1), reference(2, frame=2)], look_ahead=2)
    contexts = {
        "bfloat16 autocast": lambda: torch.autocast("cpu", torch.bfloat16),
        "meta device": lambda: torch.device("meta"),
        "inference": torch.inference_mode,
    }
    try:
        if host == "float64":
            torch.set_default_dtype(torch.float64)
        with contexts.get(host, nullcontext)():
            frames = straight(tiny_model, FRAMES, [reference(1), reference(2, frame=2)], look_ahead=2)
    finally:
        torch.set_default_dtype(torch.float32)
    assert all(same(*pair) for pair in zip(frames, expected, strict=True))


def test_a_model_that_is_still_in_training_leaves_no_graph_behind(tiny_model):
    tiny_model.color_net.requires_grad_(True)
    try:
        (frame,) = straight(tiny_model, FRAMES[:1], [reference(1)])
    finally:
        tiny_model.color_net.requires_grad_(False)
    assert not frame.ab.requires_grad


def test_references_are_read_when_the_shot_begins_and_bad_ones_named(tiny_model):
    bad = replace(reference(1), mask=np.ones((3, 3)))
    with pytest.raises(InputError, match="mask of reference"):
        engine(tiny_model, bad)
