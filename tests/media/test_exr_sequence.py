"""Numbered EXR files as a film: one size for all frames, and targets that know their own files."""

import logging
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from exr_files import attributes, box, channels, half, library, same, write

from vcnode.errors import InputError, MediaError
from vcnode.media import ImageSequenceReader, ImageSequenceWriter, open_sink, open_source
from vcnode.media.exr_frames import ExrFrames
from vcnode.media.exr_output import ExrOutput

WINDOWS = {1: (0, 0, 31, 23), 2: (-4, 2, 20, 30), 5: (5, 5, 9, 9)}


@pytest.fixture
def moving(tmp_path: Path) -> Path:
    """Frames whose data windows move; returns their pattern."""
    for number, (left, top, right, bottom) in WINDOWS.items():
        planes = {name: half(bottom - top + 1, right - left + 1, low=0.1) for name in "RGBA"}
        display = box(0, 0, 31, 23)
        path = tmp_path / "in" / f"s.{number:04d}.exr"
        write(path, planes, dataWindow=box(left, top, right, bottom), displayWindow=display, pixelAspectRatio=2.0)
    return tmp_path / "in" / "s.####.exr"


def exr_reader(pattern: Path, **options: Any) -> ImageSequenceReader:
    source = open_source(pattern, **options)
    assert isinstance(source, ImageSequenceReader)
    return source


def test_every_frame_covers_the_union_of_all_data_windows(moving: Path) -> None:
    source = exr_reader(moving)
    assert (source.info.width, source.info.height) == (36, 31)
    assert source.info.sample_aspect_ratio == 2
    assert source.info.encoding == "linear-srgb"
    for frame in source:
        assert frame.rgb is not None
        left, top, right, bottom = WINDOWS[frame.time.number]
        inside = frame.rgb[top : bottom + 1, left + 4 : right + 5]
        planes = channels(source.pattern.path(frame.time.number))
        assert np.array_equal(inside, np.stack([planes[name] for name in "RGB"], -1).astype(np.float32))
        assert np.count_nonzero(frame.rgb) == inside.size


def test_each_result_has_its_own_frames_window(moving: Path, tmp_path: Path) -> None:
    source = exr_reader(moving)
    with open_sink(tmp_path / "out" / "s.####.exr", like=source.info, exr=ExrOutput(source.exr)) as sink:
        for frame in source:
            assert frame.rgb is not None
            sink.write((frame.rgb * 0.5, np.full(frame.rgb.shape[:2], 0.25, np.float32)), frame.time)
    for number in WINDOWS:
        before, after = source.pattern.path(number), tmp_path / "out" / f"s.{number:04d}.exr"
        for name in ("dataWindow", "displayWindow", "pixelAspectRatio"):
            assert attributes(after)[0][name] == attributes(before)[0][name]
        old, new = channels(before), channels(after)
        assert same(new["A"], old["A"])
        assert same(new["G"], (old["G"].astype(np.float32) * np.float32(0.5)).astype(np.float16))
        assert (new["vcn_confidence.confidence"] == 0.25).all()


def test_depth_is_the_sources_unless_it_is_chosen(tmp_path: Path) -> None:
    for kind in (np.float16, np.float32):
        planes = {name: half().astype(kind) for name in "RGB"}
        write(tmp_path / f"{kind.__name__}" / "s.0001.exr", planes)
    for kind, depth in ((np.float16, 16), (np.float32, 32)):
        source = exr_reader(tmp_path / f"{kind.__name__}")
        for chosen, wanted in ((None, depth), (16, 16), (32, 32)):
            target = tmp_path / f"out_{depth}_{chosen}" / "s.####.exr"
            with open_sink(target, like=source.info, depth=chosen, exr=ExrOutput(source.exr)) as sink:
                assert isinstance(sink, ImageSequenceWriter)
                assert sink.depth == wanted


def test_gray_files_give_luma(tmp_path: Path) -> None:
    plane = half()
    write(tmp_path / "in" / "s.0001.exr", {"Y": plane})
    source = exr_reader(tmp_path / "in")
    assert source.info.layout.kind == "gray"
    assert same(source.frame(0).luma, plane.astype(np.float32))  # type: ignore[arg-type]
    write(tmp_path / "in" / "s.0002.exr", {name: half() for name in "RGB"})
    with pytest.raises(MediaError, match=r"s\.0002\.exr has R, G, B, but .*s\.0001\.exr has one channel"):
        open_source(tmp_path / "in")


def test_a_layer_is_chosen_by_name(tmp_path: Path) -> None:
    planes = {name: half() for name in ("R", "G", "B", "plate.R", "plate.G", "plate.B")}
    write(tmp_path / "in" / "s.0001.exr", planes)
    source = exr_reader(tmp_path / "in", layer="plate")
    assert np.array_equal(source.frame(0).rgb[..., 0], planes["plate.R"])  # type: ignore[index]
    with pytest.raises(MediaError, match="no layer other"):
        open_source(tmp_path / "in", layer="other")


def test_a_layer_of_what_has_none_is_refused(tmp_path: Path, make_clip: Any) -> None:
    with pytest.raises(InputError, match=r"a\.mp4 has no layers, so plate cannot be chosen"):
        open_source(make_clip("a.mp4"), layer="plate")


def test_a_damaged_file_anywhere_is_named_before_work_begins(moving: Path) -> None:
    last = moving.with_name("s.0005.exr")
    last.write_bytes(last.read_bytes()[:-10])
    with pytest.raises(MediaError, match=r"s\.0005\.exr: the file is damaged or not complete"):
        open_source(moving)


def test_a_file_that_changes_meanwhile_is_named(moving: Path) -> None:
    source = exr_reader(moving)
    write(moving.with_name("s.0002.exr"), {name: half() for name in "RGB"})
    with pytest.raises(MediaError, match=r"s\.0002\.exr was changed while it was being used"):
        source.frame(1)


def test_a_file_that_is_read_while_another_is_written_is_the_right_one(
    moving: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a GPU one thread reads ahead, and another takes the rest of each file for its result, at any moment."""
    frames = exr_reader(moving).exr
    assert frames is not None
    latest: list[Any] = [None]

    def exchange(self: ExrFrames, value: Any) -> None:
        latest[0] = value
        if value is not None and value[0] == 1:
            self.plate(2)  # as the other thread

    monkeypatch.setattr(ExrFrames, "_latest", property(lambda self: latest[0], exchange), raising=False)
    assert frames.plate(1).path == frames.pattern.path(1)


def test_loss_of_compression_is_told_once(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    for number in (1, 2):
        planes = {name: half() for name in "RGB"}
        write(tmp_path / "in" / f"s.{number:04d}.exr", planes, compression=library().DWAA_COMPRESSION)
    with caplog.at_level(logging.INFO):
        list(open_source(tmp_path / "in"))
    assert caplog.text.count("compressed with loss") == 1


def sink_for(source: ImageSequenceReader, target: Path, job: str = "job 1", **options: Any) -> ImageSequenceWriter:
    sink = open_sink(target, like=source.info, exr=ExrOutput(source.exr), fingerprint=job, **options)
    assert isinstance(sink, ImageSequenceWriter)
    return sink


def fill(source: ImageSequenceReader, sink: ImageSequenceWriter, upto: int = 99) -> list[int]:
    """Write what is not done; return the numbers that were."""
    written = []
    for frame in source:
        if frame.index < upto and not sink.is_done(frame.time):
            assert frame.rgb is not None
            sink.write((frame.rgb,), frame.time)
            written.append(frame.time.number)
    return written


def test_an_unfinished_target_keeps_what_is_whole(moving: Path, tmp_path: Path) -> None:
    source, target = exr_reader(moving), tmp_path / "out" / "c.####.exr"
    sink = sink_for(source, target)
    assert fill(source, sink, 2) == [1, 2]
    sink.abort()
    damaged = tmp_path / "out" / "c.0001.exr"
    damaged.write_bytes(damaged.read_bytes()[:-40])
    with sink_for(source, target) as again:
        assert fill(source, again) == [1, 5]
    for number in WINDOWS:
        assert same(channels(tmp_path / "out" / f"c.{number:04d}.exr")["R"], channels(source.pattern.path(number))["R"])


def test_a_finished_target_is_kept_and_a_lost_frame_made_again(moving: Path, tmp_path: Path) -> None:
    source, target = exr_reader(moving), tmp_path / "out" / "c.####.exr"
    with sink_for(source, target) as sink:
        fill(source, sink)
    with sink_for(source, target) as again:
        assert fill(source, again) == []
    (tmp_path / "out" / "c.0002.exr").unlink()
    with sink_for(source, target) as again:
        assert fill(source, again) == [2]
    damaged = tmp_path / "out" / "c.0005.exr"
    damaged.write_bytes(damaged.read_bytes()[:-40])
    with pytest.raises(MediaError, match="exists already"):
        sink_for(source, target)
    with sink_for(source, target, overwrite=True) as again:
        assert fill(source, again) == [5]
    with sink_for(source, target, overwrite=True, resume=False) as again:
        assert fill(source, again) == [1, 2, 5]


def test_files_of_another_job_are_not_taken_for_ones_own(moving: Path, tmp_path: Path) -> None:
    source, target = exr_reader(moving), tmp_path / "out" / "c.####.exr"
    with sink_for(source, target) as sink:
        fill(source, sink)
    with pytest.raises(MediaError, match=r"exists already \(3 files\)"):
        sink_for(source, target, "job 2")
    with sink_for(source, target, "job 2", overwrite=True) as again:
        assert fill(source, again) == [1, 2, 5]


def test_pictures_of_another_kind_become_exr_with_metadata(tmp_path: Path) -> None:
    from vcnode.media import FrameTime, write_png

    (tmp_path / "in").mkdir()
    write_png(tmp_path / "in" / "s.0001.png", np.zeros((24, 32, 3), np.uint8))
    info = open_source(tmp_path / "in").info
    time = FrameTime(0, 0, 1, Fraction(1, 24), 1)
    exr = ExrOutput(metadata={"vcnode/model": "lite"})
    confidence = np.full((24, 32), 0.5, np.float32)
    with open_sink(tmp_path / "out" / "s.####.exr", like=info, exr=exr) as sink:
        sink.write((np.full((24, 32, 3), 2.5, np.float32), confidence), time)
    target = tmp_path / "out" / "s.0001.exr"
    assert attributes(target)[0]["vcnode/model"] == ("string", b"lite")
    planes = channels(target)
    assert (planes["G"] == 2.5).all()
    assert same(planes["vcn_confidence.confidence"], confidence.astype(np.float16))
