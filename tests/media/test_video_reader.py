import logging
import sys
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from vcnode.errors import InputError, MediaError
from vcnode.media import ColorTags, VideoReader, VideoWriter, probe

LONG_GOP = {"g": "25", "bf": "4", "x264-params": "b-pyramid=normal:scenecut=0"}


def test_frames_are_the_stored_codes_in_presentation_order(
    make_clip: Callable[..., Path], decoded: Callable[..., Any], uneven_pts: list[int]
) -> None:
    path = make_clip("a.mp4", uneven_pts, options=LONG_GOP)
    with VideoReader(path) as reader:
        frames = list(reader)
    truth = decoded(path)
    assert [f.pts for f in frames] == uneven_pts
    assert [f.index for f in frames] == list(range(60))
    for frame, true in zip(frames, truth, strict=True):
        codes = true.to_ndarray()
        assert frame.luma is not None
        assert frame.luma.dtype == np.uint8
        np.testing.assert_array_equal(frame.luma, codes[:48])


@pytest.mark.parametrize(
    ("pixel_format", "depth", "chroma"),
    [
        ("yuv420p", 8, (24, 31)),
        ("yuv422p10le", 10, (47, 31)),
        ("yuv444p12le", 12, (47, 61)),
        ("yuv420p16le", 16, (24, 31)),
        ("gray", 8, None),
        ("gray10le", 10, None),
        ("gray16le", 16, None),
    ],
)
def test_every_depth_and_odd_sizes_come_back_exactly(
    tmp_path: Path, pixel_format: str, depth: int, chroma: tuple[int, int] | None
) -> None:
    path = tmp_path / "a.mkv"
    kind = np.uint8 if depth == 8 else np.uint16
    luma = np.random.default_rng(0).integers(0, 2**depth, (47, 61), dtype=kind)
    with av.open(str(path), "w") as container:
        stream: Any = container.add_stream("ffv1", rate=25, options={"strict": "-2"})
        stream.width, stream.height, stream.pix_fmt = 61, 47, pixel_format
        frame = av.VideoFrame(61, 47, pixel_format)
        for plane in frame.planes:
            rows = np.zeros((plane.height, plane.line_size // luma.itemsize), kind)
            rows[:, : plane.width] = luma[: plane.height, : plane.width]
            plane.update(rows.tobytes())
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    with VideoReader(path) as reader:
        (read,) = list(reader)
        assert reader.info.depth == depth
    np.testing.assert_array_equal(read.luma, luma)
    assert (read.chroma is None) == (chroma is None)
    if read.chroma is not None and chroma is not None:
        np.testing.assert_array_equal(read.chroma[1], luma[: chroma[0], : chroma[1]])


@pytest.mark.parametrize("pixel_format", ["bgr0", "gbrp10le", "rgb48le"])
def test_rgb_sources_give_rgb_codes(tmp_path: Path, pixel_format: str) -> None:
    path = tmp_path / "a.mkv"
    depth = {"bgr0": 8, "gbrp10le": 10, "rgb48le": 16}[pixel_format]
    rgb = np.random.default_rng(0).integers(0, 2**depth, (6, 10, 3), dtype=np.uint8 if depth == 8 else np.uint16)
    with av.open(str(path), "w") as container:
        stream: Any = container.add_stream("ffv1", rate=25)
        stream.width, stream.height, stream.pix_fmt = 10, 6, pixel_format
        array = rgb
        if pixel_format == "bgr0":
            frame = av.VideoFrame.from_ndarray(rgb, format="rgb24").reformat(format="bgr0")
        else:
            frame = av.VideoFrame.from_ndarray(array, format=pixel_format)
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    (read,) = list(VideoReader(path))
    assert read.luma is None
    np.testing.assert_array_equal(read.rgb, rgb)


@pytest.mark.parametrize(
    ("name", "codec", "options"),
    [
        ("a.mp4", "libx264", LONG_GOP),
        ("a.mkv", "libx264", LONG_GOP),
        ("a.ts", "libx264", LONG_GOP),
        ("a.mp4", "libx264", {"g": "12", "bf": "3", "x264-params": "open-gop=1:scenecut=0"}),
        ("a.mp4", "libx265", {"x265-params": "keyint=12:bframes=3:open-gop=1:log-level=none"}),
        ("a.avi", "libx264", LONG_GOP),
        ("b.avi", "ffv1", {"g": "1"}),
        ("a.mkv", "ffv1", {}),
    ],
)
def test_any_frame_is_the_one_that_sequential_reading_gives(
    make_clip: Callable[..., Path], uneven_pts: list[int], name: str, codec: str, options: dict[str, str]
) -> None:
    even = name.endswith("avi")
    pts = list(range(60)) if even else uneven_pts
    path = make_clip(name, pts, codec=codec, options=options, time_base=Fraction(1, 30 if even else 90000))
    with VideoReader(path) as reader:
        frames = list(reader)
        assert len(frames) == 60
        for n in (37, 38, 12, 24, 11, 59, 0, 1, 30, 25, 13):
            frame = reader.frame(n)
            assert frame.time == frames[n].time
            np.testing.assert_array_equal(frame.luma, frames[n].luma)
        tail = list(reader.frames(start=41))
        assert [f.time for f in tail] == [f.time for f in frames[41:]]
        np.testing.assert_array_equal(tail[0].luma, frames[41].luma)


def test_a_recording_cut_before_its_first_key_frame_reads_the_same_both_ways(
    make_clip: Callable[..., Path], tmp_path: Path
) -> None:
    path = make_clip("a.ts", options={"g": "20", "bf": "2", "x264-params": "scenecut=0"})
    data = path.read_bytes()
    cut = tmp_path / "cut.ts"
    cut.write_bytes(data[188 * (len(data) // 188 // 6) :])
    with VideoReader(cut) as reader:
        frames = list(reader)
        assert 0 < len(frames) < 60
        for n in (len(frames) - 1, 0, len(frames) // 2):
            assert reader.frame(n).time == frames[n].time
            np.testing.assert_array_equal(reader.frame(n).luma, frames[n].luma)


def test_iterations_are_independent(make_clip: Callable[..., Path]) -> None:
    with VideoReader(make_clip("a.mp4")) as reader:
        one, two = reader.frames(), reader.frames()
        next(one)
        next(one)
        assert next(two).index == 0
        assert next(one).index == 2


def test_frames_outside_are_refused(make_clip: Callable[..., Path]) -> None:
    with VideoReader(make_clip("a.mp4")) as reader:
        for beyond in (60, 61, 1000):
            with pytest.raises(InputError, match=f"no frame {beyond}; its last frame is 59"):
                reader.frame(beyond)
        with pytest.raises(InputError, match="count from 0"):
            next(reader.frames(-1))
        assert list(reader.frames(60)) == []


@pytest.mark.parametrize(("name", "codec"), [("a.mkv", "libx264"), ("a.mp4", "libx264"), ("a.mkv", "ffv1")])
def test_a_truncated_file_delivers_what_it_has_then_says_so(
    make_clip: Callable[..., Path], tmp_path: Path, name: str, codec: str
) -> None:
    front = {"movflags": "faststart"} if name.endswith("mp4") else {}
    data = make_clip(name, codec=codec, container_options=front).read_bytes()
    cut = tmp_path / f"cut_{name}"
    cut.write_bytes(data[: len(data) * 6 // 10])
    delivered: list[int] = []
    with pytest.raises(MediaError, match=r"cut_a.* (breaks off|stops after).*\d+ frames") as caught:
        delivered.extend(frame.index for frame in VideoReader(cut))
    assert 20 < len(delivered) < 50
    assert delivered == list(range(len(delivered)))
    assert f"{len(delivered)} frames" in str(caught.value)


def test_damage_inside_is_never_silent(make_clip: Callable[..., Path], caplog: pytest.LogCaptureFixture) -> None:
    path = make_clip("a.mkv", codec="ffv1")
    data = bytearray(path.read_bytes())
    middle = len(data) // 2
    data[middle : middle + 4000] = bytes(4000)
    path.write_bytes(data)
    complaint = ""
    try:
        list(VideoReader(path))
    except MediaError as error:
        complaint = str(error)
    assert "stops after" in complaint or "should have about 60 frames, but only" in caplog.text


@pytest.mark.parametrize(
    ("name", "codec", "lost"),
    [("a.mkv", "mpeg2video", [20]), ("a.mkv", "mpeg2video", [24]), ("a.mp4", "libx265", [20, 21, 22, 23])],
    ids=["inside", "key", "as long as it is built upon"],
)
def test_a_frame_that_the_decoder_leaves_out_moves_no_other(
    make_clip: Callable[..., Path], caplog: pytest.LogCaptureFixture, name: str, codec: str, lost: list[int]
) -> None:
    options = {"x265-params": "keyint=12:bframes=0:scenecut=0:log-level=none"} if codec == "libx265" else {"g": "12"}
    path = make_clip(name, range(60), codec=codec, options=options, time_base=Fraction(1, 30))
    with av.open(str(path)) as container:
        packet = [packet for packet in container.demux(video=0) if packet.size][lost[0]]
    with path.open("r+b") as file:
        file.seek(packet.pos + 4)
        file.write(b"\xff" * 36)
    with VideoReader(path) as reader:
        frames = list(reader)
        assert [frame.index for frame in frames] == list(range(60))
        before = lost[0] - 1
        same = [n for n in range(1, 60) if np.array_equal(frames[n].luma, frames[before].luma)]
        assert same == [before, *lost]
        assert f"cannot be decoded; frame {before} stands in" in caplog.text
        for n in (lost[-1], lost[-1] + 1, before, 59, 37):
            assert reader.frame(n).time == frames[n].time
            np.testing.assert_array_equal(reader.frame(n).luma, frames[n].luma)
    with VideoReader(path) as fresh:
        assert [frame.time for frame in fresh.frames(lost[0])] == [frame.time for frame in frames[before + 1 :]]
    assert caplog.text.count("stands in") == 2  # once a reader


def test_a_size_that_changes_inside_is_refused(make_clip: Callable[..., Path], tmp_path: Path) -> None:
    small = make_clip("a.ts", range(0, 30000, 3000))
    large = make_clip("b.ts", range(30000, 60000, 3000), size=(96, 128))
    joined = tmp_path / "joined.ts"
    joined.write_bytes(small.read_bytes() + large.read_bytes())
    with pytest.raises(MediaError, match="changes from 64x48 yuv420p to 128x96 yuv420p"):
        list(VideoReader(joined))


def test_errors_before_the_first_frame_are_sentences(make_clip: Callable[..., Path], tmp_path: Path) -> None:
    with pytest.raises(MediaError, match=r"cannot open .*nothing\.mp4: the file or its folder does not exist"):
        probe(tmp_path / "nothing.mp4")
    (tmp_path / "empty.mp4").touch()
    with pytest.raises(MediaError, match="the file is empty"):
        probe(tmp_path / "empty.mp4")
    (tmp_path / "text.mp4").write_text("not a film " * 100)
    with pytest.raises(MediaError, match="it is not a video, or its beginning or index is damaged"):
        probe(tmp_path / "text.mp4")
    with pytest.raises(MediaError, match="it is a folder"):
        probe(tmp_path)
    sound = tmp_path / "sound.wav"
    with av.open(str(sound), "w") as container:
        stream: Any = container.add_stream("pcm_s16le", rate=48000)
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 2048), np.int16), format="s16", layout="stereo")
        frame.sample_rate = 48000
        container.mux(stream.encode(frame))
    with pytest.raises(MediaError, match="it has no video stream, only audio"):
        probe(sound)
    packed = make_clip("packed.avi", range(3), codec="rawvideo", pixel_format="rgb48le", time_base=Fraction(1, 30))
    with pytest.raises(MediaError, match="not one frame of its video can be decoded"):
        probe(packed)  # AVI cannot name this kind, so the decoder does not even open
    no_frames = make_clip("none.mkv", [])
    with pytest.raises(MediaError, match="index is damaged or missing"):
        probe(no_frames)


def test_float_codes_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.mkv"
    with av.open(str(path), "w") as container:
        stream: Any = container.add_stream("ffv1", rate=25, options={"strict": "experimental"})
        stream.width, stream.height = 16, 16
        try:
            stream.pix_fmt = "gbrpf32le"
            frame = av.VideoFrame(16, 16, "gbrpf32le")
            container.mux(stream.encode(frame))
            container.mux(stream.encode(None))
        except (ValueError, av.error.FFmpegError):
            pytest.skip("this FFmpeg writes no float video")
    with pytest.raises(MediaError, match="pixel format gbrpf32le"):
        probe(path)


def test_an_untagged_matrix_follows_the_height(
    make_clip: Callable[..., Path], caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO):
        small = probe(make_clip("small.mkv", [0], codec="ffv1"))
    assert (small.matrix, small.matrix_assumed, small.range) == ("bt601", True, "limited")
    assert "bt601 is assumed" in caplog.text
    large = probe(make_clip("large.mkv", [0], codec="ffv1", size=(720, 64)))
    assert (large.matrix, large.matrix_assumed) == ("bt709", True)


@pytest.mark.parametrize(
    ("pixel_formats", "sample_range"),
    [
        ("yuv420p yuv444p10le yuva422p nv12 p010le p216le p410le p416le y210le uyvy422 yuyv422 yvyu422", "limited"),
        ("yuvj420p gray gray10le ya8 rgb24 bgr0 gbrp10le rgba64le pal8 monow", "full"),
    ],
)
def test_an_untagged_range_follows_the_pixel_format(pixel_formats: str, sample_range: str) -> None:
    for pixel_format in pixel_formats.split():
        assert ColorTags().resolved(height=48, pixel_format=pixel_format)[1] == sample_range, pixel_format


def test_probe_reports_what_the_file_says(make_clip: Callable[..., Path]) -> None:
    path = make_clip(
        "a.mp4",
        tags={"colorspace": 9, "color_range": 2, "color_primaries": 9, "color_trc": 16},
        pixel_shape=Fraction(16, 11),
        rotation=90,
        audio="aac",
        title="Metropolis",
    )
    info = probe(path)
    assert (info.width, info.height, info.depth, info.codec) == (64, 48, 8, "h264")
    assert (info.matrix, info.range, info.primaries, info.transfer) == ("bt2020", "full", 9, 16)
    assert not info.matrix_assumed
    assert info.sample_aspect_ratio == Fraction(16, 11)
    assert info.rotation == 90
    assert info.has_audio
    assert (info.frame_count, info.frame_count_exact) == (60, True)
    assert info.frame_rate == 30
    assert info.time_base == Fraction(1, 90000)
    assert info.duration == 2
    assert info.metadata["title"] == "Metropolis"


def test_a_matroska_count_is_marked_as_an_estimate(make_clip: Callable[..., Path]) -> None:
    info = probe(make_clip("a.mkv"))
    assert info.frame_count == 60
    assert not info.frame_count_exact


@pytest.mark.parametrize("lie", ["intra refresh", "false key frames"])
def test_key_frames_that_are_none_do_not_spoil_random_access(
    make_clip: Callable[..., Path], tmp_path: Path, lie: str
) -> None:
    if lie == "intra refresh":
        path = make_clip("a.ts", options={"x264-params": "intra-refresh=1:keyint=20:scenecut=0:bframes=0"})
    else:
        honest = make_clip("honest.mkv", options={"g": "25", "x264-params": "scenecut=0:bframes=0"})
        path = tmp_path / "lying.mkv"
        with av.open(str(honest)) as source, av.open(str(path), "w") as target:
            stream = target.add_stream_from_template(source.streams.video[0])
            for packet in source.demux(video=0):
                if packet.size:
                    packet.is_keyframe = True
                    packet.stream = stream
                    target.mux(packet)
    with VideoReader(path) as reader:
        frames = list(reader)
        for n in (37, 30, 12, 45, 3):
            frame = reader.frame(n)
            assert frame.time == frames[n].time
            np.testing.assert_array_equal(frame.luma, frames[n].luma)


@pytest.mark.parametrize("name", ["late.mkv", "late.mp4", "late.ts", "late.mov"])
@pytest.mark.parametrize("audio", [None, "aac"])
def test_a_film_that_begins_late_is_whole(make_clip: Callable[..., Path], name: str, audio: str | None) -> None:
    clip = make_clip(name, range(270000, 270000 + 20 * 3000, 3000), audio=audio)
    with VideoReader(clip) as reader:
        assert len(list(reader)) == 20
        if audio is None:
            assert abs((reader.info.frame_count or 0) - 20) <= 1


def test_a_matroska_file_that_begins_late_and_breaks_off_is_noticed(make_clip: Callable[..., Path]) -> None:
    clip = make_clip("late.mkv", range(270000, 270000 + 60 * 3000, 3000), codec="ffv1")
    clip.write_bytes(clip.read_bytes()[: clip.stat().st_size // 2])
    with VideoReader(clip) as reader, pytest.raises(MediaError, match="breaks off"):
        list(reader)


def test_names_with_colons(make_clip: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if sys.platform == "win32":
        pytest.skip("Windows has no colons in names")
    make_clip("a.mp4", audio="aac").rename(tmp_path / "scene:1.mp4")
    monkeypatch.chdir(tmp_path)
    source, target = Path("scene:1.mp4"), Path("out:1.mp4")
    with (
        VideoReader(source) as reader,
        VideoWriter(target, like=reader.info, audio_from=source, segment_frames=25) as writer,
    ):
        for frame in reader:
            assert frame.luma is not None
            assert frame.chroma is not None
            writer.write((frame.luma, *frame.chroma), frame.time)
    assert len(list(VideoReader(target))) == 60


def test_a_matrix_that_is_not_known_is_told(make_clip: Callable[..., Path], caplog: pytest.LogCaptureFixture) -> None:
    known = make_clip("known.mkv", codec="ffv1", tags={"colorspace": 1})
    other = make_clip("other.mkv", codec="ffv1", tags={"colorspace": 8})
    with caplog.at_level(logging.WARNING):
        probe(known)
        assert not caplog.text
        assert probe(other).matrix == "bt601"
    assert "matrix tag 8 (H.273), which is not known here: it is read and tagged as bt601" in caplog.text


@pytest.mark.parametrize(("pixel_format", "alpha"), [("yuva420p", True), ("yuv420p", False), ("gray", False)])
def test_alpha_is_known(make_clip: Callable[..., Path], pixel_format: str, alpha: bool) -> None:
    assert probe(make_clip("a.mkv", codec="ffv1", pixel_format=pixel_format)).has_alpha == alpha
