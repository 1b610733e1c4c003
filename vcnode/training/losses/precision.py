"""In which precision losses are computed."""

import torch
from torch import Tensor


def at_least_float32(tensor: Tensor) -> Tensor:
    """Widen half precision (and flags) to float32; float64 stays, for gradient checks."""
    return tensor.to(torch.promote_types(tensor.dtype, torch.float32))
