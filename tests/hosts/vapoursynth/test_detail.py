"""Colour finer than the working size: the core's, whatever is asked in whatever order, and few keyframes at a time."""

import numpy as np
import pytest
import torch

vs = pytest.importorskip("vapoursynth", reason="VapourSynth has no wheel for this platform")

from PIL import Image
from sequence.clips import texture

from vcnode import Reference, Shot
from vcnode.color import Matrix, rgb_keeping_luma
from vcnode.sequence.keyframe_detail import KeyframeDetail
from vsvcnode import colorize
from vsvcnode.detail_clip import DetailClip

from .films import COUNT, alive, check, check_frames, expected, film
from .test_references import rgb_clip

HEIGHT, WIDTH = 128, 192
NUMBERS = [2, 7, 9]
OPTIONS = {"working_size": 64}


@pytest.fixture(scope="module")
def gray():
    return film(height=HEIGHT, width=WIDTH)


@pytest.fixture(scope="module")
def pictures(gray):
    """Every frame with stripes of colour, four pixels wide."""
    stripes = 20 * np.sign(np.sin(np.arange(WIDTH) * np.pi / 4)) * (texture(5, HEIGHT, WIDTH)[..., 0] > 0.4)
    ab = torch.from_numpy(np.stack((stripes, 5 + stripes / 2)).astype(np.float32))[None]
    rgb = (rgb_keeping_luma(luma[None, None], ab, Matrix.BT601)[0].permute(1, 2, 0) for luma in gray.luma())
    return [(each.clamp(0, 1) * 255).round().byte().numpy() for each in rgb]


def keyframes(pictures, numbers=NUMBERS):
    return [Reference(pictures[number], frame=number) for number in numbers]


@pytest.fixture(scope="module")
def wanted(tiny_model, gray, pictures):
    shots = [Shot(0, None, tuple(keyframes(pictures)))]
    return {window: expected(gray, tiny_model, shots, look_ahead=window, **OPTIONS) for window in (1, 3)}


def test_it_is_there(tiny_model, gray, pictures, wanted, monkeypatch):
    monkeypatch.setattr(KeyframeDetail, "look", lambda *_: None)
    plain = expected(gray, tiny_model, [Shot(0, None, tuple(keyframes(pictures)))], **OPTIONS)
    assert not any(np.array_equal(plain[number], wanted[1][number]) for number in NUMBERS)


@pytest.mark.parametrize("form", ["pictures in memory", "files", "clip", "clip and files"])
def test_references_of_every_form_give_the_same(tiny_model, gray, pictures, wanted, tmp_path, form):
    paths = [tmp_path / f"{number}.png" for number in NUMBERS]
    for path, number in zip(paths, NUMBERS, strict=True):
        Image.fromarray(pictures[number]).save(path)
    clip = rgb_clip([pictures[number] for number in NUMBERS])
    given = {
        "pictures in memory": (keyframes(pictures), None),
        "files": (paths, NUMBERS),
        "clip": (clip, NUMBERS),
        "clip and files": ([paths[0], clip[1:]], NUMBERS),
    }[form]
    check(colorize(gray.clip, *given, model=tiny_model, **OPTIONS), gray, wanted[1])


@pytest.mark.parametrize("threads", [1, 8])
@pytest.mark.parametrize("window", [1, 3])
def test_any_order_with_caches_emptied(core, tiny_model, gray, pictures, wanted, window, threads):
    core.num_threads = threads
    references = rgb_clip([pictures[number] for number in NUMBERS])
    clip = colorize(gray.clip, references, NUMBERS, model=tiny_model, look_ahead=window, **OPTIONS)
    for number in (9, 2, 10, 4, 7, 0):
        check(clip, gray, wanted[window], [number])
        core.clear_cache()
    numbers = [0, 10, 5, 3, 8, 4, 6, 1, 9, 2, 7, 8, 4]
    waiting = [clip.get_frame_async(number) for number in numbers]
    check_frames(numbers, [each.result() for each in waiting], gray, wanted[window])


@pytest.mark.parametrize("direction", ["backward", "both"])
def test_in_both_directions(tiny_model, gray, pictures, direction):
    shots = [Shot(0, 5, tuple(keyframes(pictures, [2]))), Shot(6, None, tuple(keyframes(pictures, [7, 9])))]
    wanted = expected(gray, tiny_model, shots, direction=direction, **OPTIONS)
    clip = colorize(gray.clip, shots=shots, model=tiny_model, direction=direction, **OPTIONS)
    check(clip, gray, wanted, [8, 1, *range(COUNT)])


def test_many_shots_hold_few_keyframes(core, tiny_model, gray, pictures):
    """Of a film with a keyframe a shot, what was brought to shots left behind is freed."""
    starts = list(range(COUNT))
    shots = [Shot(start, start, tuple(keyframes(pictures, [start]))) for start in starts]
    held = {}
    for upsampling in ("bicubic", "adaptive"):
        options = {"model": tiny_model, "upsampling": upsampling, **OPTIONS}
        wanted = expected(gray, shots=shots, **options)
        core.clear_cache()
        clip = colorize(gray.clip, rgb_clip(pictures), starts, scenes=starts, **options)
        check(clip, gray, wanted)
        held[upsampling] = core.used_cache_size
        check(clip, gray, wanted, [5, 0, 9])
        del clip
    one, given = 3 * 4 * (HEIGHT * WIDTH + 64 * 96), COUNT * pictures[0].nbytes  # what VapourSynth keeps of the clip
    assert one < held["adaptive"] - held["bicubic"] < 3 * one + given


@pytest.mark.parametrize("direction", ["forward", "both"])
def test_nothing_outlives_its_clip(core, tiny_model, gray, pictures, direction):
    before = alive(DetailClip)
    references = rgb_clip([pictures[number] for number in NUMBERS])
    clip = colorize(gray.clip, references, NUMBERS, model=tiny_model, direction=direction, **OPTIONS)
    for number in (0, 5, 10):
        clip.get_frame(number)
    assert alive(DetailClip) == before + 1
    del clip
    assert alive(DetailClip) == before
