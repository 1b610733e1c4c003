"""Tiny clips, made with PyAV alone, so that what vcnode reads is not what vcnode wrote."""

from collections.abc import Callable, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from vcnode.media import FrameTime

SIZE = (48, 64)  # height, width


@pytest.fixture
def uneven_pts() -> list[int]:
    """Times of 60 frames in 1/90000 s with changing distances."""
    steps = np.random.default_rng(0).choice([1500, 3003, 6006], size=59)
    return [0, *np.cumsum(steps).tolist()]


@pytest.fixture
def make_clip(tmp_path: Path) -> Callable[..., Path]:
    """Encode moving noise; returns the file."""

    def make(
        name: str,
        pts: Sequence[int] = tuple(range(0, 60 * 3000, 3000)),
        *,
        codec: str = "libx264",
        pixel_format: str = "yuv420p",
        options: dict[str, str] | None = None,
        time_base: Fraction = Fraction(1, 90000),
        size: tuple[int, int] = SIZE,
        audio: str | None = None,
        rotation: int = 0,
        pixel_shape: Fraction = Fraction(1),
        tags: dict[str, int] | None = None,
        title: str | None = None,
        container_options: dict[str, str] | None = None,
    ) -> Path:
        path = tmp_path / name
        random = np.random.default_rng(1)
        base = random.integers(40, 200, (size[0], size[1] * 2), dtype=np.uint8)
        mov = path.suffix in (".mp4", ".mov")
        muxer = {"video_track_timescale": str(time_base.denominator)} if mov else {}
        with av.open(str(path), "w", options=muxer | (container_options or {})) as container:
            stream: Any = container.add_stream(codec, rate=30, options=options or {})
            stream.height, stream.width = size
            stream.pix_fmt = pixel_format
            stream.codec_context.time_base = time_base
            stream.codec_context.sample_aspect_ratio = pixel_shape
            if rotation:
                if not hasattr(stream, "set_display_rotation"):
                    pytest.skip("this PyAV cannot write a rotation")
                stream.set_display_rotation(rotation)
            for key, value in (tags or {}).items():
                setattr(stream.codec_context, key, value)
            if title:
                container.metadata["title"] = title
            sound: Any = container.add_stream(audio, rate=48000, bit_rate=128000) if audio else None
            container.start_encoding()
            for n, time in enumerate(pts):
                frame = av.VideoFrame(size[1], size[0], pixel_format)
                for plane in frame.planes:
                    moved = np.roll(base, 3 * n, axis=1).astype(np.uint8).tobytes()
                    plane.update((moved * (plane.buffer_size // len(moved) + 1))[: plane.buffer_size])
                frame.pts, frame.time_base = time, time_base
                container.mux(stream.encode(frame))
            container.mux(stream.encode(None))
            if sound is not None:
                _add_tone(container, sound, float(pts[-1] * time_base))
        return path

    return make


def _add_tone(container: Any, stream: Any, seconds: float) -> None:
    layout = stream.codec_context.format.name
    for n in range(int(seconds * 48000) // 1024):
        wave = np.sin((np.arange(1024) + 1024 * n) / 20) * 0.3
        planar = layout.endswith("p")
        kind = np.float32 if layout.startswith("flt") else np.int16
        scaled = (wave if kind is np.float32 else wave * 32767).astype(kind)
        samples = np.stack([scaled, scaled]) if planar else np.repeat(scaled, 2)[None]
        frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(samples), format=layout, layout="stereo")
        frame.sample_rate, frame.pts, frame.time_base = 48000, 1024 * n, Fraction(1, 48000)
        container.mux(stream.encode(frame))
    container.mux(stream.encode(None))


def decode(path: Path) -> list[av.VideoFrame]:
    """All frames as PyAV itself gives them."""
    with av.open(str(path)) as container:
        return list(container.decode(video=0))


@pytest.fixture
def decoded() -> Callable[[Path], list[av.VideoFrame]]:
    return decode


@pytest.fixture
def some_planes() -> Callable[..., tuple[Any, Any, Any]]:
    """Y', Cb, Cr codes that differ from frame to frame."""

    def make(n: int, depth: int, subsampling: str, size: tuple[int, int] = SIZE) -> tuple[Any, Any, Any]:
        random = np.random.default_rng(n)
        kind = np.uint8 if depth == 8 else np.uint16
        across, down = (1 if subsampling == "444" else 2), (2 if subsampling == "420" else 1)
        small = (-(-size[0] // down), -(-size[1] // across))
        y, cb, cr = (random.integers(0, 2**depth, s, dtype=kind) for s in (size, small, small))
        return y, cb, cr

    return make


@pytest.fixture
def times() -> Callable[..., list[FrameTime]]:
    def make(pts: Sequence[int], time_base: Fraction = Fraction(1, 90000)) -> list[FrameTime]:
        return [FrameTime(n, time, 0, time_base, n) for n, time in enumerate(pts)]

    return make
