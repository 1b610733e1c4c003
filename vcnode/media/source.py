"""What a film is read from and written to, whatever the kind of file."""

import re
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self, runtime_checkable

from vcnode.errors import InputError
from vcnode.media.encoder import CONTAINERS, EncoderSettings
from vcnode.media.exr_output import ExrOutput
from vcnode.media.sequence_pattern import SCANS, SCANS_ADVICE, STILL_SUFFIXES, has_place, is_pattern
from vcnode.media.sequence_reader import ImageSequenceReader
from vcnode.media.sequence_writer import ImageSequenceWriter
from vcnode.media.video_frame import Codes, FrameTime, VideoFrame
from vcnode.media.video_info import VideoInfo
from vcnode.media.video_reader import VideoReader
from vcnode.media.video_writer import VideoWriter


@runtime_checkable
class FrameSource(Protocol):
    """Frames in order, and any one of them."""

    path: Path
    info: VideoInfo

    def frames(self, start: int = 0) -> Iterator[VideoFrame]:
        """Yield the frames from index `start` on, in presentation order."""

    def frame(self, n: int) -> VideoFrame:
        """Return the frame with index n."""

    def close(self) -> None:
        """Release files."""

    def __iter__(self) -> Iterator[VideoFrame]: ...

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None, /
    ) -> None: ...


@runtime_checkable
class FrameSink(Protocol):
    """Takes frames in order; keeps what an earlier unfinished try of the same render made.

    `planes` says what `write` wants: "ycbcr" for (Y', Cb, Cr), "rgb" for one (H, W, 3) array. `folder` exists while the
    render is unfinished.
    """

    path: Path
    folder: Path
    planes: str

    def is_done(self, time: FrameTime) -> bool:
        """Whether the frame is finished already and need not be written."""

    def write(self, planes: tuple[Codes, ...], time: FrameTime) -> None:
        """Take the next frame."""

    def prepare(self) -> None:
        """Do all of `finish` that may fail for want of space; nothing outside `folder` changes."""

    def place(self) -> None:
        """Put the target in its place, but keep `folder`: a later try of the same render may still replace it."""

    def finish(self) -> Path:
        """Complete the target and return it; prepares and places it where that was not done."""

    def abort(self, *, watchable: bool = True) -> Path | None:
        """Stop; return where the frames finished so far can be watched, or None."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None, /
    ) -> None: ...


def open_source(path: Path | str, *, frame_rate: Fraction | int | float = 24, layer: str | None = None) -> FrameSource:
    """Open a video, or an image sequence given by pattern or folder.

    Args:
        path: The video, `shot.####.png`, `shot.%04d.png`, or a folder with one sequence.
        frame_rate: Frames a second of an image sequence.
        layer: Of EXR files, the layer that is the picture; None for the main one.

    Raises:
        InputError: When a single picture is given, or a layer where there are none.
        MediaError: When nothing can be read there.
    """
    path = Path(path)
    if is_pattern(path) or path.is_dir():
        return ImageSequenceReader(path, frame_rate=frame_rate, layer=layer)
    if layer is not None:
        raise InputError(f"{path} has no layers, so {layer} cannot be chosen; only EXR files have some")
    if path.suffix.lower() in STILL_SUFFIXES:
        if not path.exists():
            raise InputError(f"there is no {path}; give a folder of pictures or a pattern such as {_pattern_of(path)}")
        raise InputError(f"{path} is a single picture; give its folder or a pattern such as {_pattern_of(path)}")
    advice = f". {SCANS_ADVICE}" if path.suffix.lower() in SCANS else ""
    if has_place(path) and not path.exists():
        kinds = ", ".join(STILL_SUFFIXES)
        raise InputError(f"there is no video {path}; pictures are read where they end in {kinds}{advice}")
    if advice:
        raise InputError(f"{path} is no video{advice}")
    return VideoReader(path)


def _pattern_of(picture: Path) -> str:
    """The name of a sequence that a picture may be one of, or that was meant by `shot.*.png`."""
    numbered = re.sub(r"[0-9]+$|\*", lambda digits: "#" * len(digits[0]) if digits[0] != "*" else "####", picture.stem)
    return f"{numbered}{'' if numbered != picture.stem else '.####'}{picture.suffix}"


def open_sink(
    path: Path | str,
    *,
    like: VideoInfo,
    settings: EncoderSettings | None = None,
    audio_from: Path | str | None = None,
    begin: Fraction | None = None,
    cut_audio: bool = False,
    depth: int | None = None,
    exr: ExrOutput | None = None,
    numbers: tuple[int, int | None] | None = None,
    fingerprint: str = "",
    resume: bool = True,
    overwrite: bool = False,
    segment_frames: int = 250,
) -> FrameSink:
    """Open a video or an image sequence for writing.

    Args:
        path: A video by its ending, or `shot.####.png`, `.tif`, `.exr`.
        like: The source.
        settings: Encoder of a video.
        audio_from: Sound of a video.
        begin: Seconds of the source that are time 0 of a video, for a stretch of it.
        cut_audio: Whether sound behind the last frame is left out.
        depth: Bits of an image sequence.
        exr: What EXR files hold besides colours.
        numbers: First and last number of an image sequence's files, for a stretch of it.
        fingerprint: Names everything the pictures depend on.
        resume: Whether an earlier unfinished try with the same fingerprint is continued.
        overwrite: Whether an existing target may be replaced.
        segment_frames: Frames of a video that are finished together; a stopped render goes on behind the last of these.

    Raises:
        InputError: When the path is neither, or options do not fit it.
        MediaError: When the target exists or cannot be written.
    """
    path = Path(path)
    if is_pattern(path):
        return ImageSequenceWriter(
            path,
            like=like,
            depth=depth,
            exr=exr,
            numbers=numbers,
            fingerprint=fingerprint,
            resume=resume,
            overwrite=overwrite,
        )
    if path.suffix.lower() in CONTAINERS:
        return VideoWriter(
            path,
            like=like,
            settings=settings,
            audio_from=audio_from,
            begin=begin,
            cut_audio=cut_audio,
            fingerprint=fingerprint,
            resume=resume,
            overwrite=overwrite,
            segment_frames=segment_frames,
        )
    raise InputError(f"{path} is neither a video ({', '.join(CONTAINERS)}) nor an image sequence such as shot.####.png")
