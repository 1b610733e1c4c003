"""What a shot keeps of its references, and how often it reads them."""

import gc
from collections import Counter

import numpy as np
import PIL.Image
import pytest
import torch

from vcnode import Reference, Sequence, Settings, Shot, colorize
from vcnode.color import Bars, WorkingSize
from vcnode.errors import InputError, MediaError
from vcnode.sequence import reference as reference_module
from vcnode.sequence.shot_references import detail_of

from .clips import collect, same
from .fine_colors import HEIGHT, WIDTH, film

COUNT = 9
SETTINGS = Settings(working_size=64)


@pytest.fixture(scope="module")
def frames():
    return film(COUNT)


@pytest.fixture
def files(frames, tmp_path):
    paths = [tmp_path / f"{number}.png" for number in range(COUNT)]
    for path, frame in zip(paths, frames, strict=True):
        save(path, frame)
    return paths


@pytest.fixture
def read(monkeypatch):
    """How often each file was read."""
    found, read_image = Counter(), reference_module.read_image
    monkeypatch.setattr(reference_module, "read_image", lambda path: found.update([path]) or read_image(path))
    return found


def save(path, rgb):
    PIL.Image.fromarray((255 * rgb).astype(np.uint8)).save(path)


def keyframes(images, *numbers):
    return [Reference(images[number], frame=number) for number in numbers]


def color(model, frames, references, **options):
    return colorize(frames, references, model=model, settings=SETTINGS, **options)


def large():
    """How many blocks of memory hold a picture at full size, in colour."""
    gc.collect()
    tensors = [each for each in gc.get_objects() if type(each) is torch.Tensor and each.device.type == "cpu"]
    blocks = [each.untyped_storage() for each in tensors if each.shape[-2:] == (HEIGHT, WIDTH)]
    return len({each.data_ptr() for each in blocks if each.nbytes() >= 3 * 4 * HEIGHT * WIDTH})


def held(model, frames, images, *numbers):
    """How many pictures at full size a run holds after its last frame."""
    run, before = color(model, frames, keyframes(images, *numbers)), large()
    for _ in frames:
        last = next(run)
    assert last.ab.any()
    return large() - before


@pytest.mark.parametrize("kind", ["files", "arrays"])
def test_any_number_of_keyframes_is_held_in_the_memory_of_a_few(tiny_model, frames, files, kind):
    images = files if kind == "files" else frames
    few, many = (held(tiny_model, frames, images, *numbers) for numbers in ((0, 4, 8), range(COUNT)))
    assert many == few <= 3  # two pictures, and the detail of one


@pytest.mark.parametrize("numbers", [(3,), (0, 7)])
def test_one_reference_or_two_are_read_once(tiny_model, frames, files, read, numbers):
    list(color(tiny_model, frames, keyframes(files, *numbers)))
    assert read == {files[number]: 1 for number in numbers}


def test_more_are_read_again_when_their_detail_is_wanted(tiny_model, frames, files, read):
    wanted = [0, 2, 5, 8]
    run = color(tiny_model, frames, keyframes(files, *wanted))
    next(run)
    assert read == {files[0]: 2, files[2]: 1, files[5]: 1, files[8]: 1}
    list(run)
    assert read == {files[number]: 2 for number in wanted}


def test_shots_that_share_references_read_them_once(tiny_model, frames, files, read):
    """Also where the bars of one are not found, and another has other bars."""
    references = tuple(Reference(files[number]) for number in (0, 2, 5))
    barred = []
    for frame in frames[:3]:
        barred.append(frame.copy())
        barred[-1][:20] = barred[-1][-20:] = 0
    clip = [*frames[:3], *barred, *frames[3:6], *barred]
    shots = [Shot(first, first + 2, references) for first in range(0, 12, 3)]
    settings = Settings(working_size=64, upsampling="bicubic")
    list(colorize(clip, shots=shots, model=tiny_model, settings=settings))
    assert set(read.values()) == {2}  # once for each shape of the shots


def test_pictures_read_again_give_the_pixels_of_those_in_memory(tiny_model, frames, files):
    rounded = [(255 * frame).astype(np.uint8) for frame in frames]
    runs = [list(color(tiny_model, frames, keyframes(images, 0, 2, 5, 8))) for images in (files, rounded)]
    assert all(same(*pair) for pair in zip(*runs, strict=True))


@pytest.mark.parametrize("how", ["other colours", "another shape", "gray", "gone", "written again"])
def test_a_file_that_is_no_longer_what_it_was_is_named(tiny_model, frames, files, how):
    references = keyframes(files, 0, 4, 8)
    wanted = list(color(tiny_model, frames, references))
    run = color(tiny_model, frames, references)
    done = [next(run)]
    if how == "gone":
        files[4].unlink()
    else:
        now = {
            "other colours": frames[4][..., ::-1],
            "another shape": frames[4][:, : WIDTH // 2],
            "gray": frames[4].mean(axis=-1, keepdims=True).repeat(3, axis=-1),
            "written again": frames[4],
        }
        save(files[4], now[how])
    if how == "written again":
        done += list(run)
        assert all(same(*pair) for pair in zip(done, wanted, strict=True))
        return
    changed = "^Reference .*4.png is not the picture any more that it was when its shot began: put that back"
    said = {
        "other colours": changed,
        "another shape": changed,
        "gray": "^Reference .*4.png is gray: give an image in colour",
        "gone": "^cannot open .*4.png: the file or its folder does not exist",
    }
    with pytest.raises(MediaError if how == "gone" else InputError, match=said[how]):
        collect(run, done)
    assert [frame.number for frame in done] == [0, 1, 2]
    assert all(same(*pair) for pair in zip(done, wanted, strict=False))


def test_a_picture_in_memory_that_was_painted_over_is_told(tiny_model, frames):
    pictures = [frame.copy() for frame in frames]
    run = color(tiny_model, frames, keyframes(pictures, 0, 4, 8))
    next(run)
    pictures[4][:, :40] = (0.9, 0.1, 0.1)
    with pytest.raises(InputError, match=r"^Reference \(picture in memory\) is not the picture any more"):
        list(run)


def test_a_keyframe_of_which_a_host_reads_the_detail_itself_may_have_changed_too(frames):
    size = WorkingSize.fit(HEIGHT, WIDTH, 64, 8)
    assert detail_of(Reference(frames[0]), Bars(), size, SETTINGS).planes.shape == (1, 3, HEIGHT, WIDTH)
    with pytest.raises(InputError, match="is not the picture any more that it was when its shot began"):
        detail_of(Reference(frames[0][:, : WIDTH // 2]), Bars(), size, SETTINGS)


def test_any_order_of_frames_gives_the_same_pixels(tiny_model, frames, files):
    references = keyframes(files, 0, 2, 5, 8)
    wanted = list(color(tiny_model, frames, references))
    sequence = Sequence(tiny_model, frames, [Shot(0, None, tuple(references))], settings=SETTINGS)
    for number in (8, 0, 5, 1, 7, 2, 6, 3, 4):
        assert same(sequence[number], wanted[number])
