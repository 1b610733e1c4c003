"""How coloured films are written: so that ComfyUI's own nodes, and browsers, take them."""

from dataclasses import dataclass

from vcnode.errors import InputError
from vcnode.media import VideoInfo
from vcnode.media.join import check_audio

from .choices import QUALITIES

_RATE_FACTORS = {"high": 14, "medium": 19, "lossless": 0}
_DEEPEST = 10  # bits that H.264 holds


@dataclass(frozen=True)
class Encoding:
    """How a film is written.

    Attributes:
        suffix: Of the file.
        codec: Of the core's.
        quality: Constant rate factor; None where the codec has none.
        depth: Bits of a code.
        chroma: "420" or "444".
    """

    suffix: str
    codec: str
    quality: int | None
    depth: int
    chroma: str


def encoding_for(quality: str, info: VideoInfo) -> Encoding:
    """Choose how a film is written: H.264 in MP4, which ComfyUI's own nodes and browsers take.

    Args:
        quality: Of `QUALITIES`.
        info: The source. Sound that MP4 cannot hold needs Matroska; so does a lossless film with more bits than H.264
            has.

    Raises:
        InputError: The quality is not known.
    """
    if quality not in QUALITIES:
        raise InputError(f"The quality {quality!r} is not known: choose one of {', '.join(QUALITIES)}.")
    lossless = quality == "lossless"
    if lossless and info.depth > _DEEPEST:
        return Encoding(".mkv", "ffv1", None, info.depth, "444")
    odd = bool(info.width % 2 or info.height % 2)
    depth = 8 if info.depth <= 8 else _DEEPEST
    suffix = ".mp4" if _takes_sound(info) else ".mkv"
    return Encoding(suffix, "h264", _RATE_FACTORS[quality], depth, "444" if lossless or odd else "420")


def _takes_sound(info: VideoInfo) -> bool:
    """Whether MP4 can hold the film's sound as it is."""
    if not info.has_audio:
        return True
    try:
        check_audio(info.path, "mp4")
    except InputError:
        return False
    return True
