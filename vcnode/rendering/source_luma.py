"""The Y' of a frame, whatever its file holds."""

import logging
import struct
from dataclasses import replace

import numpy as np
import torch
from torch import Tensor

from vcnode.color import Matrix, PixelEncoding, Plane, Range, decode, linear_to_srgb, rgb_to_ycbcr
from vcnode.color.encodings import Encoding, find_encoding
from vcnode.media import FrameSource, ImageSequenceReader, VideoFrame, VideoInfo
from vcnode.media.exr_frames import ExrFrames
from vcnode.media.video_frame import Codes

_SAME_POINT = 0.002  # between chromaticities that are rounded in different ways

_log = logging.getLogger("vcnode")


def understood(source: FrameSource, encoding: str | None) -> VideoInfo:
    """A source's facts as they are to be understood: with one matrix, and EXR's numbers as declared.

    Args:
        source: The clip.
        encoding: Of EXR files, a name in `vcnode.color.ENCODINGS`; None: linear light of BT.709's primaries.

    Raises:
        InputError: The encoding is not known.
    """
    info = with_one_matrix(source.info)
    if not isinstance(source, ImageSequenceReader) or source.exr is None:
        return info
    used = find_encoding(encoding or str(info.encoding))
    _warn_of_other_primaries(source.exr, used)
    return replace(info, encoding=used.name)


def with_one_matrix(info: VideoInfo) -> VideoInfo:
    """The same facts, but BT.709 for R'G'B' sources, which have no Y' of their own, whatever their height."""
    return replace(info, matrix="bt709") if info.layout.kind == "rgb" else info


def matrix_of(info: VideoInfo) -> Matrix:
    """The matrix that the source's Y' is made with."""
    return Matrix[info.matrix.upper()]


def range_of(info: VideoInfo) -> Range:
    """The range of the source's codes."""
    return Range[info.range.upper()]


def is_linear(info: VideoInfo) -> bool:
    """Whether the source is EXR, whose luminance knows no black and white, instead of codes."""
    return info.encoding is not None


def luma_of(frame: VideoFrame, info: VideoInfo) -> Tensor:
    """Read a frame's Y'.

    Luma codes are taken as they are, R'G'B' is weighted with the source's matrix, and the luminance of EXR goes through
    the sRGB curve, limited to 0..1: what is brighter than white has the lightness of white.

    Args:
        frame: Of the source.
        info: The source's facts.

    Returns:
        `(1, 1, H, W)` float32, 0..1; codes beyond the nominal range lie beyond it.
    """
    if is_linear(info):
        return linear_to_srgb(linear_luminance(frame, info, torch.float32).clamp(0, 1))
    if frame.luma is not None:
        return _values(frame.luma, info)[None, None]
    assert frame.rgb is not None
    rgb = _values(frame.rgb, info).permute(2, 0, 1)[None]
    return rgb_to_ycbcr(rgb, matrix_of(info))[:, :1].contiguous()


def linear_luminance(frame: VideoFrame, info: VideoInfo, dtype: torch.dtype = torch.float64) -> Tensor:
    """CIE luminance `(1, 1, H, W)` of a frame of EXR; may exceed 1 and be negative."""
    encoding = find_encoding(str(info.encoding))
    if frame.luma is not None:
        return encoding.decode(tensor_of(frame.luma)[None, None].to(dtype))
    assert frame.rgb is not None
    return encoding.luminance(encoding.decode(tensor_of(frame.rgb).permute(2, 0, 1)[None].to(dtype)))


def tensor_of(codes: Codes) -> Tensor:
    """An array as a tensor of its own."""
    return torch.from_numpy(np.ascontiguousarray(codes))


def _values(codes: Codes, info: VideoInfo) -> Tensor:
    if codes.dtype.kind == "f":
        return tensor_of(codes)
    return decode(tensor_of(codes), PixelEncoding(matrix_of(info), range_of(info), info.depth), Plane.LUMA)


def _warn_of_other_primaries(files: ExrFrames, used: Encoding) -> None:
    """Say so where the first file names primaries that are not those of the encoding."""
    kind, value = files.first.attributes.get("chromaticities", ("", b""))
    if kind != "chromaticities" or len(value) != 32:
        return
    declared = [*used.red, *used.green, *used.blue, *used.white]
    said = struct.unpack("<8f", value)
    if max(abs(one - other) for one, other in zip(said, declared, strict=True)) > _SAME_POINT:
        _log.warning(
            "%s says of itself that its primaries are not those of %s: declare its encoding if that is wrong.",
            files.pattern.path(min(files.boxes)),
            used.name,
        )
