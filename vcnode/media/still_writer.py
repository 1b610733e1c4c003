"""Writing single pictures, whole or not at all."""

from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np

from vcnode.errors import InputError
from vcnode.media._failures import explained
from vcnode.media.video_frame import Codes
from vcnode.whole_files import replacing

_FORMATS = {
    ("png", 1, 2): "gray",
    ("png", 1, 3): "rgb24",
    ("png", 2, 2): "gray16be",
    ("png", 2, 3): "rgb48be",
    ("tiff", 1, 2): "gray",
    ("tiff", 1, 3): "rgb24",
    ("tiff", 2, 2): "gray16le",
    ("tiff", 2, 3): "rgb48le",
}


def write_png(path: Path | str, codes: Codes) -> None:
    """Write gray (H, W) or R'G'B' (H, W, 3) codes, uint8 or uint16, as PNG.

    Raises:
        InputError: For another shape or type.
        MediaError: When the disk refuses; an earlier file of that name stays as it was.
    """
    write_still(Path(path), codes, "png")


def write_tiff(path: Path | str, codes: Codes) -> None:
    """Write gray (H, W) or R'G'B' (H, W, 3) codes, uint8 or uint16, as TIFF (deflate).

    Raises:
        InputError: For another shape or type.
        MediaError: When the disk refuses; an earlier file of that name stays as it was.
    """
    write_still(Path(path), codes, "tiff")


def write_still(path: Path, codes: Codes, codec: str) -> None:
    """Encode codes with FFmpeg's `codec` ("png" or "tiff") and put the file in place when it is whole."""
    if (
        codes.dtype not in (np.uint8, np.uint16)
        or codes.ndim not in (2, 3)
        or (codes.ndim == 3 and codes.shape[2] != 3)
    ):
        raise InputError(f"{codes.shape} {codes.dtype} cannot be a {codec}; (H, W) or (H, W, 3) of uint8 or uint16 can")
    if 0 in codes.shape:
        raise InputError(f"a picture of {codes.shape[1]}x{codes.shape[0]} pixels has nothing to write")
    pixel_format = _FORMATS[codec, codes.itemsize, codes.ndim]
    frame = av.VideoFrame(codes.shape[1], codes.shape[0], pixel_format)
    stored = codes.astype(codes.dtype.newbyteorder(">" if pixel_format.endswith("be") else "<"))
    plane = frame.planes[0]
    rows = np.zeros((frame.height, plane.line_size), np.uint8)
    used = stored.reshape(frame.height, -1).view(np.uint8)
    rows[:, : used.shape[1]] = used
    plane.update(rows.tobytes())
    frame.pts = 0
    context: Any = av.CodecContext.create(codec, "w")
    context.width, context.height, context.pix_fmt = frame.width, frame.height, pixel_format
    context.time_base = Fraction(1)
    # FFmpeg's own PNG settings take 3.6 times as long, for files a tenth smaller (1080p, one film frame).
    png = {"compression_level": "3", "pred": "up"}
    context.options = {"compression_algo": "deflate"} if codec == "tiff" else png
    data = b"".join(bytes(packet) for packet in [*context.encode(frame), *context.encode(None)])
    with explained("write", path), replacing(path, flush_to_device=False, unfinished=part_of(path)) as unfinished:
        unfinished.write_bytes(data)


def part_of(path: Path) -> Path:
    """The name of a file while it is being written."""
    return path.with_name(f".{path.stem}.part{path.suffix}")
