"""The Y' of a frame, whatever its file holds."""

from dataclasses import replace

import numpy as np
import torch
from torch import Tensor

from vcnode.color import Matrix, PixelEncoding, Plane, Range, decode, linear_to_srgb, rgb_to_ycbcr
from vcnode.media import VideoFrame, VideoInfo
from vcnode.media.video_frame import Codes

_LINEAR = 8  # H.273 TransferCharacteristics
_LUMINANCE = (0.2126, 0.7152, 0.0722)  # of linear BT.709 primaries


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
    """Whether the source is scene-linear (EXR) instead of gamma-encoded."""
    return info.tags.transfer == _LINEAR


def luma_of(frame: VideoFrame, info: VideoInfo) -> Tensor:
    """Read a frame's Y'.

    Luma codes are taken as they are, R'G'B' is weighted with the source's matrix, and scene-linear luminance goes
    through the sRGB curve, limited to 0..1: what is brighter than white has the lightness of white.

    Args:
        frame: Of the source.
        info: The source's facts.

    Returns:
        `(1, 1, H, W)` float32, 0..1; codes beyond the nominal range lie beyond it.
    """
    if is_linear(info):
        return linear_to_srgb(linear_luminance(frame).clamp(0, 1))
    if frame.luma is not None:
        return _values(frame.luma, info)[None, None]
    assert frame.rgb is not None
    rgb = _values(frame.rgb, info).permute(2, 0, 1)[None]
    return rgb_to_ycbcr(rgb, matrix_of(info))[:, :1].contiguous()


def linear_luminance(frame: VideoFrame) -> Tensor:
    """Luminance `(1, 1, H, W)` of a scene-linear frame; may exceed 1 and be negative."""
    if frame.luma is not None:
        return tensor_of(frame.luma)[None, None]
    assert frame.rgb is not None
    return luminance_of(tensor_of(frame.rgb).permute(2, 0, 1)[None])


def luminance_of(rgb: Tensor) -> Tensor:
    """Luminance `(B, 1, H, W)` of linear RGB `(B, 3, H, W)`."""
    red, green, blue = rgb.unbind(1)
    return (_LUMINANCE[0] * red + _LUMINANCE[1] * green + _LUMINANCE[2] * blue)[:, None]


def tensor_of(codes: Codes) -> Tensor:
    """An array as a tensor of its own."""
    return torch.from_numpy(np.ascontiguousarray(codes))


def _values(codes: Codes, info: VideoInfo) -> Tensor:
    if codes.dtype.kind == "f":
        return tensor_of(codes)
    return decode(tensor_of(codes), PixelEncoding(matrix_of(info), range_of(info), info.depth), Plane.LUMA)
