"""How the codes of a pixel format lie in memory."""

import re
from dataclasses import dataclass
from pathlib import Path

from vcnode.errors import MediaError

# Formats that hold the codes of a planar one in another order; FFmpeg's rearrangement is exact.
_REPACKED = {
    "nv12": "yuv420p",
    "nv21": "yuv420p",
    "nv16": "yuv422p",
    "nv24": "yuv444p",
    "nv42": "yuv444p",
    "yuyv422": "yuv422p",
    "uyvy422": "yuv422p",
    "yvyu422": "yuv422p",
    "p010le": "yuv420p10le",
    "p210le": "yuv422p10le",
    "p410le": "yuv444p10le",
    "p016le": "yuv420p16le",
    "p216le": "yuv422p16le",
    "p416le": "yuv444p16le",
    "y210le": "yuv422p10le",
    "ya8": "gray",
    "ya16le": "gray16le",
    "ya16be": "gray16le",
    "monow": "gray",
    "monob": "gray",
    "pal8": "rgb24",
}
_YCBCR = re.compile(r"yuv[aj]?(410|411|420|422|440|444)p(9|10|12|14|16)?(le|be)?")
_GRAY = re.compile(r"gray(8|9|10|12|14|16)?(le|be)?")
_RGB_PLANAR = re.compile(r"gbra?p(9|10|12|14|16)?(le|be)?")
_RGB_PACKED = re.compile(r"(?:rgb24|bgr24|rgba|bgra|argb|abgr|rgb0|bgr0|0rgb|0bgr|(rgb48|bgr48|rgba64|bgra64)(le|be))")


@dataclass(frozen=True)
class PixelLayout:
    """The reading plan of a pixel format.

    Attributes:
        kind: "ycbcr", "gray" or "rgb".
        subsampling: "420", "422", "444", ... of chroma; "" where there is none.
        depth: Bits per code.
        read_as: FFmpeg's name of the format the codes are taken from, when not the stored one itself.
    """

    kind: str
    subsampling: str
    depth: int
    read_as: str | None = None


def layout_of(pixel_format: str, path: Path | str = "the video") -> PixelLayout:
    """Find the reading plan of one of FFmpeg's pixel formats.

    Raises:
        MediaError: When it is a kind that has no integer Y' or R'G'B' codes (Bayer, XYZ, float, hardware).
    """
    if pixel_format in _REPACKED:
        target = layout_of(_REPACKED[pixel_format], path)
        return PixelLayout(target.kind, target.subsampling, target.depth, _REPACKED[pixel_format])
    if match := _YCBCR.fullmatch(pixel_format):
        return PixelLayout("ycbcr", match[1], int(match[2] or 8))
    if match := _GRAY.fullmatch(pixel_format):
        return PixelLayout("gray", "", int(match[1] or 8))
    if match := _RGB_PLANAR.fullmatch(pixel_format):
        return PixelLayout("rgb", "", int(match[1] or 8))
    if match := _RGB_PACKED.fullmatch(pixel_format):
        deep = match[1] is not None
        return PixelLayout("rgb", "", 16 if deep else 8, "rgb48le" if deep else "rgb24")
    raise MediaError(
        f"cannot read {path}: its pixel format {pixel_format} has no 8 to 16 bit Y'CbCr, gray or RGB codes; "
        "convert it first, for example to ffv1 with yuv444p16"
    )


def planar_name(subsampling: str, depth: int) -> str:
    """FFmpeg's name of the planar Y'CbCr format with this chroma subsampling and depth."""
    return f"yuv{subsampling}p" + ("" if depth == 8 else f"{depth}le")


def chroma_shape(shape: tuple[int, int], subsampling: str) -> tuple[int, int]:
    """Size (H, W) of a chroma plane that goes with a luma plane of `shape`; odd sizes round up."""
    across = {"410": 4, "411": 4, "420": 2, "422": 2, "440": 1, "444": 1}[subsampling]
    down = {"410": 4, "411": 1, "420": 2, "422": 1, "440": 2, "444": 1}[subsampling]
    return -(-shape[0] // down), -(-shape[1] // across)
