"""Which presentation time is frame n, and where must decoding start for it."""

from bisect import bisect_right
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

from av.error import FFmpegError

from vcnode.media.video_info import open_video

_PROOF = 4  # frames whose times must be those of the first packets; where a frame takes two, packets count in vain


@dataclass(frozen=True)
class FrameIndex:
    """The time stamps of a video, made from its packets without decoding them.

    Attributes:
        pts: Presentation times in ascending order; frame n is at `pts[n]`.
        key_pts: The times among them at which decoding can start.
    """

    pts: tuple[int, ...]
    key_pts: tuple[int, ...]

    def starts_for(self, n: int) -> tuple[int, ...]:
        """Times to start decoding at for frame n, the nearest first.

        A frame at or after a key frame's time never depends on what comes before that key frame, also in open
        groups of pictures, whose leading frames are presented before it.
        """
        return self.key_pts[: bisect_right(self.key_pts, self.pts[n])][::-1]


def build_index(path: Path) -> FrameIndex | None:
    """Index a video by walking its packets; those presented before the first frame that decodes never become frames.

    Args:
        path: The video.

    Returns:
        The index, or None when the file does not time its packets reliably, so that only counting from the
        beginning finds a frame (AVI with B-frames, raw streams).
    """
    times: list[int] = []
    keys: list[int] = []
    decoded: list[int | None] = []
    with open_video(path) as (container, stream):
        if container.format.name == "avi" and stream.codec_context.has_b_frames:
            return None  # AVI has no presentation times; what FFmpeg makes up changes with where reading starts
        untimed = False
        try:
            for packet in container.demux(stream):
                if len(decoded) < _PROOF and (packet.size or packet.dts is None):
                    decoded += _decoded_times(packet)
                if not packet.size or packet.is_discard:
                    continue
                untimed = untimed or packet.pts is None
                time = packet.pts if packet.pts is not None else packet.dts
                if time is None or (untimed and not packet.is_keyframe):
                    return None  # decoding order is presentation order only where every frame is a key frame
                times.append(time)
                if packet.is_keyframe:
                    keys.append(time)
        except FFmpegError:
            pass  # what cannot be demultiplexed is not decoded either; the reader says so when it gets there
    first = decoded[0] if decoded else None
    if first is None:
        return None
    times, keys = (sorted(time for time in each if time >= first) for each in (times, keys))
    if not keys or any(a == b for a, b in pairwise(times)) or times[:_PROOF] != decoded[:_PROOF]:
        return None
    return FrameIndex(tuple(times), tuple(keys))


def _decoded_times(packet: Any) -> list[int | None]:
    try:
        return [frame.pts for frame in packet.decode()]
    except FFmpegError:
        return []
