"""One decoded frame: its place in time and its codes, exactly as stored."""

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import av
import numpy as np
from numpy.typing import NDArray

from vcnode.media.pixel_layout import PixelLayout, planar_name

Codes = NDArray[Any]


@dataclass(frozen=True)
class FrameTime:
    """A frame's place.

    Attributes:
        index: Count from 0 in presentation order.
        pts: Presentation time in units of `time_base`.
        duration: Length in units of `time_base`, or 0 when unknown.
        time_base: Seconds per unit.
        number: The number in the file name of an image sequence; `index` for videos.
    """

    index: int
    pts: int
    duration: int
    time_base: Fraction
    number: int


@dataclass(frozen=True, eq=False)
class VideoFrame:
    """A frame's codes; the picture is as stored, without rotation.

    Attributes:
        time: The frame's place.
        luma: Y' codes (H, W), uint8 or uint16, or None for RGB sources. Of gray EXR and float TIFF: float32 values.
        chroma: Cb and Cr codes at their stored size, or None for gray and RGB sources.
        rgb: R'G'B' codes (H, W, 3), uint8 or uint16, or None for Y' sources. Of EXR and float TIFF: float32 values.
    """

    time: FrameTime
    luma: Codes | None = None
    chroma: tuple[Codes, Codes] | None = None
    rgb: Codes | None = None

    @property
    def index(self) -> int:
        """Count from 0 in presentation order."""
        return self.time.index

    @property
    def pts(self) -> int:
        """Presentation time in units of the time base."""
        return self.time.pts


def plane_codes(plane: Any, depth: int, big_endian: bool = False) -> Codes:
    """Copy one plane of an FFmpeg frame, without its line padding.

    Returns:
        (H, W), uint8 for 8 bit, else uint16 in the machine's byte order.
    """
    size, kind = (1, "u1") if depth <= 8 else (2, ">u2" if big_endian else "<u2")
    rows = np.frombuffer(plane, dtype=kind, count=abs(plane.line_size) // size * plane.height)
    picture = rows.reshape(plane.height, -1)[:, : plane.width]
    if plane.line_size < 0:  # stored bottom up
        picture = picture[::-1]
    return picture.astype(np.uint8 if size == 1 else np.uint16)


def codes_of(frame: av.VideoFrame, layout: PixelLayout, time: FrameTime) -> VideoFrame:
    """Take the codes out of an FFmpeg frame, bit for bit."""
    if layout.read_as is not None:
        frame = frame.reformat(format=layout.read_as)
    big_endian = frame.format.is_big_endian
    if layout.kind == "rgb" and layout.read_as is not None:
        plane, kind = frame.planes[0], np.dtype("u1" if layout.depth == 8 else "<u2")
        rows = np.frombuffer(plane, kind).reshape(frame.height, -1)
        rows = rows[::-1] if plane.line_size < 0 else rows
        packed = rows[:, : 3 * frame.width].reshape(frame.height, frame.width, 3)
        return VideoFrame(time, rgb=packed.astype(kind.newbyteorder("=")))
    planes = [plane_codes(p, layout.depth, big_endian) for p in frame.planes[:3]]
    if layout.kind == "gray":
        return VideoFrame(time, luma=planes[0])
    if layout.kind == "rgb":
        green, blue, red = planes
        return VideoFrame(time, rgb=np.stack([red, green, blue], axis=-1))
    return VideoFrame(time, luma=planes[0], chroma=(planes[1], planes[2]))


def frame_from_planes(planes: tuple[Codes, Codes, Codes], subsampling: str, depth: int) -> av.VideoFrame:
    """Make an FFmpeg frame of Y', Cb and Cr codes, bit for bit."""
    height, width = planes[0].shape
    frame = av.VideoFrame(width, height, planar_name(subsampling, depth))
    for plane, codes in zip(frame.planes, planes, strict=True):
        size = 1 if depth == 8 else 2
        rows = np.zeros((plane.height, plane.line_size // size), dtype="u1" if depth == 8 else "<u2")
        rows[:, : plane.width] = codes
        plane.update(rows.tobytes())
    return frame
