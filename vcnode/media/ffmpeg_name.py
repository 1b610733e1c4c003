"""File names as FFmpeg takes them."""

from pathlib import Path


def ffmpeg_name(path: Path) -> str:
    """Name a file so that FFmpeg opens it: what stands before a colon is a protocol to it, except in absolute names."""
    return str(path.absolute())
