"""A reference clip as long as the film, which HAVC calls clip_ref; some of its scenes begin without colours."""

import logging

import numpy as np
import pytest

vs = pytest.importorskip("vapoursynth", reason="VapourSynth has no wheel for this platform")

from sequence.clips import picture

from vcnode import Reference, Shot
from vsvcnode import colorize

from .films import check, chroma_of, expected, film, is_frame
from .test_references import rgb_clip

COUNT = 9
STARTS = [0, 2, 4, 6]
PICTURES = [(picture(seed) * 255).round().astype(np.uint8) for seed in range(COUNT)]
BLACK = np.zeros_like(PICTURES[0])


@pytest.fixture(scope="module")
def gray():
    return film(COUNT)


def following(colorless):
    """The reference clip, black where a scene that is named begins."""
    return rgb_clip([BLACK if number in colorless else image for number, image in enumerate(PICTURES)])


def shots(shown):
    """The scenes, each with the frame that it is to take; its keyframe only where it is its own."""
    lasts = [*(start - 1 for start in STARTS[1:]), COUNT - 1]
    return [
        Shot(start, last, (Reference(PICTURES[frame], frame=start if frame == start else None),))
        for start, last, frame in zip(STARTS, lasts, shown, strict=True)
    ]


def marked(clip):
    return clip.std.FrameEval(lambda n: clip.std.SetFrameProps(_SceneChangePrev=int(n in STARTS)))


COLORLESS = [
    ((), [0, 2, 4, 6]),
    ((4,), [0, 2, 2, 6]),
    ((2, 4), [0, 0, 0, 6]),
    ((0,), [2, 2, 4, 6]),
    ((0, 2, 6), [4, 4, 4, 4]),
]


@pytest.mark.parametrize(("colorless", "shown"), COLORLESS, ids=str)
@pytest.mark.parametrize("direction", ["forward", "both"])
@pytest.mark.parametrize("properties", [False, True], ids=["listed", "properties"])
def test_a_scene_that_begins_without_colours_takes_the_reference_before_or_the_first_after(
    core, tiny_model, gray, colorless, shown, direction, properties
):
    wanted = expected(gray, tiny_model, shots(shown), direction=direction)
    scenes = marked(gray.clip) if properties else STARTS
    for order in ((8, 4, 0, 2, 6, 5), range(COUNT)):
        clip = colorize(gray.clip, following(colorless), scenes=scenes, direction=direction, model=tiny_model)
        for number in order:
            assert is_frame(clip.get_frame(number), gray.codes[number], wanted[number]), number
            core.clear_cache()


def test_its_detail_comes_from_the_same_frame(tiny_model):
    source = film(COUNT, height=128, width=192)
    images = [np.kron(image, np.ones((2, 2, 1), np.uint8)) for image in PICTURES]
    images[4][:] = 0
    wanted = expected(
        source,
        tiny_model,
        [Shot(0, 3, (Reference(images[0], frame=0),)), Shot(4, None, (Reference(images[0]),))],
        working_size=64,
    )
    clip = colorize(source.clip, rgb_clip(images), scenes=[4], working_size=64, model=tiny_model)
    check(clip, source, wanted, (7, 4, 0, 8))


def test_it_is_said_once_which_frame_has_no_colours(tiny_model, gray, caplog):
    clip = colorize(gray.clip, following([4]), scenes=STARTS, model=tiny_model)
    with caplog.at_level(logging.WARNING, logger="vcnode"):
        for number in (4, 6, 5, 4):
            clip.get_frame(number)
    (record,) = caplog.records
    assert record.name == "vcnode"
    assert "(frame 4 of the reference clip) is gray" in record.getMessage()


def test_a_frame_that_cannot_be_read_as_a_reference_counts_as_none(tiny_model, gray):
    clip = following([])
    spliced = clip[:4] + clip[4:6].std.SetFrameProps(_Transfer=16) + clip[6:]
    wanted = expected(gray, tiny_model, shots([0, 2, 2, 6]))
    colored = colorize(gray.clip, spliced, scenes=STARTS, model=tiny_model)
    assert is_frame(colored.get_frame(4), gray.codes[4], wanted[4])


def test_a_clip_without_colours_at_all_is_refused(tiny_model, gray):
    clip = colorize(gray.clip, following(STARTS), scenes=STARTS, model=tiny_model)
    with pytest.raises(vs.Error, match=r"colorize: no frame of the reference clip at a scene start .*is gray"):
        clip.get_frame(0)


def test_only_scene_starts_are_asked_for(tiny_model, gray):
    """Other frames may take long: each can be another program's work."""
    asked = []
    clip = following([4])
    counted = clip.std.ModifyFrame(clip, lambda n, f: asked.append(n) or f)
    colored = colorize(gray.clip, counted, scenes=STARTS, model=tiny_model)
    assert {chroma_of(frame).any() for frame in colored.frames()} == {True}
    assert set(asked) == set(STARTS)
