import errno
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from vcnode.errors import MediaError
from vcnode.media import EncoderSettings, FrameTime, VideoInfo, VideoReader, VideoWriter, probe
from vcnode.media.video_target import working_folder

SETTINGS = {
    "a.mp4": EncoderSettings("h264", 8, "420", quality=20),
    "b.mkv": EncoderSettings("hevc", 10, "420", quality=20),
    "c.mkv": EncoderSettings("ffv1", 10, "444"),
}


@pytest.fixture
def source(make_clip: Callable[..., Path], uneven_pts: list[int]) -> Path:
    """A clip of uneven times with B-frames and sound."""
    return make_clip("source.mp4", uneven_pts, options={"g": "30", "bf": "4"}, audio="aac")


def colored(luma: Any, settings: EncoderSettings) -> tuple[Any, Any, Any]:
    deep = (luma.astype(np.uint16) << (settings.depth - 8)).astype(np.uint8 if settings.depth == 8 else np.uint16)
    chroma = deep if settings.subsampling == "444" else np.ascontiguousarray(deep[::2, ::2])
    return deep, chroma, chroma[::-1].copy()


def render(source: Path, target: Path, *, stop: int | None = None, pause: float = 0) -> None:
    """Render from where an earlier try stopped; `stop` raises inside."""
    settings = SETTINGS[target.name]
    with (
        VideoReader(source) as reader,
        VideoWriter(
            target,
            like=reader.info,
            settings=settings,
            audio_from=source,
            fingerprint="film 1",
            segment_frames=13,
        ) as writer,
    ):
        for frame in reader.frames(writer.next_frame):
            if frame.index == stop:
                raise KeyboardInterrupt
            writer.write(colored(frame.luma, settings), frame.time)
            time.sleep(pause)


def content(path: Path) -> list[Any]:
    with VideoReader(path) as reader:
        frames = [
            (f.pts, f.luma.tobytes(), *[c.tobytes() for c in f.chroma or ()]) for f in reader if f.luma is not None
        ]
    with av.open(str(path)) as container:
        sound = [(p.pts, bytes(p)) for p in container.demux(audio=0) if p.size]
    assert frames
    return [frames, sound]


@pytest.mark.parametrize("name", SETTINGS)
@pytest.mark.parametrize("stop", [5, 13, 40, 59])
def test_an_interrupted_render_resumes_to_the_same_film(source: Path, tmp_path: Path, name: str, stop: int) -> None:
    whole, parts = tmp_path / "whole" / name, tmp_path / "parts" / name
    whole.parent.mkdir()
    parts.parent.mkdir()
    render(source, whole)
    with pytest.raises(KeyboardInterrupt):
        render(source, parts, stop=stop)
    assert not parts.exists()
    render(source, parts)
    assert content(parts) == content(whole)
    assert len(content(parts)[0]) == 60
    assert sorted(p.name for p in parts.parent.iterdir()) == [name]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGKILL")
@pytest.mark.parametrize("name", ["a.mp4", "c.mkv"])
def test_a_killed_process_loses_only_the_segment_in_flight(source: Path, tmp_path: Path, name: str) -> None:
    whole, parts = tmp_path / "whole" / name, tmp_path / "parts" / name
    whole.parent.mkdir()
    parts.parent.mkdir()
    render(source, whole)
    script = textwrap.dedent(f"""
        import sys
        sys.path.insert(0, {str(Path(__file__).parent)!r})
        from pathlib import Path
        from test_resume import render
        render(Path({str(source)!r}), Path({str(parts)!r}), pause=0.02)
    """)
    process = subprocess.Popen([sys.executable, "-c", script])
    wanted = working_folder(parts) / "segment_00000013.json"
    while not wanted.exists():
        assert process.poll() is None, "the render ended before it could be killed"
        time.sleep(0.005)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert not parts.exists()
    with VideoReader(source) as reader:
        like = reader.info
    writer = VideoWriter(
        parts, like=like, settings=SETTINGS[name], audio_from=source, fingerprint="film 1", segment_frames=13
    )
    assert writer.next_frame >= 26
    writer.abort()
    render(source, parts)
    assert content(parts) == content(whole)


def test_abort_leaves_all_finished_frames_watchable(source: Path, tmp_path: Path) -> None:
    target = tmp_path / "c.mkv"
    like = probe(source)
    writer = VideoWriter(target, like=like, settings=SETTINGS["c.mkv"], audio_from=source, segment_frames=13)
    with VideoReader(source) as reader:
        for frame in reader:
            if frame.index == 20:
                break
            writer.write(colored(frame.luma, SETTINGS["c.mkv"]), frame.time)
        partial = writer.abort()
        assert partial == tmp_path / "c.partial.mkv"
        frames = list(VideoReader(partial))
        assert len(frames) == 20
        for frame, true in zip(frames, reader, strict=False):
            np.testing.assert_array_equal(frame.luma, true.luma.astype(np.uint16) << 2)  # type: ignore[union-attr]
    end = frames[-1].pts * frames[-1].time.time_base
    with av.open(str(partial)) as container:
        last = max(p.pts * Fraction(p.time_base) for p in container.demux(audio=0) if p.pts is not None)  # type: ignore[arg-type]
    assert last < end + Fraction(1, 10)
    assert not target.exists()


def test_abort_before_the_first_frame_leaves_nothing(source: Path, tmp_path: Path) -> None:
    writer = VideoWriter(tmp_path / "a.mp4", like=probe(source))
    assert writer.abort() is None
    assert [p.name for p in tmp_path.iterdir()] == ["source.mp4"]


def started(like: VideoInfo, target: Path, fingerprint: str, **options: Any) -> VideoWriter:
    return VideoWriter(
        target, like=like, settings=SETTINGS["c.mkv"], fingerprint=fingerprint, segment_frames=2, **options
    )


def five_frames(writer: VideoWriter, some_planes: Any) -> None:
    for n in range(writer.next_frame, 5):
        writer.write(some_planes(n, 10, "444"), FrameTime(n, 3000 * n, 3000, Fraction(1, 90000), n))


def test_only_segments_of_the_same_render_are_kept(source: Path, tmp_path: Path, some_planes: Any) -> None:
    like, target = probe(source), tmp_path / "c.mkv"
    writer = started(like, target, "film 1")
    five_frames(writer, some_planes)
    writer.abort()
    with pytest.raises(
        MediaError,
        match=r"unfinished render with another source, references, model or way of colouring; delete that folder",
    ):
        started(like, target, "film 2")
    same = started(like, target, "film 1")
    assert same.next_frame == 4
    same.abort()
    fresh = started(like, target, "film 2", resume=False)
    assert fresh.next_frame == 0
    fresh.abort()


def test_a_damaged_segment_is_rendered_again(source: Path, tmp_path: Path, some_planes: Any) -> None:
    like, target = probe(source), tmp_path / "c.mkv"
    writer = started(like, target, "film 1")
    five_frames(writer, some_planes)
    writer.abort()
    second = working_folder(target) / "segment_00000002.mkv"
    data = bytearray(second.read_bytes())
    data[len(data) // 2] ^= 255
    second.write_bytes(data)
    again = started(like, target, "film 1")
    assert again.next_frame == 2
    five_frames(again, some_planes)
    again.finish()
    for n, frame in enumerate(VideoReader(target)):
        np.testing.assert_array_equal(frame.luma, some_planes(n, 10, "444")[0])


def test_two_writers_of_one_target_exclude_each_other(source: Path, tmp_path: Path, some_planes: Any) -> None:
    like, target = probe(source), tmp_path / "c.mkv"
    first = started(like, target, "film 1")
    with pytest.raises(MediaError, match="another process is writing"):
        started(like, target, "film 1")
    five_frames(first, some_planes)
    assert first.finish() == target


def stopped(writer: VideoWriter, some_planes: Any) -> Path | None:
    five_frames(writer, some_planes)
    return writer.abort()


def test_a_stop_replaces_no_file_of_anybody_elses(source: Path, tmp_path: Path, some_planes: Any) -> None:
    like, target = probe(source), tmp_path / "c.mkv"
    other = tmp_path / "c.partial.mkv"
    other.write_text("precious")
    own = tmp_path / "c.partial.2.mkv"
    assert stopped(started(like, target, "film 1"), some_planes) == own
    assert stopped(started(like, target, "film 1"), some_planes) == own
    assert len(list(VideoReader(own))) == 5
    again = started(like, target, "film 1")
    five_frames(again, some_planes)
    again.finish()
    assert other.read_text() == "precious"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["c.mkv", "c.partial.mkv", "source.mp4"]


def test_a_crash_between_placing_and_finishing_leaves_a_render_that_can_be_ended(
    source: Path, tmp_path: Path, some_planes: Any
) -> None:
    like, target = probe(source), tmp_path / "c.mkv"
    first = started(like, target, "film 1")
    five_frames(first, some_planes)
    first.place()
    first._unlock()  # what the system does for a process that dies
    assert len(list(VideoReader(target))) == 5
    with pytest.raises(MediaError, match=r"c\.mkv exists already"):
        started(like, target, "film 2", resume=False)
    again = started(like, target, "film 1", overwrite=True)
    five_frames(again, some_planes)
    again.finish()
    assert len(list(VideoReader(target))) == 5
    assert not working_folder(target).exists()


def test_a_placed_target_is_replaced_by_its_own_render_alone(source: Path, tmp_path: Path, some_planes: Any) -> None:
    like, target = probe(source), tmp_path / "c.mkv"
    first = started(like, target, "film 1")
    five_frames(first, some_planes)
    first.place()
    assert first.abort() == target
    again = started(like, target, "film 1")
    assert again.next_frame == 4
    five_frames(again, some_planes)
    target.write_text("precious")
    with pytest.raises(MediaError, match="exists already"):
        again.finish()
    assert target.read_text() == "precious"


def test_a_disk_full_at_the_start_keeps_nothing_and_says_nothing_of_it(
    source: Path, tmp_path: Path, some_planes: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*args: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("vcnode.media.segment.SegmentWriter._mux", full)
    writer = started(probe(source), tmp_path / "c.mkv", "film 1")
    with pytest.raises(MediaError) as caught:
        five_frames(writer, some_planes)
    assert "no space left on the disk" in str(caught.value)
    assert "kept" not in str(caught.value)
    writer.abort()
    assert [path.name for path in tmp_path.iterdir()] == ["source.mp4"]
