"""Segments and sound into one file, without encoding anything again."""

import io
import logging
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from fractions import Fraction
from heapq import merge
from pathlib import Path
from typing import Any

import av
from av.container import OutputContainer
from av.error import FFmpegError

from vcnode.errors import InputError, MediaError
from vcnode.media.color_tags import ColorTags
from vcnode.media.ffmpeg_name import ffmpeg_name
from vcnode.media.segment import Segment, segment_file
from vcnode.media.video_info import VideoInfo

_log = logging.getLogger(__name__)

# Tags that describe the old container rather than the film.
_CONTAINER_TAGS = {"major_brand", "minor_version", "compatible_brands", "encoder", "duration"}
_ELSEWHERE = {"mp4": ".mkv or .mov", "mov": ".mkv"}  # what may take the sound that a container does not


def check_audio(source: Path, container: str) -> None:
    """Find out before rendering whether a container takes the sound of a file as it is; reads the file once.

    Raises:
        InputError: When it does not, or when the sound's times run backwards.
        MediaError: When the file cannot be read.
    """
    trial = av.open(io.BytesIO(), "w", format=container)
    with av.open(ffmpeg_name(source)) as opened:
        if not opened.streams.audio:
            return
        copies: dict[int, Any] = {}
        for stream in opened.streams.audio:
            try:
                copies[stream.index] = trial.add_stream_from_template(stream)
            except (ValueError, AttributeError, FFmpegError) as error:
                raise InputError(_does_not_fit(source, stream, container)) from error
        latest: dict[int, int] = {}
        for packet in opened.demux(opened.streams.audio):
            time = packet.dts if packet.dts is not None else packet.pts
            if time is not None and time < latest.get(packet.stream.index, time):
                raise InputError(
                    f"the sound of {source} has time stamps that run backwards and cannot be copied; "
                    "convert the sound first, or leave it out"
                )
            if time is not None:
                latest[packet.stream.index] = time
            copy = copies.pop(packet.stream.index, None) if packet.size else None
            if copy is not None:
                _try(packet, copy, trial, source)
        try:
            trial.close()  # MP4 refuses some PCM no sooner
        except (ValueError, FFmpegError) as error:
            raise InputError(_does_not_fit(source, opened.streams.audio[0], container)) from error


def _try(packet: Any, copy: Any, trial: Any, source: Path) -> None:
    """Write a stream's first packet: some containers refuse no sooner."""
    stream, packet.stream = packet.stream, copy
    try:
        trial.mux(packet)
    except (ValueError, FFmpegError) as error:
        raise InputError(_does_not_fit(source, stream, trial.format.name)) from error


def _does_not_fit(source: Path, stream: Any, container: str) -> str:
    name = stream.codec_context.name if stream.codec_context is not None else "of unknown kind"
    return (
        f"the sound of {source} is {name}, which a {container} file cannot hold; "
        f"write to {_ELSEWHERE.get(container, '.mov')}, or leave the sound out"
    )


def join(
    target: Path,
    container: str,
    folder: Path,
    segments: Sequence[Segment],
    *,
    like: VideoInfo,
    time_base: Fraction,
    tags: ColorTags,
    audio_from: Path | None,
    begin: Fraction | None,
    cut_audio: bool,
) -> None:
    """Copy segments one after another into `target`, with the sound of `audio_from`.

    Args:
        target: The file to write; an existing one is overwritten.
        container: FFmpeg's name of its container.
        folder: Where the segments lie.
        segments: In order, without gaps.
        like: The source, whose rotation, shape of pixels and container tags are kept.
        time_base: Seconds per unit of the segments' times; its numerator is 1.
        tags: The colour tags.
        audio_from: A file whose audio streams are copied, packet by packet, or None.
        begin: Seconds on the source's clock that are time 0 of the target; packets of sound that begin before are
            dropped. None: where the film starts, with all sound before its first frame.
        cut_audio: Whether packets of sound that begin after the last frame's end are dropped.

    Raises:
        MediaError: When segments do not fit together.
    """
    options = {"movflags": "+faststart", "video_track_timescale": str(time_base.denominator)}
    with ExitStack() as stack:
        output = stack.enter_context(
            av.open(ffmpeg_name(target), "w", format=container, options=options if container in ("mp4", "mov") else {})
        )
        template = stack.enter_context(av.open(ffmpeg_name(segment_file(folder, segments[0].first))))
        video = _video_stream(output, template, like, time_base, tags, container)
        audio: list[tuple[Any, Any]] = []
        sound = None
        if audio_from is not None:
            sound = stack.enter_context(av.open(ffmpeg_name(audio_from)))
            for stream in sound.streams.audio:
                copy = output.add_stream_from_template(stream)
                copy.metadata.update(stream.metadata)
                audio.append((stream, copy))
        output.metadata.update({k: v for k, v in like.metadata.items() if k.lower() not in _CONTAINER_TAGS})
        output.start_encoding()

        pts = [time for segment in segments for time in segment.pts]
        last_duration = segments[-1].last_duration or (pts[-1] - pts[-2] if len(pts) > 1 else like.frame_ticks)
        end = (pts[-1] + last_duration) * time_base
        shift = like.start_time if begin is None else begin
        pictures = _video_packets(folder, segments, pts, last_duration, video, time_base, like.frame_ticks, shift)
        sounds: Iterable[tuple[Fraction, Any]] = ()
        if sound is not None and audio:
            sounds = _audio_packets(sound, audio, shift, begin, end if cut_audio else None)
        for _, packet in merge(pictures, sounds, key=lambda timed: timed[0]):
            output.mux(packet)


def _video_stream(
    output: OutputContainer,
    template: Any,
    like: VideoInfo,
    time_base: Fraction,
    tags: ColorTags,
    container: str,
) -> Any:
    source = template.streams.video[0]
    stream = output.add_stream_from_template(source)
    stream.time_base = time_base
    stream.codec_context.framerate = like.frame_rate
    stream.codec_context.sample_aspect_ratio = like.sample_aspect_ratio
    tags.apply(stream.codec_context)
    if container in ("mp4", "mov") and (tag := _mov_tag(source.codec_context.name, source.codec_context.pix_fmt)):
        stream.codec_context.codec_tag = tag
    if (source.codec_context.name, source.codec_context.pix_fmt) == ("prores", "yuv444p12le"):
        stream.codec_context.pix_fmt = "yuv444p10le"  # what was encoded; some versions decode it as more
    if like.display_matrix is not None:
        if hasattr(stream, "set_display_matrix"):
            stream.set_display_matrix(like.display_matrix)
        else:
            _log.warning("this PyAV cannot write the rotation of %d degrees; version 19 can", like.rotation)
    if like.sample_aspect_ratio != 1 and container == "matroska" and source.codec_context.name in ("ffv1", "prores"):
        _log.warning(
            "PyAV cannot write the pixel shape %s of this codec to .mkv; set it in the player or remux with "
            "mkvpropedit",
            like.sample_aspect_ratio,
        )
    return stream


def _mov_tag(codec: str, pixel_format: str | None) -> str | None:
    """The four letters by which QuickTime knows a codec, where FFmpeg's own choice is not the right one."""
    if codec == "hevc":
        return "hvc1"  # the only one that Apple's players open
    if codec == "prores":
        return "ap4h" if pixel_format is not None and "444" in pixel_format else "apch"
    return None


def _video_packets(
    folder: Path,
    segments: Sequence[Segment],
    pts: Sequence[int],
    last_duration: int,
    stream: Any,
    time_base: Fraction,
    frame_ticks: int,
    shift: Fraction,
) -> Iterator[tuple[Fraction, Any]]:
    """Give every packet its true time, and a decoding time that works across the seams."""
    places = [_presentation_order(folder, segment) for segment in segments]
    delay = max(n - place for order in places for n, place in enumerate(order))
    step = max(1, min(frame_ticks, pts[1] - pts[0]) if len(pts) > 1 else frame_ticks)
    offset = round(shift / time_base)
    extradata: bytes | None = None
    count = 0
    for segment, order in zip(segments, places, strict=True):
        with av.open(ffmpeg_name(segment_file(folder, segment.first))) as opened:
            source = opened.streams.video[0]
            header = source.codec_context.extradata
            if extradata is not None and header != extradata:
                raise MediaError(
                    f"the segments in {folder} come from different encoders and do not join; "
                    "delete that folder and render again"
                )
            extradata = header
            packets = (packet for packet in opened.demux(source) if packet.size)
            for place, packet in zip(order, packets, strict=True):
                n = segment.first - segments[0].first + place
                # Decoding times are the presentation times in order, later by the frames that are reordered.
                decode = pts[count - delay] if count >= delay else pts[0] - (delay - count) * step
                packet.stream = stream
                packet.time_base = time_base
                packet.pts, packet.dts = pts[n] - offset, decode - offset
                packet.duration = pts[n + 1] - pts[n] if n + 1 < len(pts) else last_duration
                count += 1
                yield decode * time_base, packet


def _presentation_order(folder: Path, segment: Segment) -> list[int]:
    """The place in presentation order of each packet of a segment."""
    path = segment_file(folder, segment.first)
    with av.open(ffmpeg_name(path)) as opened:
        times = [packet.pts for packet in opened.demux(opened.streams.video[0]) if packet.size]
    first = min((time for time in times if time is not None), default=0)
    order = [time - first for time in times if time is not None]
    if sorted(order) != list(range(len(segment.pts))):
        raise MediaError(f"{path} does not hold the frames that its note says; delete it and render again")
    return order


def _audio_packets(
    sound: Any, streams: list[tuple[Any, Any]], shift: Fraction, begin: Fraction | None, end: Fraction | None
) -> Iterator[tuple[Fraction, Any]]:
    copies = {source.index: copy for source, copy in streams}
    latest = Fraction(0)
    written: dict[int, int] = {}
    for packet in sound.demux([source for source, _ in streams]):
        if not packet.size or packet.pts is None:
            continue
        base = Fraction(packet.time_base)
        time = packet.pts * base
        if (begin is not None and time < begin) or (end is not None and time >= end):
            continue
        # The merge needs times that do not fall; streams inside a file are interleaved only roughly.
        latest = max(latest, (packet.dts if packet.dts is not None else packet.pts) * base)
        offset = round(shift / base)
        number = packet.stream.index
        packet.pts -= offset
        # Equal decoding times occur, but most containers want them to rise.
        decode = packet.dts - offset if packet.dts is not None else packet.pts
        packet.dts = max(decode, written.get(number, decode - 1) + 1)
        packet.pts = max(packet.pts, packet.dts)
        written[number] = packet.dts
        packet.stream = copies[number]
        yield latest, packet
