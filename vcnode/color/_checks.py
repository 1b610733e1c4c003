"""What the colour functions do with input first: what is wrong is named, never turned into a wrong picture."""

import torch
from torch import Tensor

from vcnode.errors import InputError


def floating_planes(planes: Tensor, channels: int | None, what: str) -> Tensor:
    """Returns `planes` in float32 (float64 stays), checked to be (B, channels, H, W); None is any number.

    Raises:
        InputError: for integer values or another number of channels.
    """
    if not planes.is_floating_point():
        raise InputError(f"{what} has the type {planes.dtype}; decode it to floating-point values first.")
    if planes.ndim != 4 or channels not in (None, planes.shape[1]):
        wanted = "C" if channels is None else channels
        raise InputError(f"{what} has the shape {tuple(planes.shape)}; it must be (B, {wanted}, H, W).")
    return planes if planes.dtype == torch.float64 else planes.float()


def where_numbers_are_known(planes: Tensor) -> Tensor:
    """Returns `planes`, on the CPU if they lie on an Apple GPU, which has neither float64 nor, mostly, uint16."""
    return planes.cpu() if planes.device.type == "mps" else planes


def same_frame(first: Tensor, second: Tensor, what: str) -> None:
    """Checks that two stacks of planes agree in batch size, height and width.

    Raises:
        InputError: when they differ.
    """
    if len(first) != len(second) or first.shape[-2:] != second.shape[-2:]:
        raise InputError(
            f"{what} have the shapes {tuple(first.shape)} and {tuple(second.shape)}; "
            "batch size, height and width must agree."
        )
