"""From a coloured frame to the codes that a file takes; the only place where luma is written."""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from vcnode.color import (
    ChromaSiting,
    Matrix,
    PixelEncoding,
    Plane,
    Range,
    chroma_keeping_luma,
    encode,
    rgb_keeping_luma,
    srgb_to_linear,
    subsample,
)
from vcnode.color.encodings import ENCODINGS, Encoding, convert
from vcnode.color.highlights import color_highlights
from vcnode.color.scene_linear import LARGEST_HALF, half_keeping_luminance, inside_gamut, rgb_keeping_luminance
from vcnode.media import VideoFrame, VideoInfo
from vcnode.media.video_frame import Codes
from vcnode.rendering.source_luma import is_linear, linear_luminance, luma_of, matrix_of, range_of

_STRIP_PIXELS = 2**17  # as many as stay in a CPU's cache


@dataclass(frozen=True)
class YCbCrPainter:
    """Makes Y', Cb and Cr for a video: luma codes go through, chroma is solved for them on its own grid.

    Attributes:
        info: The source, whose matrix and chroma siting are kept.
        depth: Bits of a code in the output.
        subsampling: Of the output's chroma.
        range: Of the output's codes; where it is not the source's, which is the default, luma codes are made anew.
    """

    info: VideoInfo
    depth: int
    subsampling: str
    range: Range | None = None

    def paint(self, frame: VideoFrame, ab: Tensor) -> tuple[Codes, ...]:
        """Colour a frame of the source.

        Args:
            frame: Of the source.
            ab: `(1, 2, H, W)`, -128..127.

        Returns:
            Y' (H, W), Cb and Cr.
        """
        encoding = self._encoding
        luma = luma_of(frame, self.info)
        small_luma, small_ab = (
            subsample(planes, self.subsampling, self._siting) for planes in (luma.to(ab.device), ab)
        )
        chroma = encode(chroma_keeping_luma(small_luma, small_ab, encoding.matrix), encoding, Plane.CHROMA)
        return self._luma_codes(frame, luma, encoding), *chroma[0].cpu().numpy()

    def paint_gray(self, values: Tensor) -> tuple[Codes, ...]:
        """Show values `(1, 1, H, W)`, 0..1, as gray."""
        encoding = self._encoding
        neutral = torch.zeros_like(subsample(values, self.subsampling)[0, 0])
        cb = encode(neutral, encoding, Plane.CHROMA).cpu().numpy()
        return encode(values, encoding, Plane.LUMA)[0, 0].cpu().numpy(), cb, cb.copy()

    @property
    def _encoding(self) -> PixelEncoding:
        return PixelEncoding(matrix_of(self.info), self.range or range_of(self.info), self.depth)

    @property
    def _siting(self) -> ChromaSiting:
        location = self.info.chroma_location  # as FFmpeg counts: 0 is absent, the rest H.273's number + 1
        return ChromaSiting.from_h273(location - 1) if 1 <= location <= 6 else ChromaSiting.LEFT

    def _luma_codes(self, frame: VideoFrame, luma: Tensor, encoding: PixelEncoding) -> Codes:
        codes = frame.luma
        same_range = encoding.range is range_of(self.info)
        if codes is not None and codes.dtype.kind == "u" and self.depth >= self.info.depth and same_range:
            return deepened(codes, self.info.depth, self.depth, encoding.range)
        return encode(luma, encoding, Plane.LUMA)[0, 0].numpy()


@dataclass(frozen=True)
class RGBPainter:
    """Makes R'G'B' for an image sequence: Y' is kept within the rounding of its codes.

    Attributes:
        info: The source.
        depth: 8 or 16 bits.
    """

    info: VideoInfo
    depth: int

    def paint(self, frame: VideoFrame, ab: Tensor) -> tuple[Codes, ...]:
        """Colour a frame of the source; returns one array (H, W, 3)."""
        return (self._codes(rgb_keeping_luma(luma_of(frame, self.info).to(ab.device), ab, _rgb_matrix(self.info))),)

    def paint_gray(self, values: Tensor) -> tuple[Codes, ...]:
        """Show values `(1, 1, H, W)`, 0..1, as gray."""
        return (self._codes(values.expand(-1, 3, -1, -1)),)

    def _codes(self, rgb: Tensor) -> Codes:
        # Headroom and footroom of limited range have no code in R'G'B': they end at white and black.
        encoding = PixelEncoding(range=Range.FULL, depth=self.depth)
        return _interleaved(encode(rgb, encoding, Plane.LUMA))


@dataclass(frozen=True)
class LinearPainter:
    """Makes R, G and B for EXR. A source in EXR keeps its luminance, also above 1 and below 0.

    Attributes:
        info: The source.
        encoding: How the result's numbers are meant.
        half: Whether they are stored as 16-bit floats; they are then rounded here, so that luminance suffers least.
    """

    info: VideoInfo
    encoding: Encoding = ENCODINGS["linear-srgb"]
    half: bool = False

    def paint(self, frame: VideoFrame, ab: Tensor) -> tuple[Codes, ...]:
        """Colour a frame of the source; returns one float array (H, W, 3). Needs double precision: done on the CPU."""
        ab = ab.cpu()
        if not is_linear(self.info):
            rgb = rgb_keeping_luma(luma_of(frame, self.info), ab, _rgb_matrix(self.info))
            linear = convert(srgb_to_linear(rgb.double()), ENCODINGS["linear-srgb"], self.encoding)
            return (_interleaved(self._stored(linear, self.encoding.luminance(linear))),)
        luminance = linear_luminance(frame, self.info)
        ab = color_highlights(ab, luminance)
        rows = max(1, _STRIP_PIXELS // luminance.shape[3])
        strips = zip(torch.split(luminance, rows, dim=2), torch.split(ab, rows, dim=2), strict=True)
        return (_interleaved(torch.cat([self._strip(light, colors) for light, colors in strips], dim=2)),)

    def _strip(self, luminance: Tensor, ab: Tensor) -> Tensor:
        linear = rgb_keeping_luminance(luminance, ab, self.encoding)
        if self.half and float(linear.max()) > LARGEST_HALF:  # let no colour be beyond where its luminance is not
            linear = inside_gamut(linear, luminance, LARGEST_HALF)
        return self._stored(linear, luminance)

    def _stored(self, linear: Tensor, luminance: Tensor) -> Tensor:
        values = self.encoding.encode(linear)
        if self.half and float(values.abs().max()) <= LARGEST_HALF:  # else whoever stores them will say so
            values = half_keeping_luminance(values, luminance, self.encoding)
        return values.float()

    def paint_gray(self, values: Tensor) -> tuple[Codes, ...]:
        """Store values `(1, 1, H, W)` as they are."""
        return (_interleaved(values.expand(-1, 3, -1, -1)),)


type Painter = YCbCrPainter | RGBPainter | LinearPainter


def deepened(codes: Codes, depth: int, target: int, sample_range: Range) -> Codes:
    """Bring luma codes to as many bits or more, so that a shift to the right gives them back.

    Limited range scales by a shift (BT.709 item 5.4). In full range the upper bits are repeated below, so that white
    stays white.
    """
    shift = target - depth
    wide: Codes = codes.astype(np.uint8 if target == 8 else np.uint16)
    low = np.right_shift(wide, depth - shift) if sample_range is Range.FULL and shift else 0
    return np.left_shift(wide, shift) | low


def _rgb_matrix(info: VideoInfo) -> Matrix:
    """Whose Y' an RGB output keeps: a video's own; pictures and gray films have none and are sRGB."""
    return matrix_of(info) if info.layout.kind == "ycbcr" else Matrix.BT709


def _interleaved(planes: Tensor) -> Codes:
    codes: Codes = planes[0].permute(1, 2, 0).contiguous().cpu().numpy()
    return codes
