"""Matching on a CPU where nothing is learned, its cosines by convolutions of 1x1.

PyTorch has oneDNN convolve, which is at its best on every processor and in bfloat16 as well; products of matrices it
leaves to MKL in float32 (`processor.multiplies_slowly`). The matrix of cosines lies the other way round than in
`matching_exact`: positions of the reference are the pixels of a picture, those of the frame the channels made of it.
"""

import torch
import torch.nn.functional as F
from torch import Tensor

from vcnode.network.matching_exact import PAPER_TEMPERATURE, RUN, UNDERFLOW
from vcnode.network.processor import multiplies_slowly

_BLOCK = 2**20  # cosines held at once, so that they stay in the processor's cache,
_FEWEST = 128  # and frame positions at once, below which convolving is slow
_SAMPLED = 16  # one key of so many tells roughly how great a position's greatest cosine will be


def can_convolve(query: Tensor, key: Tensor, value: Tensor) -> bool:
    """Whether `convolved_match` is precise enough for these tensors, and their gradients are not asked for."""
    learning = torch.is_grad_enabled() and any(x.requires_grad for x in (query, key, value))
    known = query.dtype == key.dtype in (torch.float32, torch.bfloat16) and value.dtype != torch.float64
    return query.device.type == "cpu" and known and not learning


def pays_to_convolve(query: Tensor) -> bool:
    """Whether it is quicker than the reference, too."""
    return query.dtype == torch.bfloat16 or multiplies_slowly()


def convolved_match(
    query: Tensor, key: Tensor, value: Tensor, temperature: float | None, mask: Tensor | None, bias: Tensor | None
) -> tuple[Tensor, Tensor, Tensor]:
    """Do the work of `matching.match` for arguments that it has checked, without gradients.

    Returns:
        Warped values `(B, C, N)`, confidence `(B, N)` and index `(B, N)`, all but the last in float32.
    """
    with torch.no_grad(), torch.autocast(query.device.type, enabled=False):
        samples = []
        for number in range(query.shape[0]):
            own_mask, own_bias = (None if x is None else x[number] for x in (mask, bias))
            sample = (query[number], key[number], value[number].float())
            samples.append(_match_sample(*sample, temperature, own_mask, own_bias))
    warped, confidence, index = (torch.stack(parts) for parts in zip(*samples, strict=True))
    return warped, confidence, index


def _match_sample(
    query: Tensor, key: Tensor, value: Tensor, temperature: float | None, mask: Tensor | None, bias: Tensor | None
) -> tuple[Tensor, Tensor, Tensor]:
    """One sample, without its dimension; masked keys are left out from the start."""
    kept = None if mask is None else mask.nonzero()[:, 0]
    if kept is not None:
        key, value = key[:, kept], value[:, kept]
        bias = None if bias is None else bias[kept]
    tilt = None if bias is None else (bias.float() * (temperature or PAPER_TEMPERATURE)).to(key.dtype)[:, None]
    pixels = key.T.contiguous()
    sampled = pixels[::_SAMPLED].contiguous() if key.dtype == torch.bfloat16 else None
    # The ones add up the weights, and four rows are multiplied in less time than three.
    summed = F.pad(torch.cat((value, torch.ones_like(value[:1]))), (0, 0, 0, -(len(value) + 1) % 4))
    parts = []
    rows = max(_FEWEST, _BLOCK // key.shape[1] // _FEWEST * _FEWEST)
    for start in range(0, query.shape[1], rows):
        cosines, offset = _cosines(query[:, start : start + rows].T, pixels, sampled)
        best, index = _greatest(cosines)
        confidence = best.float() + offset
        if tilt is not None:
            best, index = _greatest(cosines.add_(tilt))
        if temperature is None:
            warped = value[:, index]
        else:
            weights = cosines.sub_(best).mul_(1 / temperature).clamp_(min=UNDERFLOW).exp_()
            sums = summed @ weights.float()
            warped = sums[: len(value)] / sums[len(value)]
        parts.append((warped, confidence, index if kept is None else kept[index]))
    warped, confidence, index = (torch.cat(part, dim=-1) for part in zip(*parts, strict=True))
    return warped, confidence, index


def _cosines(queries: Tensor, pixels: Tensor, sampled: Tensor | None) -> tuple[Tensor, Tensor | float]:
    """Cosines of all keys with some queries `(M, n)`, less an offset for each query `(n,)`.

    oneDNN adds up in float32 whatever the precision, but rounds results to it: with 8 bits to steps of 1/256 just below
    1, where all depends on differences. So something near each query's greatest is taken off before rounding.
    """
    kernels = queries.contiguous()[:, :, None, None]
    if sampled is None:
        return _convolve(pixels, kernels, None), 0.0
    offset = _convolve(sampled, kernels, None).amax(dim=0)
    return _convolve(pixels, kernels, -offset), offset.float()


def _convolve(pixels: Tensor, kernels: Tensor, bias: Tensor | None) -> Tensor:
    picture = pixels[None, None].permute(0, 3, 1, 2)  # (1, D, 1, M), its channels last in memory
    return F.conv2d(picture, kernels, bias)[0, :, 0].T


def _greatest(cosines: Tensor) -> tuple[Tensor, Tensor]:
    """The greatest of each column of `(M, n)` and the lowest place where it stands, `(n,)` each."""
    count, columns = cosines.shape
    whole = count // RUN * RUN
    if not whole:
        best, index = cosines.max(dim=0)
        return best, index
    runs = cosines[:whole].view(-1, RUN, columns)
    best, run = runs.amax(dim=1).max(dim=0)
    index = run * RUN + runs[run, :, torch.arange(columns)].argmax(dim=1)
    if whole < count:
        last, place = cosines[whole:].max(dim=0)
        index = torch.where(last > best, place + whole, index)
        best = torch.maximum(best, last)
    return best, index
