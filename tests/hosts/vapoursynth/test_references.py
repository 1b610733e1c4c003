"""References in every form users have them give what the core gives for the same pictures."""

import numpy as np
import pytest

vs = pytest.importorskip("vapoursynth", reason="VapourSynth has no wheel for this platform")

from PIL import Image
from sequence.clips import Watched, picture

from vcnode import Reference, Shot
from vcnode.sequence import save_shots, shots_from_cuts
from vsvcnode import colorize

from .films import check, check_frames, expected, film, is_frame

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
    with pytest.raises(vs.Error, match=r"colorize: Reference \(frame 1 of the reference clip\) is gray"):
        colored.get_frame(6)


@pytest.mark.parametrize("wrap", [np.array, tuple, lambda numbers: [np.int64(number) for number in numbers]])
def test_numbers_of_any_integer_type(tiny_model, gray, wrap):
    references = [Reference(image, frame=number) for image, number in zip(PICTURES, [0, 3, 5], strict=True)]
    wanted = expected(gray, tiny_model, shots_from_cuts([3], COUNT, references))
    clip = rgb_clip(PICTURES)
    check(colorize(gray.clip, clip, wrap([0, 3, 5]), scenes=wrap([0, 3]), model=tiny_model), gray, wanted)


def test_one_number_and_one_shot_of_any_kind(tiny_model, gray):
    reference = Reference(PICTURES[0], frame=4)
    wanted = expected(gray, tiny_model, whole(reference))
    picture = rgb_clip(PICTURES[:1])
    for number in (np.int64(4), np.array(4)):
        check(colorize(gray.clip, picture, number, model=tiny_model, matrix=np.int64(6)), gray, wanted)
    check(colorize(gray.clip, shots=Shot(0, None, (reference,)), model=tiny_model), gray, wanted)


@pytest.mark.parametrize("order", [[False, True], [True, False], [False, False]], ids=str)
def test_each_frame_of_a_yuv_clip_is_converted_by_its_own_matrix_or_the_usual(tiny_model, gray, order):
    rgb = rgb_clip(PICTURES[:2])
    frames = [
        rgb[place].resize.Bicubic(format=vs.YUV444P8, matrix=1 if tagged else 6) for place, tagged in enumerate(order)
    ]
    images = []
    for frame in frames:
        planes = frame.resize.Bicubic(format=vs.RGBS).get_frame(0)
        images.append(np.stack([np.asarray(planes[plane]) for plane in range(3)], axis=-1))
    wanted = expected(
        gray, tiny_model, [Shot(0, 3, (Reference(images[0], 0),)), Shot(4, None, (Reference(images[1], 4),))]
    )
    first, second = (
        frame if tagged else frame.std.RemoveFrameProps("_Matrix") for frame, tagged in zip(frames, order, strict=True)
    )
    check(colorize(gray.clip, first + second, [0, 4], scenes=[4], model=tiny_model), gray, wanted)


@pytest.mark.parametrize("format", [vs.RGB24, vs.RGB48])
def test_an_rgb_clip_of_limited_range_is_read_as_it_says(tiny_model, gray, format):
    limited = rgb_clip(PICTURES[:1]).resize.Bicubic(format=format, range=vs.RANGE_LIMITED)
    frame = limited.resize.Bicubic(format=format, range=vs.RANGE_FULL).get_frame(0)
    image = np.stack([np.asarray(frame[plane]) for plane in range(3)], axis=-1)
    assert int(image.min()) < int(np.asarray(limited.get_frame(0)[0]).min())
    check(colorize(gray.clip, limited, model=tiny_model), gray, expected(gray, tiny_model, whole(Reference(image))))


def test_an_rgb_clip_may_still_say_the_matrix_that_it_had(tiny_model, gray):
    wanted = expected(gray, tiny_model, whole(Reference(PICTURES[0])))
    check(colorize(gray.clip, rgb_clip(PICTURES[:1]).std.SetFrameProps(_Matrix=1), model=tiny_model), gray, wanted)


@pytest.mark.parametrize("transfer", [8, 16, 18])
@pytest.mark.parametrize("format", [vs.RGB24, vs.RGBS, vs.YUV444P10])
def test_reference_clips_that_are_not_sdr_are_refused(tiny_model, gray, format, transfer):
    options = {"matrix": 9} if format == vs.YUV444P10 else {}
    plain = rgb_clip(PICTURES[:2]).resize.Bicubic(format=format, **options)
    tagged = plain.std.SetFrameProps(_Transfer=transfer)
    with pytest.raises(vs.Error, match=rf"^colorize: the transfer of the reference clip is .*_Transfer={transfer}"):
        colorize(gray.clip, tagged, [0, 4], model=tiny_model)
    later = colorize(gray.clip, plain[:1] + tagged[1:], [0, 4], scenes=[4], model=tiny_model)
    with pytest.raises(vs.Error, match="colorize: the transfer of frame 1 of the reference clip is "):
        later.get_frame(4)


def test_scenes_with_the_same_references_read_and_encode_them_once(core, tiny_model, gray, files, monkeypatch):
    core.num_threads = 8
    options = {"model": tiny_model, "upsampling": "bicubic"}  # otherwise files are read again for their detail
    starts = list(range(COUNT))
    wanted = expected(gray, shots=shots_from_cuts(starts, COUNT, map(Reference, files)), **options)
    clip = colorize(gray.clip, files, scenes=starts, **options)
    calls, read, whole = Watched(monkeypatch).calls, [], Reference.lab_and_mask
    monkeypatch.setattr(Reference, "lab_and_mask", lambda self: read.append(self.path) or whole(self))
    waiting = [clip.get_frame_async(number) for number in starts]
    check_frames(starts, [each.result() for each in waiting], gray, wanted)
    assert sorted(read) == sorted(files)
    assert calls["encode_references"] == 1
