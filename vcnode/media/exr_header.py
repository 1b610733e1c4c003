"""What an OpenEXR file holds, and whether it is all there, without decoding a pixel.

Read here and not with the reference library, which accepts files that are cut off when it reads headers alone. After
"OpenEXR File Layout", https://openexr.com/en/latest/OpenEXRFileLayout.html.
"""

import struct
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, NoReturn

from vcnode.errors import MediaError
from vcnode.media._failures import explained

_MAGIC = 20000630
_TILED, _DEEP, _MULTIPLE = 0x200, 0x800, 0x1000  # flags beside the version
_PIXEL_TYPES = ("uint", "half", "float")
_LONGEST_NAME = 255
_LARGEST_ATTRIBUTE = 2**28  # bytes; a preview picture is the largest that occurs


class _CutOffError(Exception):
    """The file ends, or makes no sense, before everything is read."""


@dataclass(frozen=True)
class Box:
    """A window in pixels, its last column and row included, rows counted downwards; may begin below 0."""

    left: int
    top: int
    right: int
    bottom: int

    @property
    def width(self) -> int:
        """In pixels."""
        return self.right - self.left + 1

    @property
    def height(self) -> int:
        """In pixels."""
        return self.bottom - self.top + 1

    def union(self, other: "Box") -> "Box":
        """The smallest box that holds both."""
        return Box(
            min(self.left, other.left),
            min(self.top, other.top),
            max(self.right, other.right),
            max(self.bottom, other.bottom),
        )

    def intersection(self, other: "Box") -> "Box | None":
        """What lies in both, if anything."""
        box = Box(
            max(self.left, other.left),
            max(self.top, other.top),
            min(self.right, other.right),
            min(self.bottom, other.bottom),
        )
        return box if box.width > 0 and box.height > 0 else None

    def within(self, outer: "Box") -> tuple[slice, slice]:
        """Rows and columns of this box in an array that covers `outer`, which holds it."""
        top, left = self.top - outer.top, self.left - outer.left
        return slice(top, top + self.height), slice(left, left + self.width)


@dataclass(frozen=True)
class ExrChannel:
    """A channel: its full name, its pixels ("half", "float" or "uint") and whether it has fewer of them."""

    name: str
    pixels: str
    subsampled: bool


@dataclass(frozen=True)
class ExrPart:
    """One picture of a file.

    Attributes:
        name: Of the part; empty in files with one.
        kind: "scanlineimage", "tiledimage", "deepscanline" or "deeptile".
        levels: Whether it has smaller copies of itself (mip maps).
        compression: As the file counts.
        channels: In the file's order.
        data_window: Where it has pixels.
        display_window: What is shown.
        pixel_aspect: Width of a pixel over its height.
        attributes: Type and bytes of everything in the header.
    """

    name: str
    kind: str
    levels: bool
    compression: int
    channels: tuple[ExrChannel, ...]
    data_window: Box
    display_window: Box
    pixel_aspect: float
    attributes: Mapping[str, tuple[str, bytes]]

    def text(self, name: str) -> str | None:
        """An attribute of type string, or None."""
        kind, value = self.attributes.get(name, ("", b""))
        return value.decode("utf-8", "replace") if kind == "string" else None


def read_exr_header(path: Path) -> tuple[ExrPart, ...]:
    """Read the headers of all parts, and see to it that no pixels are missing at the file's end.

    Raises:
        MediaError: The file cannot be read, is not an EXR file, or is not complete.
    """
    with explained("open", path), path.open("rb") as file:
        size = path.stat().st_size
        start = file.read(8)
        if len(start) < 4 or struct.unpack("<I", start[:4])[0] != _MAGIC:
            raise MediaError(f"cannot read {path}: it is damaged or not an EXR file")
        try:
            flags = struct.unpack("<I", start[4:])[0] if len(start) == 8 else _stop()
            parts = _parts(file, flags)
            _check_chunks(file, size, parts, bool(flags & _MULTIPLE))
        except (_CutOffError, struct.error, ValueError, KeyError, IndexError) as error:
            raise MediaError(
                f"cannot read {path}: the file is damaged or not complete, as if its writing had been stopped; "
                "make it again"
            ) from error
    return parts


def _parts(file: BinaryIO, flags: int) -> tuple[ExrPart, ...]:
    parts = []
    while attributes := _attributes(file):
        parts.append(_part(attributes, flags))
        if not flags & _MULTIPLE:
            break
    return tuple(parts) or _stop()


def _attributes(file: BinaryIO) -> dict[str, tuple[str, bytes]]:
    found = {}
    while name := _string(file):
        kind = _string(file)
        (size,) = struct.unpack("<i", _bytes(file, 4))
        found[name] = (kind, _bytes(file, size))
    return found


def _part(attributes: dict[str, tuple[str, bytes]], flags: int) -> ExrPart:
    values = {name: value for name, (_, value) in attributes.items()}
    usual = b"deepscanline" if flags & _DEEP else b"tiledimage" if flags & _TILED else b"scanlineimage"
    windows = [Box(*struct.unpack("<4i", values[name])) for name in ("dataWindow", "displayWindow")]
    if any(box.width < 1 or box.height < 1 for box in windows):
        _stop()
    return ExrPart(
        name=values.get("name", b"").decode(),
        kind=values.get("type", usual).decode(),
        levels=bool(values["tiles"][8] & 0x0F) if "tiles" in values else False,
        compression=values["compression"][0],
        channels=_channels(values["channels"]),
        data_window=windows[0],
        display_window=windows[1],
        pixel_aspect=struct.unpack("<f", values["pixelAspectRatio"])[0],
        attributes=attributes,
    )


def _channels(data: bytes) -> tuple[ExrChannel, ...]:
    channels = []
    while data[0]:
        name, data = data.split(b"\0", 1)
        kind, across, down = struct.unpack("<i4x2i", data[:16])
        channels.append(ExrChannel(name.decode(), _PIXEL_TYPES[kind], (across, down) != (1, 1)))
        data = data[16:]
    return tuple(channels)


def _check_chunks(file: BinaryIO, size: int, parts: tuple[ExrPart, ...], multiple: bool) -> None:
    """See whether the table of places is filled in and the last of them lies within the file."""
    first = last = 0
    while not first or file.tell() < first:  # the pixels begin where the table ends
        (offset,) = struct.unpack("<Q", _bytes(file, 8))
        if offset < file.tell() or offset >= size:
            _stop()
        first, last = min(first or offset, offset), max(last, offset)
    file.seek(last)
    (number,) = struct.unpack("<i", _bytes(file, 4)) if multiple else (0,)
    kind = parts[number].kind
    _bytes(file, 16 if "tile" in kind else 4)  # where the chunk belongs in the picture
    if kind.startswith("deep"):
        table, pixels, _ = struct.unpack("<3Q", _bytes(file, 24))
        length = table + pixels
    else:
        (length,) = struct.unpack("<i", _bytes(file, 4))
    if length < 0 or file.tell() + length > size:
        _stop()


def _string(file: BinaryIO) -> str:
    found = bytearray()
    while (byte := _bytes(file, 1)) != b"\0":
        found += byte
        if len(found) > _LONGEST_NAME:
            _stop()
    return found.decode()


def _bytes(file: BinaryIO, count: int) -> bytes:
    data = file.read(count) if 0 <= count <= _LARGEST_ATTRIBUTE else b""
    return data if len(data) == count else _stop()


def _stop() -> NoReturn:
    raise _CutOffError
