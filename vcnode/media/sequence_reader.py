"""Numbered pictures read as a film."""

import logging
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import Self

from vcnode.errors import InputError, MediaError
from vcnode.media.color_tags import ColorTags
from vcnode.media.exr_frames import ExrFrames, is_exr
from vcnode.media.pixel_layout import PixelLayout
from vcnode.media.sequence_pattern import SequencePattern, find_pattern, gaps, is_pattern, parse_pattern, spelt_out
from vcnode.media.still import Still, load_still
from vcnode.media.video_frame import Codes, FrameTime, VideoFrame
from vcnode.media.video_info import VideoInfo

_log = logging.getLogger(__name__)
_LINEAR = 8  # H.273 TransferCharacteristics


class ImageSequenceReader:
    """Reads numbered pictures' codes bit for bit; frames keep their numbers, gaps keep their time.

    Gray files give `luma`, colour files `rgb`, upright as EXIF says; no colour profile is applied. EXR gives float32,
    scene-linear unless somebody declares otherwise, as large as the union of all frames' data windows.

    Args:
        path: `shot.####.png`, `shot.%04d.png`, or a folder that holds one sequence.
        frame_rate: Frames a second, as pictures have none.
        layer: Of EXR files, the layer that is the picture; None for the main one.

    Attributes:
        numbers: The files' numbers in ascending order; frame n is the file with number `numbers[n]`.
        exr: The files with all that is in them, where they are EXR.

    Raises:
        InputError: When the pattern or rate is not one, or a layer is named where there are none.
        MediaError: When there are no files or the first cannot be read.
    """

    def __init__(self, path: Path | str, *, frame_rate: Fraction | int | float = 24, layer: str | None = None) -> None:
        self.path = Path(path)
        rate = exact_rate(frame_rate)
        self.pattern: SequencePattern = parse_pattern(self.path) if is_pattern(self.path) else find_pattern(self.path)
        self.numbers = tuple(self.pattern.numbers())
        if not self.numbers:
            raise MediaError(f"no file is called like {self.pattern}")
        self._gaps = gaps(self.numbers, self.numbers[0], self.numbers[-1])
        if self._gaps:
            count = sum(gap.stop - gap.start for gap in self._gaps)
            _log.warning("%s lacks %d frames: %s", self.pattern, count, spelt_out(self._gaps))
        self.exr: ExrFrames | None = None
        if is_exr(self.pattern.path(self.numbers[0])):
            self.exr = ExrFrames(self.pattern, self.numbers, layer)
        elif layer is not None:
            raise InputError(f"{self.path} has no layers, so {layer} cannot be chosen; only EXR files have some")
        self.info = self._describe(rate)

    @property
    def missing(self) -> tuple[int, ...]:
        """The numbers absent between first and last."""
        return tuple(number for gap in self._gaps for number in gap)

    def _describe(self, rate: Fraction) -> VideoInfo:
        if self.exr is not None:
            width, height, gray, depth = self.exr.box.width, self.exr.box.height, self.exr.gray, 32
            alpha = False  # to EXR, it passes through; nobody expects it elsewhere
        else:
            still = self._still(self.numbers[0])
            (height, width), gray, depth = still.codes.shape[:2], still.codes.ndim == 2, still.depth
            alpha = still.alpha is not None
        tags = ColorTags(range=2, transfer=13 if self.exr is None else _LINEAR)
        matrix, range_ = tags.resolved(height=height, pixel_format="gray" if gray else "rgb24")
        return VideoInfo(
            path=self.path,
            container="images",
            codec=self.pattern.suffix.rpartition(".")[2].lower(),
            width=width,
            height=height,
            frame_count=len(self.numbers),
            frame_count_exact=True,
            frame_rate=rate,
            time_base=1 / rate,
            pixel_format=f"{'gray' if gray else 'rgb'}{depth}",
            layout=PixelLayout("gray" if gray else "rgb", "", depth),
            matrix=matrix,
            range=range_,
            tags=tags,
            sample_aspect_ratio=Fraction(1) if self.exr is None else self.exr.pixel_aspect,
            duration=len(self.numbers) / rate,
            has_alpha=alpha,
            encoding=None if self.exr is None else "linear-srgb",
        )

    def _codes(self, number: int) -> Codes:
        return self.exr.codes(number) if self.exr is not None else self._still(number).codes

    def _still(self, number: int) -> Still:
        return load_still(self.pattern.path(number)).upright()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __iter__(self) -> Iterator[VideoFrame]:
        return self.frames()

    def close(self) -> None:
        """Forget the latest picture; no file stays open between frames."""
        if self.exr is not None:
            self.exr.release()

    def frames(self, start: int = 0) -> Iterator[VideoFrame]:
        """Yield the frames from index `start` on.

        Raises:
            InputError: When `start` is negative.
            MediaError: When a file cannot be read or differs from the first in size or kind.
        """
        if start < 0:
            raise InputError(f"the first frame is {start}, but frames count from 0")
        for n in range(start, len(self.numbers)):
            yield self.frame(n)

    def frame(self, n: int) -> VideoFrame:
        """Return the frame with index n (its file has number `numbers[n]`).

        Raises:
            InputError: When there is no such frame.
            MediaError: When the file cannot be read or differs from the first in size or kind.
        """
        if not 0 <= n < len(self.numbers):
            raise InputError(f"{self.pattern} has no frame {n}; its last frame is {len(self.numbers) - 1}")
        number, info = self.numbers[n], self.info
        codes = self._codes(number)
        depth = {1: 8, 2: 16}.get(codes.itemsize, 32)
        kind = "gray" if codes.ndim == 2 else "rgb"
        if (codes.shape[1], codes.shape[0], kind, depth) != (
            info.width,
            info.height,
            info.layout.kind,
            info.depth,
        ):
            raise MediaError(
                f"{self.pattern.path(number)} is {codes.shape[1]}x{codes.shape[0]} {kind} of {depth} bits, "
                f"but the first is {info.width}x{info.height} {info.layout.kind} of {info.depth} bits"
            )
        time = FrameTime(n, number - self.numbers[0], 1, info.time_base, number)
        return VideoFrame(time, luma=codes) if kind == "gray" else VideoFrame(time, rgb=codes)


def exact_rate(rate: Fraction | int | float) -> Fraction:
    """The rate that is meant: 23.976 and its like are 24000/1001 and its like (SMPTE ST 12-1).

    Raises:
        InputError: When it is below 0.001, or 10000 and more.
    """
    if not 0.001 <= rate < 10000:
        raise InputError(f"the frame rate is {rate}; it must be 0.001 or more and below 10000")
    if isinstance(rate, float):
        dropped = Fraction(round(rate * 1.001) * 1000, 1001)
        # Whole rates below 6 lie within 0.005 of dropped ones, and are meant as they are.
        return dropped if abs(dropped - rate) < min(0.005, 0.0005 * rate) else Fraction(rate).limit_denominator(1000)
    return Fraction(rate)
