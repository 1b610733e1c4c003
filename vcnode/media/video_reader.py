"""Frames of a video in presentation order, and any one of them."""

import logging
from bisect import bisect_left
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import av
from av.container import InputContainer
from av.error import FFmpegError
from av.video.stream import VideoStream

from vcnode.counted import counted
from vcnode.errors import InputError, MediaError
from vcnode.media._failures import reason
from vcnode.media.frame_index import FrameIndex, build_index
from vcnode.media.video_frame import FrameTime, VideoFrame, codes_of
from vcnode.media.video_info import VideoInfo, film_length, open_video, probe

_log = logging.getLogger(__name__)

# Headers of these containers state how long the film is, so an early end can be told from a short film.
_STATE_DURATION = {"mov,mp4,m4a,3gp,3g2,mj2", "matroska,webm", "avi"}
_END_TOLERANCE = Fraction(1, 4)  # seconds, and two frames; headers round, and the last frame's length is a guess


class VideoReader:
    """Reads a video's codes bit for bit, streaming, in constant memory.

    Several iterations are independent of each other. `frame` keeps its own decoder, so that reading
    neighbours one after another does not start over; call `close` (or use `with`) to release it.

    Args:
        path: The video.

    Raises:
        MediaError: When the file cannot be read at all (see `probe`).
    """

    def __init__(self, path: Path | str) -> None:
        self.path = Path(path)
        self.info: VideoInfo = probe(self.path)
        self._walk: Iterator[VideoFrame] | None = None
        self._next = 0
        self._told: set[int] = set()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __iter__(self) -> Iterator[VideoFrame]:
        return self.frames()

    def close(self) -> None:
        """Close the file that `frame` holds open."""
        if self._walk is not None:
            self._walk.close()  # type: ignore[attr-defined]
            self._walk = None

    @cached_property
    def index(self) -> FrameIndex | None:
        """Time stamps of all frames, or None when the file does not tell; the first use reads it all."""
        return build_index(self.path)

    def frames(self, start: int = 0) -> Iterator[VideoFrame]:
        """Yield the frames from number `start` on, in presentation order.

        Raises:
            InputError: When `start` is negative.
            MediaError: When decoding fails or the file ends before its header says; all frames before are
                yielded first, and the sentence says how many they are.
        """
        if start < 0:
            raise InputError(f"the first frame is {start}, but frames count from 0")
        if start and self.index is not None:
            if start >= len(self.index.pts):
                return
            for key in self.index.starts_for(start):
                walk = self._decode(start, key)
                frame = next(walk, None)
                if frame is not None:
                    yield frame
                    yield from walk
                    return
        yield from self._decode(start, None)

    def frame(self, n: int) -> VideoFrame:
        """Return frame n: the same codes as reading from the beginning gives.

        Raises:
            InputError: When the video has no frame n.
            MediaError: When decoding fails before it.
        """
        if self._walk is None or not self._next <= n < self._next + self._worth_walking(n):
            self.close()
            self._walk = self.frames(n)
            self._next = n
        for frame in self._walk:
            self._next = frame.index + 1
            if frame.index == n:
                return frame
        self.close()
        last = "" if self.index is None else f"; its last frame is {min(n, len(self.index.pts)) - 1}"
        raise InputError(f"{self.path} has no frame {n}{last}")

    def _worth_walking(self, n: int) -> int:
        """How many frames ahead decoding on is no dearer than seeking: up to the next key frame."""
        if self.index is None:
            return n - self._next + 1
        if n >= len(self.index.pts):
            return 1
        keys = self.index.starts_for(n)
        return n - self._next + 1 if not keys or self.index.pts[self._next] >= keys[0] else 1

    def _decode(self, start: int, key: int | None) -> Iterator[VideoFrame]:
        """Decode from a key frame's time (or the beginning); yield frames from number `start` on.

        A frame that the decoder leaves out is shown as the one before it: all behind it keep their numbers, however
        they are reached. Yields nothing when frame `start` cannot be reached from `key`; the caller then tries an
        earlier one.
        """
        index = self.index if key is not None else None
        with open_video(self.path) as (container, stream):
            stream.thread_type = "AUTO"
            if key is not None:
                _prime(container, stream)
                container.seek(key, stream=stream)
            progress = _Progress(self.info, container, whole=key is None)
            count = 0
            previous: int | None = None
            shown: av.VideoFrame | None = None
            for decoded in _decoded(container, stream, progress, key):
                self._check_unchanged(decoded)
                ticks = _ticks(decoded)
                pts = decoded.pts
                if index is not None and key is not None:
                    if pts is None or pts < key:
                        continue
                    if shown is None:
                        if decoded.is_corrupt or pts != key:
                            return  # marked as a key frame, yet not decodable from here
                        count = bisect_left(index.pts, key)
                elif pts is None or (previous is not None and pts <= previous):
                    pts = 0 if previous is None else previous + (ticks or self.info.frame_ticks)
                if shown is not None and previous is not None:
                    for time in self._left_out(count, previous, pts, _ticks(shown)):
                        if time.index >= start:
                            yield codes_of(shown, self.info.layout, time)
                        count += 1
                shown, previous = decoded, pts
                if count >= start or key is None:
                    progress.frames = count + 1
                if count >= start:
                    time = FrameTime(count, pts, ticks, self.info.time_base, count)
                    yield codes_of(decoded, self.info.layout, time)
                count += 1

    def _left_out(self, count: int, previous: int, pts: int, ticks: int) -> Iterator[FrameTime]:
        """The places of frames, from number `count` on, that should have come between two that came.

        Only where these leave a hole in time is the index asked, which costs a reading of the file.
        """
        if pts - previous <= (ticks or self.info.frame_ticks) * 3 // 2 or self.index is None:
            return
        times = self.index.pts
        end = bisect_left(times, pts)
        if end == len(times) or times[end] != pts or times[count - 1] != previous:
            return
        if count not in self._told and count < end:
            self._told.add(count)
            which = f"frame {count}" if end == count + 1 else f"frames {count} to {end - 1}"
            _log.warning("%s: %s cannot be decoded; frame %d stands in", self.path, which, count - 1)
        for number in range(count, end):
            yield FrameTime(number, times[number], times[number + 1] - times[number], self.info.time_base, number)

    def _check_unchanged(self, frame: av.VideoFrame) -> None:
        info = self.info
        if (frame.width, frame.height, frame.format.name) != (info.width, info.height, info.pixel_format):
            raise MediaError(
                f"{self.path} changes from {info.width}x{info.height} {info.pixel_format} to {frame.width}x"
                f"{frame.height} {frame.format.name} inside; split it there and use each part on its own"
            )


def _prime(container: InputContainer, stream: VideoStream) -> None:
    """Show the decoder the film's beginning.

    Encoders sign their first frame; FFmpeg knows the faults of old ones (x264 before 151 in 4:4:4) by it and would
    decode differently without.
    """
    for packet in container.demux(stream):
        with suppress(FFmpegError):
            if packet.decode():
                return


def _ticks(frame: av.VideoFrame) -> int:
    """Its length in units of the time base, or 0 when unknown."""
    return int(getattr(frame, "duration", 0) or 0)


@dataclass
class _Progress:
    """How far a reading came, to tell a film's end from a file that breaks off."""

    info: VideoInfo
    container: InputContainer
    whole: bool
    frames: int = 0
    reached: Fraction = Fraction(0)

    @property
    def readable(self) -> str:
        return counted(self.frames, "frame")

    def see(self, packet: Any) -> None:
        # A time code track is one packet as long as the film, so data streams prove nothing.
        if packet.stream.type != "data" and packet.pts is not None and packet.time_base:
            end = (packet.pts + (packet.duration or 0)) * Fraction(packet.time_base)
            self.reached = max(self.reached, end)

    def check_complete(self) -> None:
        """Raise when the header promises more than came."""
        info = self.info
        if info.container not in _STATE_DURATION or not self.container.duration:
            return
        start = Fraction(self.container.start_time or 0, av.time_base)
        promised = start + film_length(self.container)
        if promised - self.reached > _END_TOLERANCE + 2 / info.frame_rate:
            raise MediaError(
                f"{info.path} breaks off: its header promises {float(promised):.1f} s, but only "
                f"{float(self.reached):.1f} s ({self.readable}) can be read; it may be a partial copy"
            )
        if self.whole and info.frame_count and self.frames < info.frame_count * 0.98 - 2:
            _log.warning(
                "%s should have about %d frames, but only %d are in it",
                info.path,
                info.frame_count,
                self.frames,
            )


def _decoded(
    container: InputContainer, stream: VideoStream, progress: _Progress, key: int | None
) -> Iterator[av.VideoFrame]:
    """Decode packet by packet; errors become sentences once frames have been delivered."""
    packets = container.demux()  # all streams: an early end shows only when none of them reaches the promised end
    landed = key is None
    warned = False
    while True:
        try:
            packet = next(packets, None)
        except FFmpegError as error:
            raise MediaError(
                f"reading {progress.info.path} stops after {progress.readable}: {reason(error)}"
            ) from error
        if packet is None:
            break
        progress.see(packet)
        if packet.stream.index != stream.index:
            continue
        if not landed and packet.size:
            if not packet.is_keyframe or (packet.pts is not None and key is not None and packet.pts > key):
                return
            landed = True
        if not packet.size and packet.dts is not None:
            continue  # Theora's "same picture again"; to a decoder an empty packet means the end
        try:
            frames: list[Any] = list(packet.decode())
        except FFmpegError as error:
            if progress.frames == 0:
                continue  # a recording cut between key frames starts with packets that cannot be decoded
            raise MediaError(
                f"decoding {progress.info.path} stops after {progress.readable}: {reason(error)}"
            ) from error
        for frame in frames:
            if frame.is_corrupt and not warned and progress.whole:
                warned = True
                _log.warning(
                    "%s is damaged near frame %d; the decoder filled the gap",
                    progress.info.path,
                    progress.frames,
                )
            yield frame
    progress.check_complete()
