"""Which codec, depth and subsampling a target gets where the user does not say, and the files that take it."""

import unicodedata
from dataclasses import dataclass
from pathlib import Path

from vcnode.color import Range
from vcnode.color.encodings import ENCODINGS, Encoding
from vcnode.errors import InputError
from vcnode.media import (
    EncoderSettings,
    FrameSink,
    FrameSource,
    ImageSequenceReader,
    ImageSequenceWriter,
    VideoFrame,
    VideoInfo,
    VideoWriter,
    open_sink,
)
from vcnode.media.encoder import CONTAINERS, codec_depths
from vcnode.media.exr_output import ExrOutput
from vcnode.media.sequence_pattern import is_pattern, parse_pattern
from vcnode.media.video_frame import Codes
from vcnode.media.video_target import partial_of, refuse_existing
from vcnode.rendering.confidence import confidence_picture
from vcnode.rendering.exr_job import encoding_of_output
from vcnode.rendering.job import RenderJob
from vcnode.rendering.painting import LinearPainter, Painter, RGBPainter, YCbCrPainter
from vcnode.rendering.stretch import Stretch
from vcnode.sequence import ColoredFrame

# What people who choose the ending expect: archives lossless, editors ProRes, players H.264.
_CODEC_OF_SUFFIX = {".mkv": "ffv1", ".mov": "prores", ".mp4": "h264", ".m4v": "h264"}
_CHROMA_OF_CODEC = {"h264": "420", "hevc": "420", "prores": "422", "ffv1": "444"}
_FLOAT = 32  # bits of a source without integer codes


@dataclass(frozen=True)
class Output:
    """An open target and who makes its codes."""

    sink: FrameSink
    painter: Painter
    description: str
    confidence_layer: bool = False

    def codes(self, frame: VideoFrame, colored: ColoredFrame) -> tuple[Codes, ...]:
        """What the sink takes for a frame."""
        codes = self.painter.paint(frame, colored.ab)
        return (*codes, confidence_picture(colored)[0, 0].cpu().numpy()) if self.confidence_layer else codes


def encoder_settings(job: RenderJob, info: VideoInfo) -> EncoderSettings | None:
    """Choose the encoder of a video target; None for an image sequence.

    Raises:
        InputError: The codec does not know depth, subsampling or quality, or options for videos are given for pictures.
        MediaError: This FFmpeg lacks the codec.
    """
    if is_pattern(job.output):
        for name, value in (("codec", job.codec), ("chroma", job.chroma), ("quality", job.quality)):
            if value is not None:
                raise InputError(
                    f"The {name} {value} is for videos, but {job.output} is an image sequence: leave it out."
                )
        return None
    suffix = job.output.suffix.lower()
    if suffix not in CONTAINERS:
        raise InputError(
            f"{job.output} is neither a video ({', '.join(CONTAINERS)}) nor an image sequence such as shot.####.png: "
            "change its ending."
        )
    codec = job.codec or _CODEC_OF_SUFFIX[suffix]
    return EncoderSettings(
        codec=codec,
        depth=job.depth or _depth_for(codec, info.depth),
        subsampling=job.chroma or _CHROMA_OF_CODEC.get(codec, "420"),
        quality=job.quality,
    )


def _depth_for(codec: str, depth: int) -> int:
    """The least depth that holds the source's codes; where there is none, the codec itself complains."""
    depths = codec_depths(codec)
    if depth == _FLOAT:
        return max(depths, default=depth)
    return next((each for each in depths if each >= depth), depth)


def open_output(
    job: RenderJob, info: VideoInfo, stretch: Stretch, fingerprint: str, exr: ExrOutput | None = None
) -> Output:
    """Open the main target.

    Raises:
        InputError: As `encoder_settings`, or the target is the source.
        MediaError: The target exists or cannot be written.
    """
    settings = encoder_settings(job, info)
    sink = open_sink(
        job.output,
        like=info,
        settings=settings,
        audio_from=job.source if settings and job.audio and info.has_audio else None,
        begin=stretch.begin,
        cut_audio=stretch.last is not None,
        depth=None if settings else job.depth,
        exr=exr,
        numbers=stretch.numbers,
        fingerprint=fingerprint,
        resume=job.resume,
        overwrite=job.overwrite,
        segment_frames=job.segment_frames,
    )
    return Output(sink, painter_of(sink, info, encoding_of_output(job)), describe(sink), job.confidence_layer)


def open_confidence(job: RenderJob, info: VideoInfo, stretch: Stretch, fingerprint: str) -> Output | None:
    """Open the film of the confidence, 8 bits where possible; None where it is not wanted.

    Raises:
        InputError: Its ending is not known.
        MediaError: It exists or cannot be written.
    """
    path = job.confidence
    if path is None:
        return None
    settings = None
    if path.suffix.lower() in CONTAINERS:
        codec = _CODEC_OF_SUFFIX[path.suffix.lower()]
        odd = info.width % 2 or info.height % 2
        chroma = "444" if odd else {"prores": "422"}.get(codec, "420")
        settings = EncoderSettings(codec=codec, depth=min(codec_depths(codec)), subsampling=chroma)
    still_depth = None if settings or path.suffix.lower() == ".exr" else 8
    sink = open_sink(
        path,
        like=info,
        settings=settings,
        begin=stretch.begin,
        depth=still_depth,
        numbers=stretch.numbers,
        fingerprint=fingerprint,
        resume=job.resume,
        overwrite=job.overwrite,
        segment_frames=job.segment_frames,
    )
    return Output(sink, painter_of(sink, info), describe(sink))


def painter_of(sink: FrameSink, info: VideoInfo, encoding: Encoding = ENCODINGS["linear-srgb"]) -> Painter:
    """Who makes the codes that a sink takes."""
    if isinstance(sink, VideoWriter):
        return YCbCrPainter(
            info, sink.settings.depth, sink.settings.subsampling, Range[sink.settings.range_for(info.range).upper()]
        )
    assert isinstance(sink, ImageSequenceWriter)
    if sink.path.suffix.lower() == ".exr":
        return LinearPainter(info, encoding, half=sink.depth == 16)
    return RGBPainter(info, sink.depth)


def describe(sink: FrameSink) -> str:
    """Say in a few words what is written."""
    if isinstance(sink, VideoWriter):
        settings = sink.settings
        return f"{settings.codec}, {settings.depth} bits, chroma {settings.subsampling}"
    assert isinstance(sink, ImageSequenceWriter)
    return f"{sink.path.suffix.lower()[1:]}, {sink.depth} bits"


def check_targets(job: RenderJob, source: FrameSource) -> None:
    """Refuse targets that would replace the source, a reference or each other, even with `overwrite`.

    Raises:
        InputError: They would.
        MediaError: A video exists and may not be replaced.
    """
    inputs = [job.source]
    for reference in (*job.references, *(reference for shot in job.shots or () for reference in shot.references)):
        inputs += [image for image in (reference.image, reference.mask) if isinstance(image, Path)]
    targets = [job.output] + ([job.confidence] if job.confidence else [])
    for target in targets:
        for path in inputs:
            if _replaces(target, path) or _holds(target, path):
                raise InputError(
                    f"The target {target} is the input {path}: choose another name, inputs are never replaced."
                )
        if isinstance(source, ImageSequenceReader) and _holds(target, source.pattern.path(source.numbers[0])):
            raise InputError(f"The target {target} would replace the pictures of {job.source}: choose another name.")
    if job.confidence is not None and (_replaces(job.output, job.confidence) or _replaces(job.confidence, job.output)):
        raise InputError(f"Colours and confidence are both to be written to {job.output}: give two names.")
    for target in targets:
        if not is_pattern(target):
            refuse_existing(target, job.overwrite)


def same_place(first: Path, second: Path) -> bool:
    """Whether two paths name the same file, present or not."""
    try:
        if first.samefile(second):
            return True
    except OSError:
        pass
    return first.resolve() == second.resolve()


def _replaces(target: Path, path: Path) -> bool:
    """Whether `path` is the target, or the video that a stop would leave of it."""
    return same_place(target, path) or (not is_pattern(target) and same_place(partial_of(target), path))


def _holds(target: Path, picture: Path) -> bool:
    """Whether an image sequence to be written would replace `picture`, whose name may differ in case on some disks."""
    if not is_pattern(target):
        return False
    pattern = parse_pattern(target)
    name, prefix, suffix = (_spelt_alike(part) for part in (picture.name, pattern.prefix, pattern.suffix))
    middle = name[len(prefix) : len(name) - len(suffix)]
    return name == prefix + middle + suffix and middle.isdecimal() and same_place(pattern.path(int(middle)), picture)


def _spelt_alike(name: str) -> str:
    """The same for all spellings that Windows or macOS may take for one name."""
    return unicodedata.normalize("NFC", name).casefold()
