"""References in every form users have them give what the core gives for the same pictures."""

import numpy as np
import pytest

vs = pytest.importorskip("vapoursynth", reason="VapourSynth has no wheel for this platform")

from PIL import Image
from sequence.clips import picture

from vcnode import Reference, Shot
from vcnode.sequence import save_shots, shots_from_cuts
from vsvcnode import colorize

from .films import expected, film, is_frame

COUNT = 7
PICTURES = [(picture(seed) * 255).round().astype(np.uint8) for seed in range(3)]


@pytest.fixture(scope="module")
def gray():
    return film(COUNT)


@pytest.fixture
def files(tmp_path):
    paths = [tmp_path / f"{name}.png" for name in ("day", "dusk", "night")]
    for path, image in zip(paths, PICTURES, strict=True):
        Image.fromarray(image).save(path)
    return paths


def rgb_clip(pictures, format=vs.RGB24):
    height, width = pictures[0].shape[:2]
    clip = vs.core.std.BlankClip(format=vs.RGB24, width=width, height=height, length=len(pictures), keep=True)

    def fill(n, f):
        frame = f.copy()
        for plane in range(3):
            np.copyto(np.asarray(frame[plane]), pictures[n][..., plane])
        return frame

    clip = clip.std.ModifyFrame(clip, fill)
    return clip if format == vs.RGB24 else clip.resize.Bicubic(format=format)


def check(clip, film, wanted):
    for number, frame in enumerate(clip.frames()):
        assert is_frame(frame, film.codes[number], wanted[number]), number


def whole(*references):
    return [Shot(0, None, references)]


def test_a_file(tiny_model, gray, files):
    wanted = expected(gray, tiny_model, whole(Reference(PICTURES[0])))
    check(colorize(gray.clip, files[0], model=tiny_model), gray, wanted)
    check(colorize(gray.clip, str(files[0]), model=tiny_model), gray, wanted)


@pytest.mark.parametrize("format", [vs.RGB24, vs.RGB48, vs.RGBS, vs.RGB30, vs.RGBH])
def test_a_clip_of_one_picture(tiny_model, gray, format):
    clip = rgb_clip(PICTURES[:1], format)
    kept = format in (vs.RGB24, vs.RGB48, vs.RGBS)
    frame = (clip if kept else clip.resize.Bicubic(format=vs.RGBS)).get_frame(0)
    image = np.stack([np.asarray(frame[plane]) for plane in range(3)], axis=-1)
    check(colorize(gray.clip, clip, model=tiny_model), gray, expected(gray, tiny_model, whole(Reference(image))))


@pytest.mark.parametrize(("matrix", "usual"), [(1, False), (6, True)], ids=["tagged", "untagged"])
def test_a_yuv_clip_is_converted_by_its_own_matrix(tiny_model, gray, matrix, usual):
    clip = rgb_clip(PICTURES[:1]).resize.Bicubic(format=vs.YUV444P8, matrix=matrix)
    rgb = clip.resize.Bicubic(format=vs.RGBS).get_frame(0)
    image = np.stack([np.asarray(rgb[plane]) for plane in range(3)], axis=-1)
    if usual:
        clip = clip.std.RemoveFrameProps(["_Matrix"])
    check(colorize(gray.clip, clip, model=tiny_model), gray, expected(gray, tiny_model, whole(Reference(image))))


def test_several_with_frame_numbers(tiny_model, gray, files):
    numbers = [0, None, 5]
    references = [Reference(image, frame=number) for image, number in zip(PICTURES, numbers, strict=True)]
    wanted = expected(gray, tiny_model, whole(*references))
    check(colorize(gray.clip, files, numbers, model=tiny_model), gray, wanted)
    check(colorize(gray.clip, rgb_clip(PICTURES), numbers, model=tiny_model), gray, wanted)
    mixed = [files[0], rgb_clip(PICTURES[1:])]
    check(colorize(gray.clip, mixed, numbers, model=tiny_model), gray, wanted)


def test_one_frame_number(tiny_model, gray, files):
    wanted = expected(gray, tiny_model, whole(Reference(PICTURES[0], frame=4)))
    check(colorize(gray.clip, files[0], 4, model=tiny_model), gray, wanted)


def test_core_references_with_weight_and_mask(tiny_model, gray):
    mask = np.zeros(PICTURES[0].shape[:2], np.uint8)
    mask[:, 48:] = 255
    references = [Reference(PICTURES[0], weight=3.0, mask=mask), Reference(PICTURES[1])]
    check(colorize(gray.clip, references, model=tiny_model), gray, expected(gray, tiny_model, whole(*references)))


@pytest.mark.parametrize("ending", ["png", "jpg"])
def test_a_folder_with_frame_numbers_in_the_names(tiny_model, gray, tmp_path, ending):
    references = []
    for number, image in ((0, PICTURES[0]), (5, PICTURES[1])):
        path = tmp_path / f"ref_{number:06d}.{ending}"
        Image.fromarray(image).save(path)
        references.append(Reference(path, frame=number))
    check(colorize(gray.clip, tmp_path, model=tiny_model), gray, expected(gray, tiny_model, whole(*references)))
    cut = shots_from_cuts([5], COUNT, references)
    check(colorize(gray.clip, tmp_path, scenes=[5], model=tiny_model), gray, expected(gray, tiny_model, cut))


def test_a_shots_file(tiny_model, gray, files, tmp_path):
    shots = [Shot(0, 3, (Reference(files[0]),)), Shot(5, None, (Reference(files[1], frame=6), Reference(files[2])))]
    save_shots(shots, tmp_path / "shots.yaml")
    check(colorize(gray.clip, shots=tmp_path / "shots.yaml", model=tiny_model), gray, expected(gray, tiny_model, shots))


def test_a_clip_as_long_as_the_film_gives_its_frames_at_scene_starts(tiny_model, gray):
    """What HAVC calls clip_ref."""
    pictures = [(picture(seed) * 255).round().astype(np.uint8) for seed in range(COUNT)]
    starts = [0, 4, 5]
    references = [Reference(pictures[start], frame=start) for start in starts]
    wanted = expected(gray, tiny_model, shots_from_cuts(starts, COUNT, references))
    clip = rgb_clip(pictures)
    check(colorize(gray.clip, clip, scenes=starts, model=tiny_model), gray, wanted)
    marked = vs.core.std.FrameEval(gray.clip, lambda n: gray.clip.std.SetFrameProps(_SceneChangePrev=int(n in starts)))
    check(colorize(gray.clip, clip, scenes=marked, model=tiny_model), gray, wanted)


def test_many_shots_keep_few_references(tiny_model, gray):
    """Engines of shots left long ago are freed; asked again, their reference frames are asked for again."""
    starts = list(range(COUNT))
    pictures = [(picture(seed) * 255).round().astype(np.uint8) for seed in range(COUNT)]
    clip = colorize(gray.clip, rgb_clip(pictures), starts, scenes=starts, model=tiny_model)
    keyframes = [Shot(start, start, (Reference(pictures[start], frame=start),)) for start in starts]
    wanted = expected(gray, tiny_model, keyframes)
    for number in (6, 0, 5, 1, 6, 0, 3):
        assert is_frame(clip.get_frame(number), gray.codes[number], wanted[number])
        vs.core.clear_cache()


def test_a_gray_frame_of_a_reference_clip_is_reported_when_its_shot_begins(tiny_model, gray):
    clip = rgb_clip([PICTURES[0], np.full_like(PICTURES[0], 90)])
    colored = colorize(gray.clip, clip, [0, 6], scenes=[6], model=tiny_model)
    assert colored.get_frame(5)
    with pytest.raises(vs.Error, match=r"colorize: Reference .* is gray"):
        colored.get_frame(6)
