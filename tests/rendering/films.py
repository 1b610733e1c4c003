"""Tiny films and pictures, made and read with PyAV and Pillow alone."""

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import PIL.Image

HEIGHT, WIDTH = 64, 96


def luma(count: int, depth: int = 8, *, height: int = HEIGHT, width: int = WIDTH) -> list[np.ndarray]:
    """Moving waves with noise over the whole range of codes, `(height, width)` each."""
    random = np.random.default_rng(7)
    rows, columns = np.mgrid[0:height, 0:width]
    frames = []
    for number in range(count):
        waves = np.sin((columns + 2 * number) / 9) + np.cos(rows / 7 + number / 30) + random.normal(0, 0.02, rows.shape)
        codes = ((waves + 2.1) / 4.2).clip(0, 1) * (2**depth - 1)
        frames.append(np.rint(codes).astype(np.uint8 if depth == 8 else np.uint16))
    return frames


def write_film(
    path: Path,
    frames: Sequence[np.ndarray],
    pixel_format: str = "gray",
    *,
    codec: str = "ffv1",
    pts: Sequence[int] | None = None,
    time_base: Fraction = Fraction(1, 1000),
    sound: bool = False,
    options: dict[str, str] | None = None,
    tags: dict[str, int] | None = None,
) -> Path:
    """Encode luma codes; chroma, where there is any, is a slope that must not survive."""
    height, width = frames[0].shape
    with av.open(str(path), "w") as container:
        stream: Any = container.add_stream(codec, rate=25, options=options or {})
        stream.width, stream.height, stream.pix_fmt = width, height, pixel_format
        stream.codec_context.time_base = time_base
        for name, value in (tags or {}).items():
            setattr(stream.codec_context, name, value)
        tone: Any = container.add_stream("aac", rate=48000) if sound else None
        container.start_encoding()
        for number, codes in enumerate(frames):
            frame = av.VideoFrame(width, height, pixel_format)
            for place, plane in enumerate(frame.planes):
                kind = codes.dtype
                rows = np.zeros((plane.height, plane.line_size // kind.itemsize), kind)
                rows[:, : plane.width] = codes if place == 0 else np.linspace(30, 200, plane.width).astype(kind)
                plane.update(rows.tobytes())
            frame.pts = 40 * number if pts is None else pts[number]
            frame.time_base = time_base
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
        if tone is not None:
            _add_tone(container, tone, len(frames) // 2)
    return path


def _add_tone(container: Any, stream: Any, count: int) -> None:
    for number in range(count):
        wave = (np.sin((np.arange(1024) + 1024 * number) / 20) * 0.3).astype(np.float32)
        frame = av.AudioFrame.from_ndarray(np.stack([wave, wave]), format="fltp", layout="stereo")
        frame.sample_rate, frame.pts, frame.time_base = 48000, 1024 * number, Fraction(1, 48000)
        container.mux(stream.encode(frame))
    container.mux(stream.encode(None))


def planes(path: Path) -> list[list[np.ndarray]]:
    """The codes of each frame, plane by plane."""
    with av.open(str(path)) as container:
        return [[_codes(plane, frame) for plane in frame.planes] for frame in container.decode(video=0)]


def _codes(plane: Any, frame: Any) -> np.ndarray:
    kind = np.dtype("u1") if frame.format.components[0].bits == 8 else np.dtype("<u2")
    rows = np.frombuffer(plane, kind).reshape(plane.height, plane.line_size // kind.itemsize)
    return rows[:, : plane.width].copy()


def times(path: Path) -> list[Fraction]:
    """Presentation times in seconds."""
    with av.open(str(path)) as container:
        return [Fraction(frame.pts) * Fraction(frame.time_base) for frame in container.decode(video=0)]


def sound_packets(path: Path) -> list[bytes]:
    with av.open(str(path)) as container:
        return [bytes(packet) for packet in container.demux(container.streams.audio[0]) if packet.size]


def same_film(one: Path, other: Path) -> bool:
    """Whether two films have the same codes and times, frame by frame."""
    first, second = planes(one), planes(other)
    equal = all(np.array_equal(a, b) for x, y in zip(first, second, strict=True) for a, b in zip(x, y, strict=True))
    return equal and times(one) == times(other)


def write_reference(path: Path, *, height: int = HEIGHT, width: int = WIDTH) -> Path:
    """A picture in strong colours."""
    rows, columns = np.mgrid[0:height, 0:width]
    red, green, blue = np.sin(columns / 9), np.cos(rows / 7), np.sin((rows + columns) / 11)
    PIL.Image.fromarray(((np.stack([red, green, blue], -1) + 1) * 127).astype(np.uint8)).save(path)
    return path


def write_pictures(folder: Path, frames: Sequence[np.ndarray], *, first: int = 1) -> Path:
    """8-bit PNG files, gray or RGB; returns their pattern."""
    folder.mkdir()
    for number, codes in enumerate(frames, start=first):
        PIL.Image.fromarray(codes).save(folder / f"in.{number:04d}.png")
    return folder / "in.####.png"


def read_pictures(folder: Path, prefix: str) -> list[np.ndarray]:
    return [np.array(PIL.Image.open(path)) for path in sorted(folder.glob(f"{prefix}.*.png"))]


def two_scenes(first: int, second: int) -> list[np.ndarray]:
    """A cut behind `first` frames: waves, then slanted stripes."""
    rows, columns = np.mgrid[0:HEIGHT, 0:WIDTH]
    stripes = [127 + 100 * np.sign(np.sin((rows * 2 + columns + number) / 11)) for number in range(second)]
    return luma(first) + [frame.astype(np.uint8) for frame in stripes]
