"""Whether a node changed what it was given: ComfyUI's cache hands the same objects to other nodes."""

import hashlib
from dataclasses import fields, is_dataclass

import torch
from torch import Tensor, nn

from .host import ModelPatcher


def fingerprint(value):
    """Equal as long as nothing in `value` that can be seen from outside has changed."""
    if isinstance(value, Tensor):
        raw = value.detach().cpu().contiguous().flatten().view(torch.uint8).numpy().tobytes()
        return str(value.dtype), str(value.device), tuple(value.shape), hashlib.sha256(raw).hexdigest()
    if isinstance(value, ModelPatcher):
        return fingerprint(value.model)
    if isinstance(value, nn.Module):
        return fingerprint(dict(value.state_dict()))
    if isinstance(value, dict):
        return {key: fingerprint(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [fingerprint(part) for part in value]
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: fingerprint(getattr(value, field.name)) for field in fields(value)}
    return value if isinstance(value, str | int | float | bool | None) else id(value)
