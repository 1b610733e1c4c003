import logging
from contextlib import ExitStack
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import PIL.Image
import pytest

from vcnode.errors import InputError, MediaError
from vcnode.media import (
    FrameSink,
    FrameSource,
    FrameTime,
    ImageSequenceReader,
    ImageSequenceWriter,
    VideoInfo,
    VideoReader,
    VideoWriter,
    open_sink,
    open_source,
    probe,
    read_exr,
    read_image,
    write_exr,
    write_png,
    write_tiff,
)

RANDOM = np.random.default_rng(0)


def shot(folder: Path, numbers: Any, *, kind: Any = np.uint16, shape: tuple[int, ...] = (6, 8, 3)) -> dict[int, Any]:
    folder.mkdir(exist_ok=True)
    pictures = {n: RANDOM.integers(0, np.iinfo(kind).max, shape).astype(kind) for n in numbers}
    for n, picture in pictures.items():
        write_png(folder / f"shot.{n:04d}.png", picture)
    return pictures


@pytest.mark.parametrize("name", ["shot.####.png", "shot.%04d.png", ""])
def test_numbers_and_codes_come_back(tmp_path: Path, name: str, caplog: pytest.LogCaptureFixture) -> None:
    pictures = shot(tmp_path / "in", [998, 999, 1000, 1003, 10001])
    (tmp_path / "in" / "notes.txt").write_text("not a picture")
    with caplog.at_level(logging.WARNING):
        source = open_source(tmp_path / "in" / name, frame_rate=25)
    assert isinstance(source, ImageSequenceReader)
    assert source.numbers == tuple(pictures)
    assert source.missing[:2] == (1001, 1002)
    assert "1001-1002, 1004-10000" in caplog.text
    frames = list(source)
    assert [f.time.number for f in frames] == list(pictures)
    assert [f.index for f in frames] == [0, 1, 2, 3, 4]
    assert [f.pts for f in frames] == [0, 1, 2, 5, 9003]
    for frame in frames:
        np.testing.assert_array_equal(frame.rgb, pictures[frame.time.number])
    np.testing.assert_array_equal(source.frame(3).rgb, pictures[1003])
    info = source.info
    assert (info.width, info.height, info.depth, info.frame_count, info.frame_rate) == (8, 6, 16, 5, 25)


def test_gray_files_give_luma(tmp_path: Path) -> None:
    pictures = shot(tmp_path / "in", [1, 2], shape=(6, 8))
    with open_source(tmp_path / "in") as source:
        frames = list(source)
        assert (source.info.layout.kind, source.info.range) == ("gray", "full")
    np.testing.assert_array_equal(frames[1].luma, pictures[2])


def test_film_rates_are_exact(tmp_path: Path) -> None:
    shot(tmp_path / "in", [1])
    assert open_source(tmp_path / "in", frame_rate=23.976).info.frame_rate == Fraction(24000, 1001)
    assert open_source(tmp_path / "in", frame_rate=29.97).info.frame_rate == Fraction(30000, 1001)
    assert open_source(tmp_path / "in", frame_rate=25.0).info.frame_rate == 25
    assert open_source(tmp_path / "in", frame_rate=12.5).info.frame_rate == Fraction(25, 2)
    for whole in range(1, 13):
        assert open_source(tmp_path / "in", frame_rate=float(whole)).info.frame_rate == whole
    for wrong in (0, 0.0001, 20000, float("nan")):
        with pytest.raises(InputError, match=f"frame rate is {wrong}; it must be 0.001 or more and below 10000"):
            open_source(tmp_path / "in", frame_rate=wrong)


def test_numbers_may_be_moments_far_apart(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    for moment in (20260101120000, 20260101120001, 20261231235959):
        (tmp_path / "in").mkdir(exist_ok=True)
        write_png(tmp_path / "in" / f"{moment}.png", np.zeros((6, 8), np.uint8))
    assert open_source(tmp_path / "in").info.frame_count == 3
    assert "lacks 1130115957 frames: 20260101120002-20261231235958" in caplog.text


def test_what_is_no_sequence_is_refused(tmp_path: Path) -> None:
    with pytest.raises(MediaError, match="holds no numbered pictures"):
        open_source(tmp_path)
    with pytest.raises(MediaError, match="no file is called like"):
        open_source(tmp_path / "shot.####.png")
    pictures = shot(tmp_path / "in", [1])
    with pytest.raises(InputError, match=r"single picture; give its folder or a pattern such as shot\.####\.png"):
        open_source(tmp_path / "in" / "shot.0001.png")
    write_tiff(tmp_path / "in" / "other.0001.tif", pictures[1])
    with pytest.raises(MediaError, match=r"several sequences \(other\.#\.tif, shot\.#\.png\)"):
        open_source(tmp_path / "in")
    write_png(tmp_path / "in" / "shot.00001.png", pictures[1])
    with pytest.raises(MediaError, match="two files with number 1"):
        open_source(tmp_path / "in" / "shot.####.png")
    (tmp_path / "in" / "shot.0001.png").unlink()
    with pytest.raises(MediaError, match=r"shot\.00001\.png has another count of digits than .*shot\.####\.png"):
        open_source(tmp_path / "in" / "shot.####.png")


def test_a_frame_of_another_size_or_a_broken_one_is_named(tmp_path: Path) -> None:
    shot(tmp_path / "in", [1])
    shot(tmp_path / "in", [2], shape=(4, 4, 3))
    source = open_source(tmp_path / "in")
    with pytest.raises(MediaError, match=r"shot\.0002\.png is 4x4 rgb of 16 bits, but the first is 8x6"):
        list(source)
    (tmp_path / "in" / "shot.0002.png").write_bytes(b"")
    with pytest.raises(MediaError, match=r"shot\.0002\.png: the file is empty"):
        source.frame(1)
    with pytest.raises(InputError, match="no frame 2"):
        source.frame(2)


@pytest.mark.parametrize(("suffix", "depth"), [("png", 8), ("png", 16), ("tif", 8), ("tif", 16)])
def test_written_files_have_the_sources_numbers(tmp_path: Path, suffix: str, depth: int) -> None:
    kind = np.uint8 if depth == 8 else np.uint16
    pictures = shot(tmp_path / "in", [7, 8, 11], kind=kind)
    target = tmp_path / "out" / f"colored_%05d.{suffix}"
    with (
        open_source(tmp_path / "in") as source,
        open_sink(target, like=source.info) as sink,
    ):
        assert isinstance(sink, ImageSequenceWriter)
        assert sink.depth == depth
        for frame in source:
            assert frame.rgb is not None
            sink.write((frame.rgb,), frame.time)
    assert sorted(p.name for p in (tmp_path / "out").iterdir()) == [f"colored_{n:05d}.{suffix}" for n in pictures]
    for frame in open_source(target):
        np.testing.assert_array_equal(frame.rgb, pictures[frame.time.number])


def test_an_interrupted_sequence_keeps_its_files(tmp_path: Path) -> None:
    pictures = shot(tmp_path / "in", range(1, 6))
    target = tmp_path / "out" / "c.####.png"
    source = open_source(tmp_path / "in")

    def sink(**options: Any) -> FrameSink:
        return open_sink(target, like=source.info, **({"fingerprint": "film 1"} | options))

    def run() -> None:
        with sink() as first:
            for frame in source:
                if frame.index == 3:
                    raise KeyboardInterrupt
                first.write((pictures[frame.time.number],), frame.time)

    with pytest.raises(KeyboardInterrupt):
        run()
    with pytest.raises(MediaError, match="unfinished render with other settings"):
        sink(fingerprint="film 2")
    written = {p.name: p.stat().st_mtime_ns for p in (tmp_path / "out").glob("*.png")}
    assert len(written) == 3
    with sink() as second:
        todo = [frame for frame in source if not second.is_done(frame.time)]
        assert [frame.index for frame in todo] == [3, 4]
        for frame in todo:
            second.write((pictures[frame.time.number],), frame.time)
    assert {name: (tmp_path / "out" / name).stat().st_mtime_ns for name in written} == written
    for frame in open_source(target):
        np.testing.assert_array_equal(frame.rgb, pictures[frame.time.number])
    with pytest.raises(MediaError, match=r"exists already \(5 files\)"):
        sink()
    with sink(overwrite=True) as third:
        assert not third.is_done(FrameTime(0, 0, 1, Fraction(1, 24), 1))
        third.write((pictures[2],), FrameTime(0, 0, 1, Fraction(1, 24), 1))


def test_pictures_that_do_not_fit_are_refused(tmp_path: Path) -> None:
    shot(tmp_path / "in", [1])
    info = open_source(tmp_path / "in").info
    time = FrameTime(0, 0, 1, Fraction(1, 24), 1)
    with pytest.raises(InputError, match="takes 8 or 16 bits, not 32"):
        open_sink(tmp_path / "out" / "a.####.png", like=info, depth=32)
    with pytest.raises(InputError, match="pictures are written as"):
        open_sink(tmp_path / "out" / "a.####.jpg", like=info)
    with open_sink(tmp_path / "out" / "a.####.png", like=info) as sink:
        for wrong in (np.zeros((6, 9, 3), np.uint16), np.zeros((6, 8, 3), np.uint8), np.zeros((6, 8, 3), np.float32)):
            with pytest.raises(InputError, match="is needed"):
                sink.write((wrong,), time)


def test_kinds_are_chosen_by_path(tmp_path: Path, make_clip: Any) -> None:
    clip = make_clip("a.mp4")
    info = probe(clip)
    with open_source(clip) as source, open_sink(tmp_path / "b.mp4", like=info) as sink:
        assert isinstance(source, VideoReader)
        assert isinstance(sink, VideoWriter)
        assert isinstance(source, FrameSource)
        assert isinstance(sink, FrameSink)
        assert sink.planes == "ycbcr"
        frame = source.frame(0)
        assert frame.luma is not None
        assert frame.chroma is not None
        sink.write((frame.luma, *frame.chroma), frame.time)
    with pytest.raises(InputError, match="neither a video"):
        open_sink(tmp_path / "b.gif", like=info)


def test_exr_keeps_scene_linear_values(tmp_path: Path) -> None:
    pytest.importorskip("OpenEXR")
    (tmp_path / "in").mkdir()
    values = RANDOM.random((6, 8, 3), np.float32) * 40 - 1
    for n in (1, 2):
        write_exr(tmp_path / "in" / f"s.{n:04d}.exr", values * n, half=False)
    with open_source(tmp_path / "in") as source:
        assert (source.info.depth, source.info.transfer) == (32, 8)
        np.testing.assert_array_equal(source.frame(1).rgb, values * 2)
        with open_sink(tmp_path / "out" / "s.####.exr", like=source.info, depth=32) as sink:
            for frame in source:
                assert frame.rgb is not None
                sink.write((frame.rgb,), frame.time)
    np.testing.assert_array_equal(read_exr(tmp_path / "out" / "s.0002.exr"), values * 2)
    write_exr(tmp_path / "half.exr", values)
    np.testing.assert_array_equal(read_exr(tmp_path / "half.exr"), values.astype(np.float16).astype(np.float32))


def test_exr_without_the_library_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "OpenEXR", None)
    with pytest.raises(MediaError, match=r"pip install vcnode\[exr\]"):
        read_exr(tmp_path / "a.exr")


def some(target: Path, info: VideoInfo, color: int, count: int, *, close: str = "crash", **options: Any) -> set[int]:
    """Write pictures of one colour where they are missing, `count` at most; returns the numbers that were kept."""
    sink = open_sink(target, like=info, fingerprint=f"film {color}", **options)
    times = [FrameTime(n, n, 1, Fraction(1, 24), n) for n in range(6)]
    kept = {time.number for time in times if sink.is_done(time)}
    for time in [time for time in times if time.number not in kept][:count]:
        picture = np.full((6, 8, 3), color, np.float32 if target.suffix == ".exr" else np.uint8)
        sink.write((picture,), time)
    if close == "finish":
        sink.finish()
    elif close == "abort":
        sink.abort()
    else:
        sink._unlock()  # type: ignore[attr-defined]  # what the system does for a process that dies
    return kept


def colors_of(target: Path) -> list[int]:
    if target.suffix == ".exr":
        return [int(frame.rgb[0, 0, 0]) for frame in open_source(target) if frame.rgb is not None]
    return [int(read_image(path).rgb[0, 0, 0] * 255 + 0.5) for path in sorted(target.parent.glob(f"*{target.suffix}"))]


@pytest.mark.parametrize("name", ["c.####.png", "c.####.tif", "c.####.exr"])
@pytest.mark.parametrize("close", ["abort", "crash"])
def test_files_that_lay_there_before_are_not_taken_for_those_of_this_render(
    tmp_path: Path, name: str, close: str
) -> None:
    if name.endswith(".exr"):
        pytest.importorskip("OpenEXR")
    shot(tmp_path / "in", [1], kind=np.uint8)
    info = open_source(tmp_path / "in").info
    target = tmp_path / "out" / name
    some(target, info, 10, 6, close="finish")
    assert some(target, info, 20, 3, close=close, overwrite=True) == set()
    assert colors_of(target) == [20, 20, 20, 10, 10, 10]
    assert some(target, info, 20, 2, close=close, overwrite=True) == {0, 1, 2}
    assert some(target, info, 20, 6, close="finish", overwrite=True) == {0, 1, 2, 3, 4}
    assert colors_of(target) == [20] * 6
    assert not list((tmp_path / "out").glob(".*"))


@pytest.mark.parametrize("name", ["c.####.png", "c.####.exr"])
def test_starting_anew_keeps_nothing_of_an_unfinished_render(tmp_path: Path, name: str) -> None:
    if name.endswith(".exr"):
        pytest.importorskip("OpenEXR")
    shot(tmp_path / "in", [1], kind=np.uint8)
    info = open_source(tmp_path / "in").info
    target = tmp_path / "out" / name
    some(target, info, 10, 5)
    assert some(target, info, 20, 2, resume=False) == set()
    assert some(target, info, 20, 6, close="finish") == {0, 1}
    assert colors_of(target) == [20] * 6


def test_a_note_that_a_crash_cut_off_is_not_believed(tmp_path: Path) -> None:
    shot(tmp_path / "in", [1], kind=np.uint8)
    info = open_source(tmp_path / "in").info
    target = tmp_path / "out" / "c.####.png"
    some(target, info, 10, 6, close="finish")
    some(target, info, 20, 2, overwrite=True)
    (note,) = (tmp_path / "out").glob(".*/written")
    note.write_text(note.read_text("utf-8") + "3", "utf-8")
    assert some(target, info, 20, 6, close="finish", overwrite=True) == {0, 1}
    assert colors_of(target) == [20] * 6


def test_sequences_that_differ_a_little_in_name_are_written_at_the_same_time(tmp_path: Path) -> None:
    shot(tmp_path / "in", [1])
    info = open_source(tmp_path / "in").info
    names = ["s.####.png", "s_.####.png", "s####.png", "s.####.tif", "####.png"]
    with ExitStack() as stack:
        for name in names:
            stack.enter_context(open_sink(tmp_path / "out" / name, like=info))
        with pytest.raises(MediaError, match="another process is writing"):
            open_sink(tmp_path / "out" / "s.%04d.png", like=info)


@pytest.mark.parametrize("suffix", ["png", "jpg", "tif"])
def test_pictures_are_turned_upright_as_references_are(tmp_path: Path, suffix: str) -> None:
    picture = PIL.Image.fromarray(RANDOM.integers(0, 256, (8, 16, 3), dtype=np.uint8))
    exif = picture.getexif()
    exif[274] = 6
    (tmp_path / "in").mkdir()
    picture.save(tmp_path / "in" / f"a.0001.{suffix}", exif=exif)
    with open_source(tmp_path / "in") as source:
        frame = source.frame(0)
        assert (source.info.width, source.info.height) == (8, 16)
    assert frame.rgb is not None
    np.testing.assert_allclose(frame.rgb / 255, read_image(tmp_path / "in" / f"a.0001.{suffix}").rgb, atol=1e-6)


def test_alpha_is_known(tmp_path: Path) -> None:
    for folder, channels in (("with", 4), ("without", 3)):
        (tmp_path / folder).mkdir()
        codes = RANDOM.integers(0, 256, (6, 8, channels), dtype=np.uint8)
        PIL.Image.fromarray(codes).save(tmp_path / folder / "a.0001.png")
        assert open_source(tmp_path / folder).info.has_alpha == (channels == 4)


def test_pictures_that_are_not_read_are_refused_with_those_that_are(tmp_path: Path) -> None:
    (tmp_path / "s.0001.dpx").write_bytes(b"SDPX")
    with pytest.raises(InputError, match=r"no video .*s\.####\.dpx; pictures are read where they end in \.png"):
        open_source(tmp_path / "s.####.dpx")


def test_scans_of_film_are_refused_with_what_to_convert_them_to(tmp_path: Path) -> None:
    """Not read as a film of one frame, and not as if their codes were those of a display."""
    (tmp_path / "s.0001.dpx").write_bytes(b"SDPX" + bytes(2044))
    for path in (tmp_path, tmp_path / "s.0001.dpx", tmp_path / "s.%04d.dpx"):
        with pytest.raises((InputError, MediaError), match=r"DPX and Cineon are not read.*16-bit TIFF"):
            open_source(path)
