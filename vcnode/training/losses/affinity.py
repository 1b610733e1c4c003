"""The contextual loss's affinities and their maxima, in linear memory.

The N x M matrix exists some rows at a time; gradients compute it again.
"""

from collections.abc import Iterator
from typing import Any, Literal

import torch
from torch import Tensor

BLOCK = 2**22  # matrix elements held at once: 16 MB a copy in float32, of which there are a handful
_BANDWIDTH = 0.1  # the paper's h
_EPSILON = 1e-5  # keeps the temperature from zero where the match is perfect


def peak_affinity(query: Tensor, key: Tensor, over: Literal["keys", "queries"], *, block: int = BLOCK) -> Tensor:
    """The greatest affinity of every query with any key, or of every key with any query.

    Affinities are those of the contextual loss (Mechrez et al., 2018). With the cosine distance `d_ij` of query i and
    key j and `d~_ij = d_ij / (min_k d_ik + 1e-5)`, they are `A_ij = softmax_j((1 - d~_ij) / 0.1)`: a softmax of cosines
    whose temperature, `0.1 * (min_k d_ik + 1e-5)`, follows each query's best match.

    Args:
        query: Unit vectors `(B, C, N)`.
        key: Unit vectors `(B, C, M)`.
        over: "keys": `max_j A_ij`. "queries": `max_i A_ij`.
        block: How many elements of the matrix exist at once (one row of each sample at least).

    Returns:
        `(B, N)` for "keys", `(B, M)` for "queries", in 0..1, with the gradients of the dense form.
    """
    with torch.autocast(query.device.type, enabled=False):
        peaks: Tensor = _PeakAffinity.apply(query, key, over == "keys", block)
    return peaks


class _PeakAffinity(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, query: Tensor, key: Tensor, over_keys: bool, block: int) -> Tensor:
        ctx.over_keys, ctx.block = over_keys, block
        batch, queries, keys = query.shape[0], query.shape[2], key.shape[2]
        peaks = query.new_zeros(batch, queries if over_keys else keys)
        winner = torch.zeros(peaks.shape, dtype=torch.int64, device=query.device)
        for rows in _blocks(query, key, block):
            affinity = _affinities(query, key, rows)[0]
            if over_keys:
                peaks[:, rows], winner[:, rows] = affinity.max(dim=2)
            else:
                peak, row = affinity.max(dim=1)
                winner = torch.where(peak > peaks, row + rows.start, winner)
                peaks = torch.maximum(peak, peaks)
        ctx.save_for_backward(query, key, winner)
        return peaks

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor | None, ...]:
        query, key, winner = ctx.saved_tensors
        with torch.autocast(query.device.type, enabled=False):
            grad_query, grad_key = torch.zeros_like(query), torch.zeros_like(key)
            for rows in _blocks(query, key, ctx.block):
                affinity, offset, temperature, best = _affinities(query, key, rows)
                outer = torch.zeros_like(affinity)
                if ctx.over_keys:
                    outer.scatter_(2, winner[:, rows, None], grads[0][:, rows, None])
                else:
                    row = torch.arange(rows.start, rows.stop, device=query.device).view(1, -1, 1)
                    outer += (winner[:, None] == row) * grads[0][:, None]
                # Back through the softmax, then through its temperature, which follows the row's best match alone.
                to_logits = affinity * (outer - (affinity * outer).sum(dim=2, keepdim=True))
                to_temperature = -(to_logits * offset).sum(dim=2, keepdim=True) / temperature**2
                to_cosine = to_logits.div_(temperature).scatter_add_(2, best, -_BANDWIDTH * to_temperature)
                grad_query[:, :, rows] = key @ to_cosine.mT
                grad_key.baddbmm_(query[:, :, rows], to_cosine)
        return grad_query, grad_key, None, None


def _blocks(query: Tensor, key: Tensor, block: int) -> Iterator[slice]:
    count = query.shape[2]
    rows = max(1, block // (query.shape[0] * key.shape[2]))
    return (slice(start, min(start + rows, count)) for start in range(0, count, rows))


def _affinities(query: Tensor, key: Tensor, rows: slice) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Some rows of: affinities, cosines less the row's greatest, the row's temperature, where its greatest is."""
    cosine = query[:, :, rows].mT @ key
    greatest, best = cosine.max(dim=2, keepdim=True)
    offset = cosine.sub_(greatest)
    # Distances are not negative; rounding (much, in TF32) may make them so.
    temperature = _BANDWIDTH * ((1 - greatest).clamp(min=0) + _EPSILON)
    return (offset / temperature).softmax(dim=2), offset, temperature, best
