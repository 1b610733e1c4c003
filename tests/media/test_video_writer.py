import errno
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from vcnode.errors import InputError, MediaError
from vcnode.media import EncoderSettings, FrameTime, VideoReader, VideoWriter, probe
from vcnode.media.video_target import working_folder

Planes = Callable[..., tuple[Any, Any, Any]]
Times = Callable[..., list[FrameTime]]

LOSSLESS = [
    ("a.mkv", EncoderSettings("ffv1", 8, "420")),
    ("a.mkv", EncoderSettings("ffv1", 10, "422")),
    ("a.mkv", EncoderSettings("ffv1", 12, "444")),
    ("a.mkv", EncoderSettings("ffv1", 14, "444")),
    ("a.mkv", EncoderSettings("ffv1", 16, "444")),
    ("a.mp4", EncoderSettings("h264", 8, "420", quality=0)),
    ("a.mov", EncoderSettings("h264", 10, "422", quality=0)),
    ("a.mkv", EncoderSettings("h264", 10, "444", quality=0)),
    ("a.mp4", EncoderSettings("hevc", 8, "420", quality=0)),
    ("a.mkv", EncoderSettings("hevc", 12, "444", quality=0)),
]


@pytest.mark.parametrize(("name", "settings"), LOSSLESS, ids=lambda v: str(v))
def test_lossless_codecs_give_every_code_back(
    make_clip: Callable[..., Path],
    tmp_path: Path,
    some_planes: Planes,
    times: Times,
    uneven_pts: list[int],
    name: str,
    settings: EncoderSettings,
) -> None:
    like = probe(make_clip("source.mp4"))
    pts = uneven_pts[:25]
    written = [some_planes(n, settings.depth, settings.subsampling) for n in range(25)]
    with VideoWriter(tmp_path / name, like=like, settings=settings, segment_frames=10) as writer:
        for planes, time in zip(written, times(pts), strict=True):
            writer.write(planes, time)
    with VideoReader(tmp_path / name) as reader:
        frames = list(reader)
        assert reader.info.depth == settings.depth
        assert reader.info.layout.subsampling == settings.subsampling
    assert len(frames) == 25
    for frame, (y, cb, cr) in zip(frames, written, strict=True):
        np.testing.assert_array_equal(frame.luma, y)
        assert frame.chroma is not None
        np.testing.assert_array_equal(frame.chroma[0], cb)
        np.testing.assert_array_equal(frame.chroma[1], cr)
    seconds = [frame.pts * frame.time.time_base for frame in frames]
    rounding = Fraction(1, 2000) if name.endswith("mkv") else 0  # Matroska counts milliseconds
    assert all(abs(a - Fraction(b, 90000)) <= rounding for a, b in zip(seconds, pts, strict=True))


@pytest.mark.parametrize(
    ("name", "settings", "tag"),
    [
        ("a.mp4", EncoderSettings("h264"), "avc1"),
        ("a.mov", EncoderSettings("hevc", 10), "hvc1"),
        ("a.mov", EncoderSettings("prores", 10, "422"), "apch"),
        ("a.mov", EncoderSettings("prores", 10, "444"), "ap4h"),
    ],
    ids=lambda v: str(v),
)
def test_lossy_codecs_keep_the_picture_and_exact_times(
    make_clip: Callable[..., Path],
    tmp_path: Path,
    times: Times,
    uneven_pts: list[int],
    name: str,
    settings: EncoderSettings,
    tag: str,
) -> None:
    like = probe(make_clip("source.mp4"))
    ramp = np.add.outer(np.arange(48) * 2, np.arange(64) * 2).astype(np.uint16) + 16
    luma = (ramp << (settings.depth - 8)).astype(np.uint8 if settings.depth == 8 else np.uint16)
    down, across = (2 if settings.subsampling == "420" else 1), (1 if settings.subsampling == "444" else 2)
    flat = np.full((48 // down, 64 // across), 1 << (settings.depth - 1), luma.dtype)
    with VideoWriter(tmp_path / name, like=like, settings=settings, segment_frames=16) as writer:
        for time in times(uneven_pts):
            writer.write((luma, flat, flat), time)
    with VideoReader(tmp_path / name) as reader:
        frames = list(reader)
        unit = 2 ** (reader.info.depth - 8)  # FFmpeg reads ProRes 4444 as 10 or 12 bits, by version
    assert [f.pts * f.time.time_base for f in frames] == [Fraction(t, 90000) for t in uneven_pts]
    worst = max(float(np.abs(f.luma / unit - ramp).max()) for f in frames if f.luma is not None)
    assert worst <= 8
    with av.open(str(tmp_path / name)) as container:
        assert container.streams.video[0].codec_tag == tag


def test_rotation_pixel_shape_tags_title_and_sound_travel_along(make_clip: Callable[..., Path], tmp_path: Path) -> None:
    source = make_clip(
        "source.mp4",
        tags={"colorspace": 9, "color_range": 2, "color_primaries": 9, "color_trc": 16, "chroma_sample_location": 3},
        pixel_shape=Fraction(16, 11),
        rotation=90,
        audio="aac",
        title="Metropolis",
    )
    target = tmp_path / "target.mp4"
    with VideoReader(source) as reader, VideoWriter(target, like=reader.info, audio_from=source) as writer:
        for frame in reader:
            assert frame.luma is not None
            assert frame.chroma is not None
            writer.write((frame.luma, *frame.chroma), frame.time)
    old, new = probe(source), probe(target)
    assert new.tags == old.tags
    assert new.display_matrix == old.display_matrix
    assert new.sample_aspect_ratio == Fraction(16, 11)
    assert new.metadata["title"] == "Metropolis"
    assert new.frame_rate == old.frame_rate
    assert new.duration == old.duration
    assert _sound(target) == _sound(source)


def _sound(path: Path) -> list[tuple[int | None, bytes]]:
    with av.open(str(path)) as container:
        return [(p.pts, bytes(p)) for p in container.demux(audio=0) if p.size]


@pytest.mark.parametrize("name", ["target.mp4", "target.mkv"])
def test_a_stretch_starts_at_zero_with_the_sound_that_begins_in_it(
    make_clip: Callable[..., Path], tmp_path: Path, name: str
) -> None:
    source = make_clip("source.mp4", audio="aac")  # 30 frames a second
    begin, end = Fraction(20, 30), Fraction(40, 30)
    with (
        VideoReader(source) as reader,
        VideoWriter(tmp_path / name, like=reader.info, audio_from=source, begin=begin, cut_audio=True) as writer,
    ):
        for frame in reader.frames(20):
            if frame.index == 40:
                break
            assert frame.luma is not None
            assert frame.chroma is not None
            writer.write((frame.luma, *frame.chroma), replace(frame.time, index=frame.index - 20))
    frames = list(VideoReader(tmp_path / name))
    seconds = [float(frame.pts * frame.time.time_base) for frame in frames]
    assert seconds == pytest.approx([n / 30 for n in range(20)], abs=0.001)
    wanted = [(time, data) for time, data in _seconds_of_sound(source) if begin <= time < end]
    assert len(wanted) > 20
    written = _seconds_of_sound(tmp_path / name)
    assert [data for _, data in written] == [data for _, data in wanted]
    assert [float(time) for time, _ in written] == pytest.approx([float(t - begin) for t, _ in wanted], abs=0.001)


def _seconds_of_sound(path: Path) -> list[tuple[Fraction, bytes]]:
    with av.open(str(path)) as container:
        return [
            (packet.pts * Fraction(packet.time_base), bytes(packet))
            for packet in container.demux(audio=0)
            if packet.size and packet.pts is not None and packet.time_base is not None
        ]


def test_an_untagged_source_gets_the_matrix_its_chroma_was_made_with(
    make_clip: Callable[..., Path], tmp_path: Path, some_planes: Planes, times: Times
) -> None:
    like = probe(make_clip("source.mkv", codec="ffv1"))
    assert like.matrix_assumed
    assert not like.tags.range_is_tagged
    with VideoWriter(tmp_path / "a.mp4", like=like) as writer:
        writer.write(some_planes(0, 8, "420"), times([0], like.time_base)[0])
    info = probe(tmp_path / "a.mp4")
    assert (info.matrix, info.range) == ("bt601", "limited")
    assert not info.matrix_assumed
    assert info.tags.range_is_tagged


def test_a_transport_stream_starts_at_zero_and_keeps_its_sound_in_step(
    make_clip: Callable[..., Path], tmp_path: Path
) -> None:
    source = make_clip("source.ts", range(900000, 1080000, 3000), audio="aac")
    target = tmp_path / "target.mkv"
    with VideoReader(source) as reader, VideoWriter(target, like=reader.info, audio_from=source) as writer:
        for frame in reader:
            assert frame.luma is not None
            assert frame.chroma is not None
            writer.write((frame.luma, *frame.chroma), frame.time)

    def starts(path: Path) -> tuple[float, float]:
        with av.open(str(path)) as container:
            video, audio = container.streams.video[0], container.streams.audio[0]
            assert video.start_time is not None
            assert audio.start_time is not None
            return float(video.start_time * video.time_base), float(audio.start_time * audio.time_base)

    before, after = starts(source), starts(target)
    assert min(after) < 0.1
    assert after[0] - after[1] == pytest.approx(before[0] - before[1], abs=0.002)


def test_sound_that_the_container_cannot_hold_is_refused_before_rendering(
    make_clip: Callable[..., Path], tmp_path: Path
) -> None:
    source = make_clip("source.avi", range(60), time_base=Fraction(1, 30), audio="wmav2")
    with pytest.raises(InputError, match=r"the sound of .*source\.avi is wmav2, which a mp4 file cannot hold"):
        VideoWriter(tmp_path / "a.mp4", like=probe(source), audio_from=source)
    assert not working_folder(tmp_path / "a.mp4").exists()


def test_another_container_is_named_for_sound_that_one_cannot_hold(
    make_clip: Callable[..., Path], tmp_path: Path
) -> None:
    source = make_clip("source.mkv", audio="libopus")
    with pytest.raises(InputError, match=r"opus, which a mov file cannot hold; write to \.mkv, or leave"):
        VideoWriter(tmp_path / "a.mov", like=probe(source), audio_from=source)


def test_a_film_without_sound_is_fine(
    make_clip: Callable[..., Path], tmp_path: Path, some_planes: Planes, times: Times
) -> None:
    source = make_clip("source.mp4")
    with VideoWriter(tmp_path / "a.mp4", like=probe(source), audio_from=source) as writer:
        writer.write(some_planes(0, 8, "420"), times([0])[0])
    assert not probe(tmp_path / "a.mp4").has_audio


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"codec": "xvid"}, "choose one of h264, hevc, ffv1, prores"),
        ({"codec": "h264", "depth": 16}, "cannot hold 16-bit codes, only 8 or 10"),
        ({"codec": "prores", "depth": 10, "subsampling": "420"}, "takes chroma 422 or 444"),
        ({"codec": "h264", "quality": 52}, "quality is 52"),
        ({"codec": "ffv1", "quality": 0}, "absent for ffv1"),
    ],
)
def test_settings_that_no_encoder_knows_are_refused(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        EncoderSettings(**settings)


def test_codec_container_and_size_must_go_together(make_clip: Callable[..., Path], tmp_path: Path) -> None:
    like = probe(make_clip("source.mp4"))
    with pytest.raises(InputError, match=r"ffv1 is written to \.mkv, not 'a\.mp4'"):
        VideoWriter(tmp_path / "a.mp4", like=like, settings=EncoderSettings("ffv1"))
    with pytest.raises(InputError, match="cannot hold the odd size 63x48"):
        VideoWriter(tmp_path / "a.mp4", like=replace(like, width=63))


def test_frames_that_do_not_fit_are_refused(
    make_clip: Callable[..., Path], tmp_path: Path, some_planes: Planes, times: Times
) -> None:
    like = probe(make_clip("source.mp4"))
    settings = EncoderSettings("ffv1", 10)
    with VideoWriter(tmp_path / "a.mkv", like=like, settings=settings) as writer:
        first, second, third = times([0, 3000, 3000])
        good = some_planes(0, 10, "420")
        writer.write(good, first)
        with pytest.raises(InputError, match="goes on with frame 1"):
            writer.write(good, third)
        with pytest.raises(InputError, match=r"of uint16 are needed"):
            writer.write(some_planes(0, 8, "420"), second)
        with pytest.raises(InputError, match="are needed"):
            writer.write(some_planes(0, 10, "444"), second)
        with pytest.raises(InputError, match="above 1023"):
            writer.write((good[0] + np.uint16(1024), good[1], good[2]), second)
        writer.write(good, second)
        with pytest.raises(InputError, match="not later"):
            writer.write(good, third)
    assert probe(tmp_path / "a.mkv").width == 64


def test_no_frame_counts_as_written_before_it_is(
    make_clip: Callable[..., Path],
    tmp_path: Path,
    some_planes: Planes,
    times: Times,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """On a GPU a thread writes while another asks which frames are done, at any moment."""
    writer = VideoWriter(tmp_path / "a.mp4", like=probe(make_clip("source.mp4")), segment_frames=2)
    counted = []

    class Watched(list[Any]):
        def append(self, segment: Any) -> None:
            counted.append(writer.next_frame)
            super().append(segment)
            counted.append(writer.next_frame)

    monkeypatch.setattr(writer, "_segments", Watched())
    for time in times([0, 3000, 6000, 9000]):
        writer.write(some_planes(time.index, 8, "420"), time)
    assert counted == [0, 2, 2, 4]
    writer.finish()


def test_an_existing_target_is_kept_unless_overwriting(
    make_clip: Callable[..., Path], tmp_path: Path, some_planes: Planes, times: Times
) -> None:
    like = probe(make_clip("source.mp4"))
    target = tmp_path / "a.mp4"
    target.write_text("precious")
    with pytest.raises(MediaError, match="exists already"):
        VideoWriter(target, like=like)
    writer = VideoWriter(target, like=like, overwrite=True)
    writer.write(some_planes(0, 8, "420"), times([0])[0])
    assert target.read_text() == "precious"
    writer.finish()
    assert probe(target).width == 64
    assert not working_folder(target).exists()


def test_a_folder_that_does_not_exist_is_one_sentence(make_clip: Callable[..., Path], tmp_path: Path) -> None:
    with pytest.raises(MediaError, match="the file or its folder does not exist"):
        VideoWriter(tmp_path / "nowhere" / "a.mp4", like=probe(make_clip("source.mp4")))


def test_nothing_written_is_nothing_finished(make_clip: Callable[..., Path], tmp_path: Path) -> None:
    writer = VideoWriter(tmp_path / "a.mp4", like=probe(make_clip("source.mp4")))
    with pytest.raises(MediaError, match="no frame was written"):
        writer.finish()
    assert not (tmp_path / "a.mp4").exists()


@pytest.mark.parametrize("at", ["segment", "join"])
def test_a_full_disk_keeps_what_is_finished(
    make_clip: Callable[..., Path],
    tmp_path: Path,
    some_planes: Planes,
    times: Times,
    monkeypatch: pytest.MonkeyPatch,
    at: str,
) -> None:
    like = probe(make_clip("source.mp4"))
    target = tmp_path / "a.mkv"
    settings = EncoderSettings("ffv1")
    moments = times(range(0, 30 * 3000, 3000))
    writer = VideoWriter(target, like=like, settings=settings, segment_frames=10)

    def full(*args: object, **kwargs: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    def run() -> None:
        for time in moments:
            if at == "segment" and time.index == 25:
                monkeypatch.setattr("vcnode.media.segment.SegmentWriter._mux", full)
            writer.write(some_planes(time.index, 8, "420"), time)
        monkeypatch.setattr("vcnode.media.video_writer.join", full)
        writer.finish()

    with pytest.raises(MediaError, match="no space left on the disk"):
        run()
    assert not target.exists()
    monkeypatch.undo()
    writer.abort()
    with VideoWriter(target, like=like, settings=settings, segment_frames=10) as again:
        assert again.next_frame == (20 if at == "segment" else 30)
        for time in moments[again.next_frame :]:
            again.write(some_planes(time.index, 8, "420"), time)
    assert len(list(VideoReader(target))) == 30


def test_a_really_full_disk(make_clip: Callable[..., Path], some_planes: Planes, times: Times, tmp_path: Path) -> None:
    mount = tmp_path / "small"
    mount.mkdir()
    tool = shutil.which("mount")
    command = [tool or "mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", str(mount)]
    if tool is None or subprocess.run(command, capture_output=True, check=False).returncode != 0:
        pytest.skip("mounting a small disk is not allowed here")
    try:
        like = probe(make_clip("source.mp4"))
        writer = VideoWriter(mount / "a.mkv", like=like, settings=EncoderSettings("ffv1"), segment_frames=10)

        def run() -> None:
            for time in times(range(0, 900000, 3000)):
                writer.write(some_planes(time.index, 8, "420"), time)

        with pytest.raises(MediaError, match="no space left on the disk"):
            run()
        finished = sorted(p.name for p in working_folder(mount / "a.mkv").glob("*.json"))
        assert "segment_00000010.json" in finished
        with pytest.raises(MediaError, match=r"no space left on the disk.*the segments are in"):
            writer.abort()
        assert sorted(p.name for p in working_folder(mount / "a.mkv").glob("*.json")) == finished
    finally:
        subprocess.run(["umount", str(mount)], capture_output=True, check=False)
