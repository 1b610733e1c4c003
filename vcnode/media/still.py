"""The codes of one picture file, exactly as stored."""

import io
import struct
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import av
import numpy as np
import PIL.Image
from av.error import FFmpegError
from PIL import UnidentifiedImageError
from PIL.TiffImagePlugin import ImageFileDirectory_v2

from vcnode.errors import MediaError
from vcnode.media._failures import explained, reason
from vcnode.media.color_profile import to_srgb
from vcnode.media.sequence_pattern import SCANS, SCANS_ADVICE
from vcnode.media.video_frame import Codes

# FFmpeg's formats for what Pillow would cut to 8 bits: type of a code, and codes a pixel.
_PACKED = {
    "gray16be": (">u2", 1),
    "gray16le": ("<u2", 1),
    "ya16be": (">u2", 2),
    "ya16le": ("<u2", 2),
    "rgb48be": (">u2", 3),
    "rgb48le": ("<u2", 3),
    "rgba64be": (">u2", 4),
    "rgba64le": ("<u2", 4),
    "rgbf32be": (">f4", 3),
    "rgbf32le": ("<f4", 3),
    "rgbaf32be": (">f4", 4),
    "rgbaf32le": ("<f4", 4),
}

_SEPARATED = 5  # TIFF's photometric interpretation of inks; FFmpeg takes 16-bit ones for R'G'B'A
_DEFLATE = (8, 32946)  # TIFF's compressions of that kind
# Size, bits, compression, kind, fill order, strips, samples, planes, predictor; the bits tell floats and alpha.
_TIFF_TAGS = {256, 257, 258, 259, 262, 266, 273, 277, 278, 279, 284, 317}


@dataclass(frozen=True, eq=False)
class Still:
    """A picture's codes, before any orientation or colour profile is applied.

    Attributes:
        codes: Gray (H, W) or R'G'B' (H, W, 3); uint8, uint16, or float32 in 0..1.
        alpha: Opacity codes (H, W) of the same type, or None.
        orientation: EXIF's 1 to 8; 1 is upright.
        icc: The embedded colour profile, or None.
    """

    codes: Codes
    alpha: Codes | None = None
    orientation: int = 1
    icc: bytes | None = None

    @property
    def depth(self) -> int:
        """8, 16, or 32 for float."""
        return {1: 8, 2: 16}.get(self.codes.itemsize, 32)

    def upright(self) -> "Still":
        """The picture as it is meant to be seen."""
        alpha = None if self.alpha is None else _turned(self.alpha, self.orientation)
        return Still(_turned(self.codes, self.orientation), alpha, icc=self.icc)


def _turned(picture: Codes, orientation: int) -> Codes:
    """Undo EXIF's orientation 1 to 8 (EXIF 2.3, tag 274)."""
    if orientation in (5, 6, 7, 8):
        picture = picture.swapaxes(0, 1)
    if orientation in (2, 3, 6, 7):
        picture = picture[:, ::-1]
    if orientation in (3, 4, 7, 8):
        picture = picture[::-1]
    return np.ascontiguousarray(picture)


def load_still(path: Path) -> Still:
    """Read a PNG, TIFF, JPEG, WebP, BMP or any other picture that Pillow knows, at its full depth.

    Raises:
        MediaError: When the file is missing, empty, not a picture, damaged, or would lose precision.
    """
    with explained("open", path):
        data = path.read_bytes()
    if not data:
        raise MediaError(f"cannot read {path}: the file is empty")
    if path.suffix.lower() in SCANS:
        raise MediaError(f"cannot read {path}: {SCANS_ADVICE}")
    try:
        if data[:4] in (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+") and (tiff := _deep_tiff(data, path)) is not None:
            return tiff
        with PIL.Image.open(io.BytesIO(data)) as image:
            if data.startswith(b"\x89PNG") and data[24] == 16:
                orientation = int(image.getexif().get(274, 1))
                return _deep(data, "png", orientation=orientation, icc=image.info.get("icc_profile"))
            return _shallow(image)
    except (UnidentifiedImageError, FFmpegError) as error:
        raise MediaError(f"cannot read {path}: it is damaged or not a picture of a known kind") from error
    except PIL.Image.DecompressionBombError as error:
        raise MediaError(f"cannot read {path}: it has too many pixels; make it smaller first") from error
    except (OSError, SyntaxError, ValueError, struct.error, zlib.error, EOFError) as error:
        raise MediaError(f"cannot read {path}: the picture is damaged ({reason(error)})") from error


def _deep(data: bytes, codec: str, *, orientation: int, icc: bytes | None) -> Still:
    context: Any = av.CodecContext.create(codec, "r")
    context.options = {"err_detect": "explode"}  # rather than noise in place of what is damaged
    frame = (context.decode(av.Packet(data)) + context.decode(None))[0]
    kind, channels = _PACKED[frame.format.name]
    plane = frame.planes[0]
    rows = np.frombuffer(plane, kind).reshape(frame.height, -1)[:, : frame.width * channels]
    native = np.float32 if "f" in kind else np.uint16
    pixels = rows.reshape(frame.height, frame.width, channels).astype(native)
    color = pixels[..., 0] if channels < 3 else pixels[..., :3]
    return Still(color, pixels[..., -1] if channels in (2, 4) else None, orientation, icc)


def _deep_tiff(data: bytes, path: Path) -> Still | None:
    """A TIFF of more than 8 bits, or None when Pillow reads it whole, or as whole as inks can be shown."""
    big = data[2:3] == b"+" or data[3:4] == b"+"
    directory = ImageFileDirectory_v2(data[: 16 if big else 8])
    file = io.BytesIO(data)
    file.seek(directory.next)
    directory.load(file)
    bits, kind = directory.get(258, (1,)), directory.get(339, (1,))
    if max(bits) <= 8 or directory.get(262) == _SEPARATED:
        return None
    if len(bits) == 1 and kind[0] == 3 and bits[0] == 32:
        return None
    floats = kind[0] == 3 and max(bits) == 32 and directory.get(317, 1) != 3
    integers = kind[0] == 1 and max(bits) == 16
    tiled = 322 in directory  # TileWidth; FFmpeg would read noise
    if big or tiled or not (floats or integers) or (directory.get(284, 1) == 2 and len(bits) > 1):
        raise MediaError(
            f"cannot read {path}: {'Big' if big else 'tiled ' if tiled else ''}TIFF of this kind ({max(bits)} bits) "
            "is not known; save it with 16-bit integers or 32-bit floats, interleaved channels, in strips and without "
            "BigTIFF"
        )
    if directory.get(259) in _DEFLATE:
        for offset, size in zip(directory.get(273, ()), directory.get(279, ()), strict=True):
            zlib.decompress(data[offset : offset + size])  # checks its sum, which FFmpeg does not
    icc = directory.get(34675)
    return _deep(_bare_tiff(data), "tiff", orientation=int(directory.get(274, 1)), icc=bytes(icc) if icc else None)


def _bare_tiff(data: bytes) -> bytes:
    """The file with no other tags than the codes depend on: as strict as it must be, FFmpeg refuses tags unknown to it.

    The shortened directory (TIFF 6.0, section 2) lies at the end and leaves every offset as it was.
    """
    order = "<" if data.startswith(b"II") else ">"
    (start,) = struct.unpack_from(f"{order}I", data, 4)
    (count,) = struct.unpack_from(f"{order}H", data, start)
    entries = [data[start + 2 + 12 * n :][:12] for n in range(count)]
    kept = [entry for entry in entries if struct.unpack_from(f"{order}H", entry)[0] in _TIFF_TAGS]
    directory = struct.pack(f"{order}H", len(kept)) + b"".join(kept) + bytes(4)
    end = len(data) + len(data) % 2
    return data[:4] + struct.pack(f"{order}I", end) + data[8:].ljust(end - 8, b"\0") + directory


def _shallow(image: PIL.Image.Image) -> Still:
    image.load()
    orientation = int(image.getexif().get(274, 1))
    icc: bytes | None = image.info.get("icc_profile")
    if image.mode in ("F", "I", "I;16", "I;16B", "I;16L"):
        codes = np.asarray(image)
        if image.mode == "F":
            return Still(codes.astype(np.float32), orientation=orientation)
        return Still(codes.clip(0, 65535).astype(np.uint16), orientation=orientation)
    if image.mode == "CMYK":
        image, icc = to_srgb(image, icc) if icc else image.convert("RGB"), None
    if image.mode in ("P", "PA"):
        transparent = "transparency" in image.info or image.mode == "PA"
        image = image.convert("RGBA" if transparent else "RGB")
    elif image.mode == "1":
        image = image.convert("L")
    elif image.mode not in ("L", "LA", "RGB", "RGBA"):
        image, icc = image.convert("RGB"), None
    elif "transparency" in image.info:  # PNG may name one colour that is
        image = image.convert("LA" if image.mode == "L" else "RGBA")
    alpha = np.array(image.getchannel("A")) if image.mode in ("LA", "RGBA") else None
    plain = image.convert("L" if image.mode in ("L", "LA") else "RGB")
    return Still(np.array(plain), alpha, orientation, icc)
