"""What cannot be coloured is said when the script is loaded."""

import logging
import os

import numpy as np
import pytest

vs = pytest.importorskip("vapoursynth", reason="VapourSynth has no wheel for this platform")

from sequence.clips import picture

from vcnode import Reference, Shot
from vsvcnode import colorize

from .films import film

COLORED = Reference(picture(0))


class DirEntryOfBytes:
    """A path as `os.scandir(b".")` gives it."""

    def __fspath__(self):
        return b"still.png"


def blank(**options):
    return vs.core.std.BlankClip(**{"format": vs.GRAY8, "width": 96, "height": 64, "length": 5, **options})


def tagged(**props):
    return blank().std.SetFrameProps(**props)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: "film.mkv", "is not a video clip"),
        (lambda: blank(format=vs.RGB24), "RGB and has no luma"),
        (lambda: blank(format=vs.GRAY32), "32 bits"),
        (lambda: blank(varformat=1), "varies"),
        (lambda: blank(varsize=1), "varies"),
        (lambda: tagged(_FieldBased=2), "interlaced"),
        (lambda: tagged(_Transfer=8), "linear"),
        (lambda: tagged(_Transfer=16), "PQ"),
        (lambda: tagged(_Transfer=18), "HLG"),
        (lambda: tagged(_Matrix=8), "Matrix number 8"),
        (lambda: tagged(_ChromaLocation=9), "siting 9"),
        (lambda: tagged(_Range=7), r"property _Range is 7: give vs\.RANGE_LIMITED"),
        (lambda: tagged(_Matrix=[1, 1]), r"property _Matrix is \[1, 1\]: give a whole number"),
        (lambda: blank(format=vs.YUV444P8).std.SetFrameProps(_Matrix=0), "Matrix number 0"),
    ],
)
def test_clips_that_cannot_be_coloured(tiny_model, make, message):
    with pytest.raises(vs.Error, match=f"^colorize: .*{message}"):
        colorize(make(), COLORED, model=tiny_model)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"reference": None}, "either reference or shots"),
        ({"shots": [Shot(0, None, (COLORED,))]}, "either reference or shots"),
        ({"reference": []}, "list of references is empty"),
        ({"reference": 5}, "a reference is 5"),
        ({"reference": [5]}, "a reference is 5"),
        ({"reference": "missing.png"}, "missing.png does not exist"),
        ({"reference": "D:\new\reference.png"}, r'D:.new.reference.png does not exist: .*write a path as r"D:'),
        ({"reference": "shots.yaml"}, "give it as shots="),
        ({"reference": Reference(np.full((9, 9, 3), 0.5))}, "is gray"),
        ({"reference": blank(format=vs.GRAY8)}, "gray"),
        ({"reference": blank(format=vs.RGB24, length=3)}, "has 3 frames"),
        ({"frames": [0, 3]}, "names 2 frames for 1 references"),
        ({"frames": 77}, "frame 77, but the clip has the frames 0..4: .* colour the whole clip and trim afterwards"),
        ({"reference": Reference("ref_000006.png", frame=6)}, "the reference ref_000006.png is for frame 6"),
        ({"frames": "0"}, "a frame in frames is '0': give a whole number"),
        ({"frames": 0.5}, "a frame in frames is 0.5: give a whole number"),
        ({"frames": [1.0]}, "a frame in frames is 1.0: give a whole number"),
        ({"reference": Reference(picture(0), frame=2), "frames": 2}, "frame numbers already"),
        ({"scenes": [0, 9]}, "the clip has the frames 0..4"),
        ({"scenes": 3}, "scenes is 3: give a list of the first frames"),
        ({"scenes": "03"}, "a frame in scenes is '0': give a whole number"),
        ({"scenes": [0, None]}, "a frame in scenes is None: give a whole number"),
        ({"scenes": [0, 3.0]}, "a frame in scenes is 3.0: give a whole number"),
        ({"scenes": blank(length=3)}, "scenes has 3 frames and the clip 5"),
        ({"reference": None, "shots": "missing.yaml"}, "missing.yaml cannot be read"),
        ({"reference": None, "shots": [Shot(0, 99, (COLORED,))]}, "reaches beyond the clip"),
        ({"reference": None, "shots": [Shot(0, None, (COLORED,))], "scenes": [1]}, "go with reference"),
        ({"reference": None, "shots": [{"first": 0}]}, "a shot is {'first': 0}"),
        ({"reference": None, "shots": 5}, "a shot is 5"),
        ({"model": "unheard-of"}, "unheard-of"),
        ({"model": None}, "the model is None"),
        ({"model": "lite", "device": 0.5}, "the device is 0.5: give a whole number"),
        ({"model": "lite", "device": "cuda:99"}, "CUDA"),
        ({"model": "lite", "device": 99}, "CUDA"),
        ({"model": "lite", "device": "toaster"}, "toaster"),
        ({"format": vs.RGB24}, "not YUV"),
        ({"format": vs.YUV444PS}, "cannot hold the luma of Gray8"),
        ({"format": 12345}, "12345"),
        ({"matrix": 14}, "Matrix number 14"),
        ({"matrix": "709"}, "the matrix is '709': give a whole number"),
        ({"saturation": -1}, "saturation is -1"),
        ({"working_size": 8}, "working size is 8"),
        ({"working_size": "100"}, "working size is '100': give a whole number"),
        ({"working_size": 100.5}, "working size is 100.5: give a whole number"),
        ({"look_ahead": 0}, "look-ahead is 0"),
        ({"look_ahead": 2.0}, "is 2.0: give a whole number"),
        ({"upsampling": "nearest"}, "nearest"),
        ({"compat": "havc"}, "havc"),
        ({"cache": 5}, "the cache is 5: give a folder"),
        ({"cache": "D:\0states"}, r"D:.x00states cannot be the path of a cache: .*write a path as r"),
        ({"reference": "D:\0.png"}, r"D:.x00\.png cannot be the path of a reference"),
        ({"reference": Reference("D:\0.png")}, "cannot be the path of a reference"),
        ({"reference": Reference(picture(0), mask="D:\0.png")}, "cannot be the path of a reference"),
        ({"reference": None, "shots": "D:\0.yaml"}, "cannot be the path of a shots file"),
        ({"reference": None, "shots": [Shot(0, None, (Reference("\0"),))]}, "cannot be the path of a reference"),
        ({"reference": DirEntryOfBytes()}, "the path of a reference is b'still.png': give it as text"),
    ],
)
def test_options_that_cannot_be(tiny_model, options, message):
    with pytest.raises(vs.Error, match=f"^colorize: .*{message}"):
        colorize(blank(), **{"reference": COLORED, "model": tiny_model, **options})


@pytest.mark.skipif(os.name == "nt", reason="Windows takes half a letter in a name")
def test_a_path_that_the_system_cannot_have(tiny_model):
    with pytest.raises(vs.Error, match=r"^colorize: D:.ud800 cannot be the path of a cache: .*write a path as r"):
        colorize(blank(), COLORED, model=tiny_model, cache="D:\ud800")


def test_sizes_that_the_chroma_does_not_divide(tiny_model):
    with pytest.raises(vs.Error, match=r"^colorize: the clip is 95x64"):
        colorize(blank(width=95), COLORED, model=tiny_model, format=vs.YUV420P8)


def test_a_cache_folder_that_holds_something_else(tiny_model, tmp_path):
    (tmp_path / "holiday.txt").write_text("not a cache")
    with pytest.raises(vs.Error, match=r"^colorize: .*is no state cache"):
        colorize(blank(), COLORED, model=tiny_model, cache=tmp_path)


def test_fewer_bits_than_the_clip(tiny_model):
    with pytest.raises(vs.Error, match="cannot hold the luma of Gray10"):
        colorize(blank(format=vs.GRAY10), COLORED, model=tiny_model, format=vs.YUV420P8)


def test_a_broken_frame_names_itself_and_spares_the_others(tiny_model):
    source = film(3, format=vs.GRAYS)
    np.asarray(source.frames[2][0])[5, 5] = np.nan
    clip = colorize(source.clip, COLORED, model=tiny_model)
    with pytest.raises(vs.Error, match="colorize: Frame 2 has pixels that are not numbers"):
        clip.get_frame(2)
    assert clip.get_frame(1)


def test_running_out_of_memory_is_explained(tiny_model, monkeypatch):
    def full(*args, **options):
        raise RuntimeError("CUDA out of memory. Tried to allocate 2.00 GiB")

    monkeypatch.setattr(type(tiny_model), "prepare", full)
    with pytest.raises(vs.Error, match="colorize: memory ran out: give a smaller working_size"):
        colorize(film(1).clip, COLORED, model=tiny_model).get_frame(0)


def test_nothing_is_printed(tiny_model, capfd):
    colorize(film(2).clip, COLORED, model=tiny_model, maps=True).clip.get_frame(1)
    assert capfd.readouterr().out == ""


def test_log_messages_go_to_vcnode(tiny_model, tmp_path, caplog):
    from PIL import Image

    for name in ("ref_000000.png", "ref_final.png"):
        Image.fromarray((picture(0) * 255).astype(np.uint8)).save(tmp_path / name)
    with caplog.at_level(logging.WARNING, logger="vcnode"):
        colorize(blank(), tmp_path, model=tiny_model)
    assert [record.name for record in caplog.records] == ["vcnode"]
