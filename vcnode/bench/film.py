"""What reading and writing a film costs beside colouring it."""

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
from torch import Tensor

from vcnode.bench.footage import gray_frame
from vcnode.media import EncoderSettings, VideoWriter, open_source
from vcnode.rendering.painting import YCbCrPainter
from vcnode.rendering.source_luma import luma_of, understood

_BT709, _LIMITED = 1, 1  # as FFmpeg counts: the matrix and the range that players assume


def write_film(path: Path, width: int, height: int, count: int) -> Path:
    """Make a gray film of `footage` in H.264."""
    with av.open(str(path), "w") as container:
        stream: Any = container.add_stream("libx264", rate=Fraction(24), options={"crf": "16"})
        stream.width, stream.height, stream.pix_fmt = width, height, _encoding(width, height).pixel_format
        stream.codec_context.colorspace, stream.codec_context.color_range = _BT709, _LIMITED
        for number in range(count):
            gray = av.VideoFrame.from_ndarray(gray_frame(width, height, number), format="gray")
            container.mux(stream.encode(gray.reformat(format=stream.pix_fmt)))
        container.mux(stream.encode(None))
    return path


def read_film(path: Path) -> list[Tensor]:
    """Decode a whole film to Y' `(1, H, W)`, 0..1."""
    with open_source(path) as source:
        info = understood(source, None)
        return [luma_of(frame, info)[0] for frame in source]


def write_colored(path: Path, source: Path, colors: Sequence[Tensor]) -> None:
    """Read a film, paint its frames with ab `(1, 2, H, W)` each, and encode it as H.264."""
    with open_source(source) as film:
        info = understood(film, None)
        settings = _encoding(info.width, info.height)
        painter = YCbCrPainter(info, settings.depth, settings.subsampling)
        with VideoWriter(path, like=info, settings=settings, overwrite=True, resume=False) as writer:
            for frame, ab in zip(film, colors, strict=True):
                writer.write(painter.paint(frame, ab), frame.time)


def _encoding(width: int, height: int) -> EncoderSettings:
    """H.264 as films mostly are; with whole chroma where a side is odd, which half of it does not fit."""
    return EncoderSettings(subsampling="444" if width % 2 or height % 2 else "420")
