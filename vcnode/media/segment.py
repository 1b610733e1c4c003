"""One finished stretch of a render: encoded frames in a file, their times in a note beside it."""

import hashlib
import json
import os
from contextlib import suppress
from dataclasses import asdict, dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import av

from vcnode.media.color_tags import ColorTags
from vcnode.media.encoder import EncoderSettings
from vcnode.media.ffmpeg_name import ffmpeg_name
from vcnode.media.video_frame import Codes, frame_from_planes
from vcnode.whole_files import put_in_place, remove_file, write_whole

# A segment file counts its frames in its time stamps (milliseconds, Matroska's unit), so that no container
# rounds the true times, which the note keeps. Presentation starts late enough for any reordering before it.
_TICK = Fraction(1, 1000)
_LEAD = 64


@dataclass(frozen=True)
class Segment:
    """What the note says.

    Attributes:
        first: Number of the segment's first frame.
        pts: Presentation times of its frames.
        last_duration: Length of its last frame, or 0 when unknown.
        digest: SHA-256 of the file, so that damage is found before it is used.
        complete: False for what is kept when a render stops inside a segment; resuming encodes it anew.
    """

    first: int
    pts: tuple[int, ...]
    last_duration: int
    digest: str
    complete: bool = True

    @property
    def end(self) -> int:
        """Number of the frame after the last."""
        return self.first + len(self.pts)


def segment_file(folder: Path, first: int) -> Path:
    """Where the segment that begins with frame `first` lies."""
    return folder / f"segment_{first:08d}.mkv"


def load_segment(folder: Path, first: int) -> Segment | None:
    """Read a note and check its file; None when either is missing or damaged."""
    path = segment_file(folder, first)
    try:
        note = json.loads(path.with_suffix(".json").read_text("utf-8"))
        segment = Segment(**{**note, "pts": tuple(note["pts"])})
        return segment if segment.first == first and segment.pts and segment.digest == _digest(path) else None
    except (OSError, ValueError, TypeError, KeyError):
        return None


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


class SegmentWriter:
    """Encodes one segment with an encoder of its own, into a temporary file until `close`."""

    def __init__(
        self,
        folder: Path,
        first: int,
        settings: EncoderSettings,
        *,
        size: tuple[int, int],
        time_base: Fraction,
        frame_rate: Fraction,
        sample_aspect_ratio: Fraction,
        tags: ColorTags,
    ) -> None:
        self._folder, self._first, self._settings = folder, first, settings
        self._time_base, self._tags = time_base, tags
        self._times: dict[int, int] = {}
        self._duration = 0
        self._written = 0
        self._temporary = segment_file(folder, first).with_suffix(".part")
        self._container = av.open(ffmpeg_name(self._temporary), "w", format="matroska")
        stream: Any = self._container.add_stream(settings.encoder, rate=frame_rate, options=settings.options())
        stream.width, stream.height = size
        stream.pix_fmt = settings.pixel_format
        stream.codec_context.time_base = time_base
        stream.codec_context.sample_aspect_ratio = sample_aspect_ratio
        tags.apply(stream.codec_context)
        self._stream = stream

    def __len__(self) -> int:
        return len(self._times)

    def write(self, planes: tuple[Codes, Codes, Codes], pts: int, duration: int) -> None:
        """Encode one frame."""
        frame = frame_from_planes(planes, self._settings.subsampling, self._settings.depth)
        frame.pts, frame.time_base = pts, self._time_base
        self._tags.apply(frame)  # ProRes takes its tags from the frames
        self._times[pts] = len(self._times)
        self._duration = duration
        self._mux(self._stream.encode(frame))

    def close(self, complete: bool = True) -> Segment:
        """Finish the file, put it in place and write its note."""
        self._mux(self._stream.encode(None))
        self._container.close()
        with self._temporary.open("rb+") as file:
            os.fsync(file.fileno())  # the note must never outlive the data it vouches for
        path = segment_file(self._folder, self._first)
        segment = Segment(self._first, tuple(self._times), self._duration, _digest(self._temporary), complete)
        put_in_place(self._temporary, path)
        write_whole(path.with_suffix(".json"), json.dumps(asdict(segment)).encode(), flush_to_device=True)
        return segment

    def discard(self) -> None:
        """Drop the unfinished file."""
        with suppress(OSError, av.error.FFmpegError):
            self._container.close()
        remove_file(self._temporary)

    def _mux(self, packets: list[Any]) -> None:
        for packet in packets:
            assert packet.pts is not None
            packet.pts = self._times[packet.pts] + _LEAD
            packet.dts = self._written
            packet.duration = 1
            packet.time_base = _TICK
            self._written += 1
            self._container.mux(packet)
