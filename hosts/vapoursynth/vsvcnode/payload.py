"""Tensors in VapourSynth frames: planes of pictures, and what the network made of a frame as frame properties.

A result travels as a small frame whose properties hold other frames, one a tensor. So VapourSynth's caches hold,
count and free it, and a filter asks for it like for any frame.
"""

from collections.abc import Mapping

import numpy as np
import torch
import vapoursynth as vs
from torch import Tensor

_TENSORS, _NAME, _TYPE, _SHAPE = "tensors", "name", "type", "shape"


def plane_of(frame: vs.VideoFrame, plane: int = 0) -> Tensor:
    """Copy a plane `(H, W)`; a view would let an operation in place write into VapourSynth's cache."""
    return torch.from_numpy(np.array(frame[plane]))


def write_plane(frame: vs.VideoFrame, plane: int, values: Tensor) -> None:
    """Write values `(H, W)` into a plane of a new frame; float32 is rounded where the plane is half precision."""
    np.copyto(np.asarray(frame[plane]), values.numpy(), casting="same_kind")


def frames_in(frame: vs.VideoFrame, name: str) -> list[vs.VideoFrame]:
    """Frames held as a property; VapourSynth gives a list of one as its only element."""
    held = frame.props[name]
    return held if isinstance(held, list) else [held]


def pack(tensors: Mapping[str, Tensor]) -> vs.VideoFrame:
    """Make a small frame that holds tensors bit for bit."""
    holder = _small_frame()
    holder.props[_TENSORS] = [_pack_one(name, tensor) for name, tensor in tensors.items()]
    return holder


def unpack(holder: vs.VideoFrame) -> dict[str, Tensor]:
    """Copy the tensors out of a frame that `pack` made."""
    return {str(frame.props[_NAME]): _unpack_one(frame) for frame in frames_in(holder, _TENSORS)}


def holder_of(frames: list[vs.VideoFrame], name: str) -> vs.VideoFrame:
    """Make a small frame that holds other frames as the property `name`."""
    holder = _small_frame()
    holder.props[name] = frames
    return holder


def _small_frame() -> vs.VideoFrame:
    return vs.core.create_video_frame(vs.GRAY8, 1, 1)


def _pack_one(name: str, tensor: Tensor) -> vs.VideoFrame:
    rows = tensor.reshape(-1, tensor.shape[-1] if tensor.ndim else 1).contiguous().view(torch.uint8)
    frame = vs.core.create_video_frame(vs.GRAY8, rows.shape[1], rows.shape[0])
    write_plane(frame, 0, rows)
    frame.props[_NAME] = name
    frame.props[_TYPE] = str(tensor.dtype).removeprefix("torch.")
    frame.props[_SHAPE] = " ".join(map(str, tensor.shape))
    return frame


def _unpack_one(frame: vs.VideoFrame) -> Tensor:
    dtype: torch.dtype = getattr(torch, str(frame.props[_TYPE]))
    shape = [int(length) for length in str(frame.props[_SHAPE]).split()]
    return plane_of(frame).view(dtype).reshape(shape)
