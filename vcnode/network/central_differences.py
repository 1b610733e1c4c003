"""How pictures change from pixel to pixel."""

import torch.nn.functional as F
from torch import Tensor


def central_differences(image: Tensor) -> tuple[Tensor, Tensor]:
    """Half of what the pixels beside, and those below and above, differ by; the border is repeated.

    Args:
        image: `(B, C, H, W)`.

    Returns:
        Both of the same shape.
    """
    padded = F.pad(image, (1, 1, 1, 1), mode="replicate")
    across = (padded[:, :, 1:-1, 2:] - padded[:, :, 1:-1, :-2]) / 2
    down = (padded[:, :, 2:, 1:-1] - padded[:, :, :-2, 1:-1]) / 2
    return across, down
