"""Matching by the kernels of `matching_triton`: whether they can do a task, and what goes in and comes back."""

import functools
import math
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F
import triton
from torch import Tensor
from torch.autograd.function import once_differentiable

from vcnode.network import matching_triton
from vcnode.network.matching_exact import PAPER_TEMPERATURE, exact_match

INTERPRETED = not isinstance(matching_triton.match_forward, triton.JITFunction)  # and so on the CPU
LEAST_CAPABILITY = (8, 0)  # Ampere, the oldest that Triton supports and the first with TF32
_ROOMY = ((9, 0), (10, 0), (10, 3))  # Hopper, Blackwell for servers: 227 KiB of shared memory; the others 99 or more
_DEEPEST = 256  # channels of a descriptor: a block of queries has to stay on the chip whole


@dataclass(frozen=True)
class Task:
    """What decides which kernels are compiled and how.

    Attributes:
        device: Where.
        channels: Of the descriptors, after padding: a power of two, at least 16.
        columns: Of the values, after padding: 2 or 3.
        half: Whether float16 is precise enough for the descriptors.
        soft: Whether there is a temperature.
        biased: Whether keys have biases.
        learning: Whether gradients will be wanted.
    """

    device: torch.device
    channels: int
    columns: int
    half: bool
    soft: bool = True
    biased: bool = False
    learning: bool = False

    @classmethod
    def of(cls, query: Tensor, key: Tensor, value: Tensor, temperature: float | None, bias: Tensor | None) -> "Task":
        """The task that arguments of `matching.match` set."""
        half = torch.is_autocast_enabled(query.device.type)
        half = half or any(x.dtype in (torch.float16, torch.bfloat16) for x in (query, key))
        learning = torch.is_grad_enabled() and any(x.requires_grad for x in (query, key, value))
        channels = pad_channels(query.shape[1])
        columns = max(2, value.shape[1])
        return cls(query.device, channels, columns, half, temperature is not None, bias is not None, learning)


@dataclass(frozen=True)
class Tiles:
    """How a kernel cuts its work. Other cuts add up in another order, so a table chooses, never a stopwatch."""

    rows: int
    keys: int
    warps: int
    stages: int


# Shared memory of the forward kernel, as compiled: 2 bytes x parts x channels x (rows + stages x keys) on roomy GPUs;
# others hold the queries in registers and one tile less, if registers suffice. Every block reads all keys, so 128 rows
# ask the L2 cache for 1 byte per 128 operations; fewer rows would wait for it. Then come wide tiles, then stages.
_FORWARD = {  # (roomy, parts, channels at most)
    (True, 1, 128): Tiles(128, 128, 8, 3),  # 128 KiB
    (True, 1, 256): Tiles(128, 128, 8, 2),  # 192 KiB
    (True, 2, 128): Tiles(128, 64, 8, 3),  # 160 KiB
    (True, 2, 256): Tiles(128, 32, 8, 2),  # 192 KiB
    (False, 1, 128): Tiles(128, 64, 8, 3),  # 66 KiB
    (False, 1, 256): Tiles(128, 64, 8, 2),  # 98 KiB
    (False, 2, 128): Tiles(128, 64, 8, 2),  # 96 KiB
    (False, 2, 256): Tiles(64, 32, 4, 2),  # 96 KiB
}
# Here registers are the limit, which hold the gradient of a block, 4 bytes x 32 x channels. At most 69 KiB of memory.
_BACKWARD = {128: Tiles(32, 32, 4, 2), 256: Tiles(32, 32, 8, 2)}


def forward_tiles(task: Task, capability: tuple[int, int]) -> Tiles:
    """How the forward kernel cuts its work on a GPU of some compute capability."""
    return _FORWARD[capability in _ROOMY, 1 if task.half else 2, _size_class(task)]


def backward_tiles(task: Task) -> Tiles:
    """How both backward kernels cut their work."""
    return _BACKWARD[_size_class(task)]


def _size_class(task: Task) -> int:
    return 128 if task.channels <= 128 else 256


def pad_channels(count: int) -> int:
    """The depth at which descriptors of `count` channels are multiplied."""
    return max(16, 1 << (count - 1).bit_length())


def supports(query: Tensor, value: Tensor) -> bool:
    """Whether tensors are of a kind and size that the kernels are made for."""
    fits = query.shape[1] <= _DEEPEST and 1 <= value.shape[1] <= 3 and query.shape[0] * query.shape[2] > 0
    numbers = max(query.shape[2], value.shape[2]) * 2 * pad_channels(query.shape[1])
    return fits and numbers < 2**31 and torch.float64 not in (query.dtype, value.dtype)  # places are counted in 32 bits


@functools.cache
def flaw(task: Task) -> str | None:
    """Try the kernels on a small problem, once for every task, and compare with the reference.

    A new GPU, driver or Triton may fail to compile them, and a wrong picture would be worse than a slow one.

    Returns:
        What is wrong, None if all is well.
    """
    if task.device.type == "cuda" and torch.cuda.get_device_capability(task.device) < LEAST_CAPABILITY:
        return "its compute capability is below 8.0, which Triton needs"
    try:
        return _compare(task)
    except torch.OutOfMemoryError:
        raise
    except Exception as error:  # compilers, drivers and launches fail in many ways
        return f"{type(error).__name__}: {str(error).strip().partition('\n')[0]}"


def _compare(task: Task) -> str | None:
    generator = torch.Generator().manual_seed(0)

    def draw(*shape: int) -> Tensor:
        return torch.randn(*shape, generator=generator, device="cpu")  # whatever the host's default is

    def results(way: Callable[..., tuple[Tensor, ...]], device: torch.device, dtype: torch.dtype) -> Iterator[Tensor]:
        inputs = [x.to(device, dtype).requires_grad_(task.learning) for x in (*descriptors, value)]
        there = None if bias is None else bias.to(device)
        temperature = PAPER_TEMPERATURE if task.soft else None
        warped, confidence, index = way(*inputs, temperature, mask.to(device), there)
        ends = (warped.to(dtype), confidence)
        yield from (*ends, index)
        if task.learning:
            yield from torch.autograd.grad(ends, inputs, [x.to(y) for x, y in zip(slopes, ends, strict=True)])

    with (
        torch.inference_mode(False),
        torch.set_grad_enabled(task.learning),
        torch.autocast(task.device.type, enabled=False),
    ):
        narrow = torch.float16 if task.half else torch.float32
        descriptors = [F.normalize(draw(2, task.channels, count), dim=1).to(narrow) for count in (150, 200)]
        value = (40 * draw(2, task.columns, 200)).to(narrow)
        mask, bias = draw(2, 200) > -1, draw(2, 200) if task.biased else None
        slopes = [draw(2, task.columns, 150), draw(2, 150)]
        names = ("warped values", "confidence", "best matches", "gradient of queries", "of keys", "of values")
        truth = results(exact_match, torch.device("cpu"), torch.float64)
        for name, one, other in zip(names, results(fused_match, task.device, narrow), truth, strict=False):
            true = other.detach().double()
            error = float((one.detach().cpu().double() - true).norm() / true.norm())
            if not error < 5e-3:  # half precision values and TF32 gradients come to 1e-3; NaN is an error too
                return f"its {name} are off by {error:.1e} of their size"
    return None


def fused_match(
    query: Tensor, key: Tensor, value: Tensor, temperature: float | None, mask: Tensor | None, bias: Tensor | None
) -> tuple[Tensor, Tensor, Tensor]:
    """Do the work of `matching.match` for arguments that it has checked and that `supports` allows.

    Returns:
        Warped values `(B, C, N)`, confidence `(B, N)` and index `(B, N)`.
    """
    task = Task.of(query, key, value, temperature, bias)
    with torch.autocast(query.device.type, enabled=False):
        found: tuple[Tensor, Tensor, Tensor] = _FusedMatch.apply(query, key, value, temperature, mask, bias, task)
    return found


class _FusedMatch(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any,
        query: Tensor,
        key: Tensor,
        value: Tensor,
        temperature: float | None,
        mask: Tensor | None,
        bias: Tensor | None,
        task: Task,
    ) -> tuple[Tensor, Tensor, Tensor]:
        batch, _, queries = query.shape
        operands = (_rows(query, task), _rows(key, task), _columns(value, task), _shift(key, temperature, mask, bias))
        scale = 1.0 if temperature is None else math.log2(math.e) / temperature
        numbers = (queries, key.shape[2], *_steps(operands), scale)
        warped = torch.empty(batch, task.columns, queries, device=query.device)
        confidence, log_sum = warped.new_empty(2, batch, queries)
        index = torch.empty(batch, queries, dtype=torch.int64, device=query.device)
        nearest = torch.empty_like(index) if task.biased else index
        tiles = forward_tiles(
            task, torch.cuda.get_device_capability(query.device) if query.is_cuda else LEAST_CAPABILITY
        )
        with _chosen(task.device):
            matching_triton.match_forward[triton.cdiv(queries, tiles.rows), batch](
                *operands,
                *(warped, confidence, log_sum, index, nearest),
                *numbers,
                SOFT=task.soft,
                BIASED=task.biased,
                **_constants(task, tiles),
            )
        ctx.save_for_backward(*operands, warped, log_sum, index, nearest, key)
        ctx.numbers, ctx.task, ctx.columns = numbers, task, value.shape[1]
        ctx.mark_non_differentiable(index)
        return warped[:, : value.shape[1]], confidence, index

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor | None, ...]:
        *operands, warped, log_sum, index, nearest, key = ctx.saved_tensors
        task, numbers = ctx.task, ctx.numbers
        (batch, depth, keys), queries = key.shape, index.shape[1]
        outer = F.pad(grads[0].float(), (0, 0, 0, task.columns - ctx.columns)).contiguous()
        steep = grads[1].float().contiguous()
        mean = (outer * warped).sum(dim=1)
        tiles = backward_tiles(task)
        constants = _constants(task, tiles)
        grad_query = grad_key = grad_value = None
        if ctx.needs_input_grad[0]:
            grad_query = key.gather(2, nearest[:, None].expand(-1, depth, -1)) * steep[:, None]
            if task.soft:
                gathered = outer.new_empty(batch, queries, task.channels)
                with _chosen(task.device):
                    matching_triton.match_query_gradient[triton.cdiv(queries, tiles.rows), batch](
                        *operands, outer, mean, log_sum, gathered, *numbers, **constants
                    )
                grad_query = grad_query + gathered[..., :depth].transpose(1, 2)
        if ctx.needs_input_grad[1] or ctx.needs_input_grad[2]:
            gathered = outer.new_empty(batch, keys, task.channels)
            grad_columns = outer.new_empty(batch, task.columns, keys)
            with _chosen(task.device):
                matching_triton.match_key_gradient[triton.cdiv(keys, tiles.keys), batch](
                    *operands,
                    *(outer, mean, log_sum, index, nearest, steep, gathered, grad_columns),
                    *numbers,
                    SOFT=task.soft,
                    **constants,
                )
            grad_key = gathered[..., :depth].transpose(1, 2)
            grad_value = grad_columns[:, : ctx.columns]
        return grad_query, grad_key, grad_value, None, None, None, None


def _chosen(device: torch.device) -> AbstractContextManager[None]:
    """Triton launches on the current GPU, whichever its tensors are on."""
    return torch.cuda.device(device) if device.type == "cuda" else nullcontext()


def _constants(task: Task, tiles: Tiles) -> dict[str, Any]:
    return {
        "SPLIT": not task.half,
        "DEPTH": task.channels,
        "COLUMNS": task.columns,
        "ROWS": tiles.rows,
        "TILE": tiles.keys,
        "num_warps": tiles.warps,
        "num_stages": tiles.stages,
        "enable_fp_fusion": True,  # its default depends on Triton's version, and rounding on it
    }


def _shared(x: Tensor) -> Tensor:
    """One sample where all are the same memory, so that it is converted once."""
    return x[:1] if x.stride(0) == 0 else x


def _rows(descriptors: Tensor, task: Task) -> Tensor:
    """`(B, D, N)` to `(B, N, parts * channels)`, float16, B perhaps 1."""
    rows = F.pad(_shared(descriptors).transpose(1, 2), (0, task.channels - descriptors.shape[1]))
    high = rows.to(torch.float16)
    if task.half:
        return high.contiguous()
    low = (rows - high) * matching_triton.LOW_PARTS
    return torch.cat((high, low.to(torch.float16)), dim=2).contiguous()


def _columns(value: Tensor, task: Task) -> Tensor:
    return F.pad(_shared(value).float(), (0, 0, 0, task.columns - value.shape[1])).contiguous()


def _shift(key: Tensor, temperature: float | None, mask: Tensor | None, bias: Tensor | None) -> Tensor:
    """What is added to the logits of each key, `(B, M)`, B perhaps 1."""
    shift = torch.zeros(1, key.shape[2], device=key.device)
    if bias is not None:
        shift = _shared(bias).float() * (PAPER_TEMPERATURE if temperature is None else math.log2(math.e))
    if mask is not None:
        shift = shift.masked_fill(~_shared(mask), -math.inf)
    return shift.contiguous()


def _steps(operands: tuple[Tensor, ...]) -> list[int]:
    """How far apart samples are: of queries and keys in rows, of values and shifts in numbers."""
    steps = (x.shape[1] if number < 2 else x[0].numel() for number, x in enumerate(operands))
    return [0 if x.shape[0] == 1 else step for x, step in zip(operands, steps, strict=True)]
