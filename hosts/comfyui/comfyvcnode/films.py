"""ComfyUI's VIDEO values: which part of which file they are."""

import hashlib
import io
from bisect import bisect_left
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from vcnode.errors import InputError, MediaError
from vcnode.media import VideoReader


@dataclass(frozen=True)
class FilmPart:
    """Frames of a video file, without edits that the file does not hold.

    Attributes:
        path: The file.
        first: First frame, counted from the start of the file.
        last: Last frame, included; None: to the end.
    """

    path: Path
    first: int = 0
    last: int | None = None


def film_part(video: Any, file_type: type, scratch: Path) -> FilmPart | None:
    """Find the file behind a VIDEO; None where its frames exist in memory alone, or are cropped or resized.

    Args:
        video: From a socket.
        file_type: ComfyUI's class of videos that are files; the others cannot be streamed in every version.
        scratch: Folder for a file that exists in memory alone.

    Raises:
        InputError: It was cut so that no frame is left.
        MediaError: The file cannot be read or written.
    """
    if not isinstance(video, file_type) or _asked(video, "has_pending_frame_edits", False):
        return None
    source = video.get_stream_source()  # type: ignore[attr-defined]  # of a class that only the host knows
    path = _written(source, scratch) if isinstance(source, io.BytesIO) else Path(source)
    start, duration = _asked(video, "get_active_trim_window", (0.0, 0.0))
    return _trimmed(path, float(start), float(duration)) if start or duration else FilmPart(path)


def narrowed(part: FilmPart, start: int, count: int) -> FilmPart:
    """Take a stretch of a part.

    Args:
        part: The frames there are.
        start: First frame wanted, counted from the start of the file; at or before the part's first: that one.
        count: How many; 0: all.

    Raises:
        InputError: The part ends before.
    """
    first = max(part.first, start)
    if part.last is not None and first > part.last:
        raise InputError(
            f"The first frame wanted is {first}, but the video has the frames {part.first} to {part.last}: correct "
            "start_frame, or the state."
        )
    last = first + count - 1 if count else None
    ends = [end for end in (part.last, last) if end is not None]
    return FilmPart(part.path, first, min(ends) if ends else None)


def _asked(video: Any, name: str, otherwise: Any) -> Any:
    """What a method says that older versions of ComfyUI lack."""
    method = getattr(video, name, None)
    return otherwise if method is None else method()


def _written(data: io.BytesIO, scratch: Path) -> Path:
    """Put a video that is in memory into a file, once."""
    content = data.getbuffer()
    path = scratch / f"vcnode_{hashlib.sha256(content).hexdigest()[:16]}.video"
    try:
        if not path.exists() or path.stat().st_size != len(content):
            scratch.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
    except OSError as error:
        raise MediaError(f"{path} cannot be written ({error.strerror}): check the space on that disk.") from error
    return path


def _trimmed(path: Path, start: float, duration: float) -> FilmPart:
    """Turn seconds into frames as ComfyUI does: whole time units, the end not included."""
    with VideoReader(path) as reader:
        times = reader.index.pts if reader.index is not None else tuple(frame.pts for frame in reader.frames())
        unit = reader.info.time_base
    begin = bisect_left(times, int(start / unit))
    end = bisect_left(times, int((start + duration) / unit)) if duration else len(times)
    if begin >= end:
        raise InputError(
            f"The video was cut to {duration} s from {start} s on, where {path} has no frame: cut it less."
        )
    return FilmPart(path, begin, end - 1 if end < len(times) else None)
