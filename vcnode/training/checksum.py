"""Whether a file of tensors is what was written: safetensors itself notices no change of a value."""

import hashlib
import json
from collections.abc import Mapping

import torch
from torch import Tensor


def checksum(tensors: Mapping[str, Tensor], metadata: Mapping[str, str]) -> str:
    """Digest names, types, shapes and values of tensors, and words, with SHA-256."""
    digest = hashlib.sha256(json.dumps(metadata, sort_keys=True).encode())
    for name in sorted(tensors):
        tensor = tensors[name].detach().cpu()
        digest.update(f"{name} {tensor.dtype} {tuple(tensor.shape)}".encode())
        digest.update(tensor.reshape(-1).view(torch.uint8).numpy())
    return digest.hexdigest()
