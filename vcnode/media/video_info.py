"""What a video is, before its frames are read."""

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
from av.container import InputContainer
from av.error import FFmpegError, InvalidDataError
from av.video.stream import VideoStream

from vcnode.errors import MediaError
from vcnode.media._failures import explained
from vcnode.media.color_tags import UNSPECIFIED, ColorTags, tags_of
from vcnode.media.ffmpeg_name import ffmpeg_name
from vcnode.media.pixel_layout import PixelLayout, layout_of

_log = logging.getLogger(__name__)

# Containers whose time stamps are a broadcast clock that starts anywhere; elsewhere a film starts near zero.
_CLOCK_CONTAINERS = {"mpegts", "mpeg", "mpegvideo"}


@dataclass(frozen=True)
class VideoInfo:
    """A video's facts.

    Attributes:
        path: The file, folder or pattern.
        container: FFmpeg's name of the container, or "images".
        codec: FFmpeg's name of the codec, or the images' extension.
        width: Stored width in pixels, before rotation and sample aspect ratio.
        height: Stored height in pixels.
        frame_count: How many frames, or None when not even an estimate is known.
        frame_count_exact: Whether the container counts its frames reliably; else `frame_count` is an estimate.
        frame_rate: Frames a second on average.
        time_base: Seconds per unit of `pts`.
        pixel_format: FFmpeg's name.
        layout: How the codes lie: kind ("ycbcr", "gray", "rgb"), subsampling and depth.
        matrix: "bt601", "bt709" or "bt2020".
        range: "limited" or "full".
        tags: The colour tags as stored.
        sample_aspect_ratio: Width of a pixel over its height; 1 where the file says nothing.
        display_matrix: Nine integers in FFmpeg's layout that turn or mirror the picture, or None.
        rotation: Degrees counter-clockwise the player turns the picture: 0, 90, 180, 270.
        interlaced: Whether the first frame is interlaced.
        has_audio: Whether the file has sound.
        has_alpha: Whether frames have alpha beside the codes that are read; EXR's is a channel like its others.
        duration: Seconds, or None.
        start_time: Seconds on the container's clock at which the film starts.
        metadata: The container's own tags (title and so on).
        encoding: For EXR, how its numbers are meant: a name in `vcnode.color.ENCODINGS`; None for all else.
    """

    path: Path
    container: str
    codec: str
    width: int
    height: int
    frame_count: int | None
    frame_count_exact: bool
    frame_rate: Fraction
    time_base: Fraction
    pixel_format: str
    layout: PixelLayout
    matrix: str
    range: str
    tags: ColorTags = field(default_factory=ColorTags)
    sample_aspect_ratio: Fraction = Fraction(1)
    display_matrix: tuple[int, ...] | None = None
    rotation: int = 0
    interlaced: bool = False
    has_audio: bool = False
    has_alpha: bool = False
    duration: Fraction | None = None
    start_time: Fraction = Fraction(0)
    metadata: Mapping[str, str] = field(default_factory=dict)
    encoding: str | None = None

    @property
    def depth(self) -> int:
        """Bits per code."""
        return self.layout.depth

    @property
    def matrix_assumed(self) -> bool:
        """Whether `matrix` is the players' convention, as the file has no (known) tag."""
        return not self.tags.matrix_is_tagged

    @property
    def primaries(self) -> int:
        """H.273 ColourPrimaries; 2 is unspecified."""
        return self.tags.primaries

    @property
    def transfer(self) -> int:
        """H.273 TransferCharacteristics; 2 is unspecified."""
        return self.tags.transfer

    @property
    def chroma_location(self) -> int:
        """Chroma siting as FFmpeg counts it; 0 is unspecified, 1 left, 2 center, 3 top left."""
        return self.tags.chroma_location

    @property
    def frame_ticks(self) -> int:
        """Length of one average frame in units of the time base, at least 1."""
        return max(1, round(1 / (self.frame_rate * self.time_base)))


@contextmanager
def open_video(path: Path) -> Iterator[tuple[InputContainer, VideoStream]]:
    """Open a file and its first real video stream; the file is closed on leaving.

    Raises:
        MediaError: When it is missing, a folder, empty, not a video, or has no video stream.
    """
    with explained("open", path):
        if path.stat().st_size == 0 and path.is_file():
            raise MediaError(f"cannot read {path}: the file is empty")
        if path.is_dir():
            raise MediaError(f"cannot read {path} as a video: it is a folder")
    try:
        container = av.open(ffmpeg_name(path), "r")
    except (InvalidDataError, av.error.EOFError) as error:
        raise MediaError(
            f"cannot read {path}: it is not a video, or its beginning or index is damaged or missing"
        ) from error
    except (OSError, FFmpegError) as error:
        with explained("open", path):
            raise error
    with container:
        streams = [s for s in container.streams.video if not s.disposition & av.stream.Disposition.attached_pic]
        if not streams:
            kinds = ", ".join(sorted({s.type for s in container.streams})) or "nothing"
            raise MediaError(f"cannot read {path}: it has no video stream, only {kinds}")
        if streams[0].codec_context is None:
            raise MediaError(f"cannot read {path}: this FFmpeg has no decoder for its video")
        yield container, streams[0]


def probe(path: Path | str) -> VideoInfo:
    """Read a video's facts; decodes its first frame, as some are known only there.

    Raises:
        MediaError: When the file is missing, empty, not a video, without frames, or in a pixel format that
            cannot be read.
    """
    path = Path(path)
    with open_video(path) as (container, stream):
        first = _first_frame(container, stream, path)
        info = describe(path, container, stream, first)
    if info.layout.kind == "ycbcr" and info.matrix_assumed:
        if info.tags.matrix == UNSPECIFIED:
            _log.info("%s has no matrix tag; %s is assumed from its height %d", path, info.matrix, info.height)
        else:
            _log.warning(
                "%s has the matrix tag %d (H.273), which is not known here: it is read and tagged as %s, and colours "
                "may be slightly off",
                path,
                info.tags.matrix,
                info.matrix,
            )
    return info


def _first_frame(container: InputContainer, stream: VideoStream, path: Path) -> av.VideoFrame:
    for packet in container.demux(stream):
        try:
            for frame in packet.decode():
                return frame
        except (FFmpegError, ValueError):  # PyAV's ValueError: the decoder did not open at the packet before
            continue  # a recording cut between key frames starts with packets that cannot be decoded
    raise MediaError(f"cannot read {path}: not one frame of its video can be decoded")


def describe(path: Path, container: InputContainer, stream: VideoStream, first: av.VideoFrame) -> VideoInfo:
    """Gather the facts of an open stream and its first decoded frame."""
    tags = tags_of(stream.codec_context)
    matrix, range_ = tags.resolved(height=first.height, pixel_format=first.format.name)
    rate = _fraction(stream.average_rate or stream.guessed_rate or stream.base_rate or Fraction(25))
    duration = _duration(container, stream)
    count = stream.frames or None
    exact = count is not None and container.format.name.startswith("mov")
    if count is not None and exact and hasattr(stream, "index_entries"):
        count -= sum(entry.is_discard for entry in stream.index_entries)  # cut off by an edit list
    if count is None and duration is not None:
        count = round(duration * rate)
    sample_aspect_ratio = _fraction(stream.sample_aspect_ratio or Fraction(1))
    start = Fraction(container.start_time or 0, av.time_base)
    return VideoInfo(
        path=path,
        container=container.format.name,
        codec=stream.codec_context.name,
        width=first.width,
        height=first.height,
        frame_count=count,
        frame_count_exact=exact,
        frame_rate=rate,
        time_base=_fraction(stream.time_base),
        pixel_format=first.format.name,
        layout=layout_of(first.format.name, path),
        matrix=matrix,
        range=range_,
        tags=tags,
        sample_aspect_ratio=sample_aspect_ratio,
        display_matrix=_display_matrix(first),
        rotation=first.rotation % 360,
        interlaced=first.interlaced_frame,
        has_audio=bool(container.streams.audio),
        has_alpha=any(component.is_alpha for component in first.format.components),
        duration=duration,
        start_time=start if container.format.name in _CLOCK_CONTAINERS else Fraction(0),
        metadata=dict(container.metadata),
    )


def _fraction(value: Any) -> Fraction:
    """PyAV's rational numbers, which are `Fraction` up to version 17 and a type of their own since."""
    return Fraction(value.numerator, value.denominator)


def _duration(container: InputContainer, stream: VideoStream) -> Fraction | None:
    if stream.duration and stream.time_base:
        return stream.duration * _fraction(stream.time_base)
    return film_length(container) or None


def film_length(container: InputContainer) -> Fraction:
    """Seconds from a film's start to its end as its header has them; 0 where it says nothing."""
    # Of Matroska's, FFmpeg gives the time of the end, not counted from a start that may be later than 0.
    before = container.start_time or 0 if container.format.name == "matroska,webm" else 0
    return Fraction(max(0, (container.duration or 0) - before), av.time_base)


def _display_matrix(frame: av.VideoFrame) -> tuple[int, ...] | None:
    side: Any = frame.side_data.get("DISPLAYMATRIX")
    return tuple(memoryview(bytes(side)).cast("i")) if side is not None else None
