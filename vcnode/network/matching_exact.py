"""The reference for matching, in plain PyTorch.

The N x M matrix of cosines exists a few hundred rows at a time; gradients recompute it.
"""

import math
from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor

PAPER_TEMPERATURE = 0.01
_BLOCK = 2**21  # numbers of the matrix held at once: more leave the processor's cache ...
_FEWEST_ROWS = 128  # ... and fewer rows than these make products of matrices slow
_GPU_BLOCK = 2**25  # numbers held at once on a GPU, where launches count: 128 MiB
RUN = 96  # keys whose greatest is found first, since finding its place is slow
UNDERFLOW = -80.0  # e^-80 adds nothing to a sum that holds e^0, and stays clear of the slow denormal numbers


def exact_match(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    temperature: float | None,
    mask: Tensor | None,
    bias: Tensor | None,
    rows: int | None = None,
) -> tuple[Tensor, Tensor, Tensor]:
    """Do the work of `matching.match` for arguments that it has checked.

    Returns:
        Warped values `(B, C, N)`, confidence `(B, N)` and index `(B, N)`.
    """
    if rows is None:
        block = _BLOCK if query.device.type == "cpu" else _GPU_BLOCK
        rows = max(_FEWEST_ROWS, block // key.shape[2] // _FEWEST_ROWS * _FEWEST_ROWS)
    wide = torch.promote_types(query.dtype, torch.float32)
    excluded = None if mask is None else ~mask
    features = (query.to(wide), key.to(wide), value.to(wide))
    tilt = None if bias is None else bias.to(wide)
    with torch.autocast(query.device.type, enabled=False):
        found: tuple[Tensor, Tensor, Tensor] = _ExactMatch.apply(*features, excluded, tilt, temperature, rows)
    return found


class _ExactMatch(torch.autograd.Function):
    """Shapes as in `exact_match`; one sample and a few rows of the matrix at a time."""

    @staticmethod
    def forward(
        ctx: Any,
        query: Tensor,
        key: Tensor,
        value: Tensor,
        excluded: Tensor | None,
        bias: Tensor | None,
        temperature: float | None,
        rows: int,
    ) -> tuple[Tensor, Tensor, Tensor]:
        batch, _, count = query.shape
        warped = value.new_empty(batch, value.shape[1], count)
        confidence, log_sum = query.new_empty(batch, count), query.new_empty(batch, count)
        nearest = torch.empty(batch, count, dtype=torch.int64, device=query.device)
        index = nearest if bias is None else torch.empty_like(nearest)
        scale = 1.0 if temperature is None else 1 / temperature
        if bias is not None and temperature is None:
            bias = bias * PAPER_TEMPERATURE
        summed = torch.cat((value, torch.ones_like(value[:, :1])), dim=1)  # the ones add up the weights
        buffer = query.new_empty(min(rows, count), key.shape[2])
        for sample, part in _parts(batch, count, rows):
            here = (sample, part)
            logits = _logits(query, key, excluded, here, scale, buffer)
            best, nearest[here] = _greatest(logits)
            confidence[here] = best / scale
            if bias is not None:
                best, index[here] = _greatest(logits.add_(bias[sample]))
            if temperature is None:
                warped[sample, :, part] = value[sample, :, index[here]]
            else:
                weights = logits.sub_(best[:, None]).clamp_(min=UNDERFLOW).exp_()
                sums = summed[sample] @ weights.T
                warped[sample, :, part] = sums[:-1] / sums[-1]
                log_sum[here] = best + sums[-1].log()
        ctx.save_for_backward(query, key, value, excluded, bias, warped, log_sum, nearest, index)
        ctx.scale, ctx.rows, ctx.hard = scale, rows, temperature is None
        ctx.mark_non_differentiable(index)
        return warped, confidence, index

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor | None, ...]:
        query, key, value, excluded, bias, warped, log_sum, nearest, index = ctx.saved_tensors
        grad_warped, grad_confidence = grads[:2]
        grad_query, grad_key, grad_value = (torch.zeros_like(tensor) for tensor in (query, key, value))
        batch, _, count = query.shape
        rows = max(1, ctx.rows // 2)  # two matrices at once instead of one
        buffers = query.new_empty(2, min(rows, count), key.shape[2])
        for sample, part in _parts(batch, count, rows):
            here = (sample, part)
            queries, outer = query[sample, :, part], grad_warped[sample, :, part]
            grad_query[sample, :, part] = key[sample, :, nearest[here]] * grad_confidence[here]
            grad_key[sample].index_add_(1, nearest[here], queries * grad_confidence[here])
            if ctx.hard:
                grad_value[sample].index_add_(1, index[here], outer)
                continue
            weights = _logits(query, key, excluded, here, ctx.scale, buffers[0])
            if bias is not None:
                weights.add_(bias[sample])
            weights.sub_(log_sum[here][:, None]).clamp_(min=UNDERFLOW).exp_()
            grad_value[sample].addmm_(outer, weights)
            to_cosine = torch.mm(outer.T, value[sample], out=buffers[1, : weights.shape[0]])
            mean = (outer * warped[sample, :, part]).sum(dim=0)
            to_cosine.sub_(mean[:, None]).mul_(weights).mul_(ctx.scale)
            grad_query[sample, :, part].addmm_(key[sample], to_cosine.T)
            grad_key[sample].addmm_(queries, to_cosine)
        return grad_query, grad_key, grad_value, None, None, None, None


def _parts(batch: int, count: int, rows: int) -> Iterator[tuple[int, slice]]:
    for sample in range(batch):
        for start in range(0, count, rows):
            yield sample, slice(start, min(start + rows, count))


def _logits(
    query: Tensor, key: Tensor, excluded: Tensor | None, here: tuple[int, slice], scale: float, buffer: Tensor
) -> Tensor:
    """Cosines times `scale`, `(n, M)`, in the buffer; scaling the queries spares a pass over the matrix."""
    sample, part = here
    queries = (query[sample, :, part] * scale).T
    logits = torch.mm(queries, key[sample], out=buffer[: queries.shape[0]])
    return logits if excluded is None else logits.masked_fill_(excluded[sample], -math.inf)


def _greatest(logits: Tensor) -> tuple[Tensor, Tensor]:
    """The greatest of each row and the lowest place where it stands.

    The same as `logits.max(dim=1)`, on CPUs in a third of its time.
    """
    rows, count = logits.shape
    whole = count // RUN * RUN
    if not whole:
        best, index = logits.max(dim=1)
        return best, index
    runs = logits[:, :whole].view(rows, -1, RUN)
    best, run = runs.amax(dim=2).max(dim=1)
    index = run * RUN + runs[torch.arange(rows, device=run.device), run].argmax(dim=1)
    if whole < count:
        last, place = logits[:, whole:].max(dim=1)
        index = torch.where(last > best, place + whole, index)
        best = torch.maximum(best, last)
    return best, index
