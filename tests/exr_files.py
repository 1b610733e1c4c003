"""OpenEXR files as other programs write them, and what is in them: made and read without vcnode."""

import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest

# One attribute of every type that the format knows, and of one that it does not (OpenEXR File Layout).
ATTRIBUTES = {
    "anInt": ("int", struct.pack("<i", -7)),
    "aFloat": ("float", struct.pack("<f", 0.1)),
    "aDouble": ("double", struct.pack("<d", 0.1)),
    "comments": ("string", "hällo, wörld".encode()),
    "anEmptyString": ("string", b""),
    "aV2i": ("v2i", struct.pack("<2i", 1, -2)),
    "aV2f": ("v2f", struct.pack("<2f", 1, 0.1)),
    "aV3f": ("v3f", struct.pack("<3f", 1, 2, 0.1)),
    "worldToCamera": ("m44f", struct.pack("<16f", *range(16))),
    "aM33": ("m33f", struct.pack("<9f", *range(9))),
    "aBox": ("box2f", struct.pack("<4f", 1, 2, 3, 4.5)),
    "framesPerSecond": ("rational", struct.pack("<iI", 24000, 1001)),
    "timeCode": ("timecode", struct.pack("<II", 0x01020304, 5)),
    "keyCode": ("keycode", struct.pack("<7i", 1, 2, 3, 4, 5, 4, 64)),
    "chromaticities": ("chromaticities", struct.pack("<8f", 0.64, 0.33, 0.3, 0.6, 0.15, 0.06, 0.3127, 0.329)),
    "aList": ("stringvector", struct.pack("<i", 2) + b"ab" + struct.pack("<i", 3) + b"cde"),
    "anEmptyList": ("stringvector", b""),
    "numbers": ("floatvector", struct.pack("<3f", 1, 2, 3)),
    "preview": ("preview", struct.pack("<II", 2, 1) + bytes(range(8))),
    "nuke/node_hash": ("string", b"3f2a"),
    "nuke/input/timecode": ("string", b"01:02:03:04"),
    "somebodysOwn": ("theirType", b"\1\2\3"),
}
RANDOM = np.random.default_rng(5)


def library() -> Any:
    """The reference library; tests that need it are skipped where it is not installed."""
    return pytest.importorskip("OpenEXR")


def box(left: int, top: int, right: int, bottom: int) -> Any:
    """A window as the library takes it."""
    return np.array([left, top], np.int32), np.array([right, bottom], np.int32)


def attributes(path: Path) -> list[dict[str, tuple[str, bytes]]]:
    """Type and bytes of everything in the headers, part by part."""
    data = path.read_bytes()
    multiple = struct.unpack("<I", data[4:8])[0] & 0x1000
    place, parts = 8, []
    while True:
        found = {}
        while data[place]:
            name, kind = data[place:].split(b"\0", 2)[:2]
            place += len(name) + len(kind) + 2
            (size,) = struct.unpack("<i", data[place : place + 4])
            found[name.decode()] = (kind.decode(), data[place + 4 : place + 4 + size])
            place += 4 + size
        place += 1
        parts.append(found)
        if not multiple or data[place] == 0:
            return parts


def with_attributes(path: Path, added: dict[str, tuple[str, bytes]]) -> Path:
    """Put attributes into a file with one part, byte by byte."""
    data = path.read_bytes()
    place = 8
    while data[place]:
        name, kind = data[place:].split(b"\0", 2)[:2]
        place += len(name) + len(kind) + 2
        place += 4 + struct.unpack("<i", data[place : place + 4])[0]
    extra = b"".join(
        name.encode() + b"\0" + kind.encode() + b"\0" + struct.pack("<i", len(value)) + value
        for name, (kind, value) in added.items()
    )
    table = place + 1
    first = min(_offsets(data, table))
    moved = b"".join(struct.pack("<Q", offset + len(extra)) for offset in _offsets(data, table))
    path.write_bytes(data[:place] + extra + b"\0" + moved + data[first:])
    return path


def _offsets(data: bytes, table: int) -> list[int]:
    found: list[int] = []
    while not found or table + 8 * len(found) < min(found):
        found += struct.unpack("<Q", data[table + 8 * len(found) :][:8])
    return found


def channels(path: Path, part: int = 0) -> dict[str, np.ndarray]:
    """The pixels of every channel, in their own type."""
    file = library().File(str(path), separate_channels=True)
    return {name: np.array(channel.pixels) for name, channel in file.channels(part).items()}


def write(path: Path, planes: dict[str, np.ndarray], **header: Any) -> Path:
    """A file with one part."""
    path.parent.mkdir(exist_ok=True)
    exr = library()
    defaults = {"compression": exr.ZIP_COMPRESSION, "type": exr.scanlineimage}
    exr.File(defaults | header, dict(planes)).write(str(path))
    return path


def half(height: int = 24, width: int = 32, *, low: float = 0.0, high: float = 1.0) -> np.ndarray:
    """Random halves."""
    return RANDOM.uniform(low, high, (height, width)).astype(np.float16)


def gray_plate(height: int = 64, width: int = 96, *, brightest: float = 1.0) -> dict[str, np.ndarray]:
    """R, G and B of a gray picture with soft shapes."""
    rows, columns = np.mgrid[0:height, 0:width]
    waves = (np.sin(columns / 9) + np.cos(rows / 7) + 2) / 4 + RANDOM.normal(0, 0.004, rows.shape)
    plane = (brightest * waves.clip(0, 1) ** 2).astype(np.float16)
    return {"R": plane, "G": plane.copy(), "B": plane.copy()}


def same(one: np.ndarray, other: np.ndarray) -> bool:
    """Whether two planes are the same bit for bit, NaN included."""
    return one.dtype == other.dtype and one.tobytes() == other.tobytes()
