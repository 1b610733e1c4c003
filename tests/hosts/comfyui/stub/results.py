"""What a value must be to travel over a socket of a type."""

import torch

from .video import VideoInput


def check_result(io_type, value):
    """What is wrong with a node's result, as the end of a sentence; None when it is as it must be."""
    if io_type == "IMAGE":
        return _image(value)
    if io_type == "MASK":
        return _mask(value)
    if io_type == "VIDEO":
        return None if isinstance(value, VideoInput) else f"is {type(value).__name__}, not a VIDEO"
    kinds = {"INT": int, "FLOAT": float, "STRING": str, "BOOLEAN": bool}
    if io_type in kinds and type(value) is not kinds[io_type]:
        return f"is {type(value).__name__}, not {io_type}"
    return "is None" if value is None else None


def _image(value):
    if not isinstance(value, torch.Tensor) or value.ndim != 4 or value.shape[-1] != 3 or len(value) == 0:
        return f"is not a batch of images (B, H, W, 3): {getattr(value, 'shape', value)}"
    return _plain(value)


def _mask(value):
    if not isinstance(value, torch.Tensor) or value.ndim != 3 or len(value) == 0:
        return f"is not a batch of masks (B, H, W): {getattr(value, 'shape', value)}"
    return _plain(value)


def _plain(value):
    if value.dtype != torch.float32 or value.device.type != "cpu":
        return f"is {value.dtype} on {value.device}, not float32 where the host keeps images"
    if not value.is_contiguous() or value.requires_grad:
        return "is not contiguous, or still asks for gradients"
    if not bool(value.isfinite().all()) or value.min() < 0 or value.max() > 1:
        return "leaves 0..1"
    return None
