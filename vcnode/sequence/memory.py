"""Running out of memory: recognised, and answered with a size that fits."""

import math
import re

import torch

from vcnode.errors import DeviceError

_ALLOCATION = re.compile(r"tried to allocate ([0-9.]+) ?(bytes|[KMGT]iB|)", re.IGNORECASE)
_UNITS = {"": 1, "bytes": 1, "kib": 2**10, "mib": 2**20, "gib": 2**30, "tib": 2**40}
_MARGIN = 0.8  # of what should fit: other programs breathe, and allocators fragment
_SMALLEST, _MULTIPLE = 64, 8  # pixels: what `Settings` and the network take


def is_out_of_memory(error: BaseException) -> bool:
    """Whether an error means that memory ran out, on a GPU, in PyTorch's CPU allocator or in Python."""
    if isinstance(error, torch.OutOfMemoryError | MemoryError):
        return True
    text = str(error).lower()
    return isinstance(error, RuntimeError) and ("defaultcpuallocator" in text or "out of memory" in text)


def out_of_memory(error: BaseException, working_size: int, device: torch.device) -> DeviceError:
    """Say in one sentence what to do when memory ran out.

    Args:
        error: See `is_out_of_memory`.
        working_size: Short side in pixels at which the network worked.
        device: Where.
    """
    free, used = _memory(device)
    wanted = requested_bytes(error)
    asked = f" when {wanted / 2**20:.0f} MiB more were needed" if wanted else ""
    where = f"The device {device}" if device.type != "cpu" else "This machine"
    fitting = size_that_fits(working_size, free, None if used is None or wanted is None else used + wanted)
    if fitting is None:
        advice = "close other programs, use a smaller look-ahead and fewer references, or the device cpu"
    else:
        advice = f"--size {fitting} should fit; also close other programs, or give a smaller --look-ahead"
    return DeviceError(f"{where} ran out of memory{asked} at the working size {working_size}: {advice}.")


def requested_bytes(error: BaseException) -> int | None:
    """Read from PyTorch's message how much was asked for; None where it does not say."""
    found = _ALLOCATION.search(str(error))
    return round(float(found[1]) * _UNITS[found[2].lower()]) if found else None


def size_that_fits(working_size: int, available: int | None, needed: int | None) -> int | None:
    """Estimate the greatest working size that fits, memory being linear in working pixels.

    Args:
        working_size: Short side in pixels that did not fit.
        available: Bytes that may be used; None: unknown, half the pixels are assumed to fit.
        needed: Bytes needed at least at `working_size`; None: unknown.

    Returns:
        A short side in pixels, smaller than `working_size`, or None where even the smallest is too much.
    """
    share = 0.5 if not available or not needed else min(1.0, available / needed)
    fitting = math.floor(working_size * math.sqrt(_MARGIN * share) / _MULTIPLE) * _MULTIPLE
    return fitting if _SMALLEST <= fitting < working_size else None


def _memory(device: torch.device) -> tuple[int | None, int | None]:
    """Bytes that this process may use on a GPU, and its greatest use so far; unknown elsewhere."""
    if device.type != "cuda":
        return None, None
    free, _ = torch.cuda.mem_get_info(device)
    return free + torch.cuda.memory_reserved(device), torch.cuda.max_memory_allocated(device)
