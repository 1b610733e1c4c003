"""Exact matching of every frame position with every reference position, in linear memory.

This is the paper's correlation and warp (equations 2 to 4). Exact on every device: no approximation, no sampling.
`match` takes the reference of `matching_exact`; on CUDA the kernels of `matching_triton` where they work; on a CPU
`matching_convolved` where that is quicker.
"""

import functools
import logging
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import accumulate
from types import ModuleType
from typing import Literal, Self, get_args

import torch
from torch import Tensor

from vcnode.errors import InputError
from vcnode.network.matching_convolved import can_convolve, convolved_match, pays_to_convolve
from vcnode.network.matching_exact import PAPER_TEMPERATURE, exact_match

_REVISION = 1  # of the Triton kernels; to be raised whenever they begin to round differently

type Kernel = Literal["auto", "reference", "convolution", "triton"]

_log = logging.getLogger("vcnode")
_told: set[torch.device] = set()  # GPUs whose falling back was logged


@dataclass(frozen=True)
class Match:
    """What matching found for N frame positions.

    Attributes:
        warped: Reference values brought to the frame `(B, C, N)`.
        confidence: Greatest cosine with any reference position `(B, 1, N)`, -1..1; biases do not enter it.
        index: Reference position of greatest weight `(B, N)`, int64; the lowest where several tie.
    """

    warped: Tensor
    confidence: Tensor
    index: Tensor


@dataclass(frozen=True)
class JoinedReferences:
    """Several references as one set of M keys, to be matched jointly; see `join_references`.

    Attributes:
        key: Unit descriptors `(B, D, M)`.
        value: What they carry, such as ab, `(B, C, M)`.
        mask: Which keys take part `(B, M)`, bool; None for all.
        bias: Logarithm of every key's weight `(B, M)`; None where all weigh the same.
        sizes: How many keys each reference has, in order.
    """

    key: Tensor
    value: Tensor
    mask: Tensor | None
    bias: Tensor | None
    sizes: tuple[int, ...]

    def expand(self, batch: int) -> Self:
        """The same for each of `batch` samples, where these are of batch 1; nothing is copied."""
        mask, bias = (None if part is None else part.expand(batch, -1) for part in (self.mask, self.bias))
        key, value = self.key.expand(batch, -1, -1), self.value.expand(batch, -1, -1)
        return replace(self, key=key, value=value, mask=mask, bias=bias)

    def reference_of(self, index: Tensor) -> Tensor:
        """Say which reference, counted from 0, each index of a `Match` belongs to."""
        number = torch.zeros_like(index)
        for end in accumulate(self.sizes[:-1]):
            number += index >= end
        return number


def join_references(
    keys: Sequence[Tensor],
    values: Sequence[Tensor],
    masks: Sequence[Tensor | None] | None = None,
    weights: Sequence[float] | None = None,
) -> JoinedReferences:
    """Put several references side by side, so that one softmax or argmax chooses among all their positions.

    Args:
        keys: One `(B, D, M_i)` a reference; sizes may differ.
        values: One `(B, C, M_i)` a reference.
        masks: For each reference which positions take part, `(B, M_i)` bool, or None for all.
        weights: How much each reference counts, relative to the others: twice the weight is as if its
            positions were there twice. Equal by default.

    Raises:
        InputError: No reference, lists of different lengths, a weight that is not positive and finite, or masks that
            leave nothing.
    """
    masks = masks if masks is not None else [None] * len(keys)
    weights = weights if weights is not None else [1.0] * len(keys)
    if not keys or not len(keys) == len(values) == len(masks) == len(weights):
        raise InputError(
            f"Matching was given {len(keys)} keys, {len(values)} values, {len(masks)} masks and "
            f"{len(weights)} weights; give one of each for every reference, and at least one reference."
        )
    for weight in weights:
        if not 0 < weight < math.inf:
            raise InputError(f"A reference's weight is {weight}; give a positive number, or leave the reference out.")
    mask = bias = None
    if any(part is not None for part in masks):
        everywhere = (torch.ones_like(key[:, 0], dtype=torch.bool) for key in keys)
        mask = torch.cat([whole if own is None else own for own, whole in zip(masks, everywhere, strict=True)], dim=1)
        _check_mask(mask)
    if len(set(weights)) > 1:
        parts = [k.new_full((k.shape[0], k.shape[2]), math.log(w)) for k, w in zip(keys, weights, strict=True)]
        bias = torch.cat(parts, dim=1)
    sizes = tuple(key.shape[2] for key in keys)
    return JoinedReferences(torch.cat(list(keys), dim=2), torch.cat(list(values), dim=2), mask, bias, sizes)


def match(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    temperature: float | None,
    *,
    mask: Tensor | None = None,
    bias: Tensor | None = None,
    rows: int | None = None,
    kernel: Kernel = "auto",
) -> Match:
    """Match unit descriptors by cosine and bring the matched values to the queries.

    With a temperature T, `warped = softmax(query . key / T + bias) . value`. Without one, the value of the
    best key alone is taken (the authors' T = 1e-10); biases then count as they would at the paper's
    temperature of 0.01. Differentiable in query, key and value through `warped` and `confidence`, with the
    gradients of the dense form. Half precision is computed in float32, float64 in float64.

    On a CPU, descriptors in bfloat16 whose gradients nobody asks for are multiplied as they are, and what is added up
    in float32 is rounded to 8 bits after each query's greatest was nearly taken off, so that what matters is hardly
    rounded. On processors that multiply matrices slowly float32 is computed by convolutions as well.

    On a GPU of compute capability 8.0 or more with Triton, its kernels do this in one pass, to within 0.1 in ab of
    the reference and with another choice only between keys that are as good as tied. Descriptors are rounded to
    float16 there where one is of half precision or autocast is on, and keep float32 elsewhere. What the kernels are
    not made for (float64, D over 256, C over 3), the reference does; so it does all where Triton is missing or the
    kernels fail a first trial, which is logged once.

    Args:
        query: Frame descriptors `(B, D, N)`.
        key: Reference descriptors `(B, D, M)`.
        value: Reference values `(B, C, M)`.
        temperature: T, at least 1e-12, or None for the best key alone.
        mask: Which keys take part `(B, M)`, bool; all by default.
        bias: Added to the logits of each key `(B, M)`, such as the logarithm of its reference's weight;
            finite.
        rows: How many queries the reference compares with all keys at once, in `4 * rows * M` bytes; by default so
            many that these stay in a processor's cache. Where this is given, the reference takes the place of
            convolutions.
        kernel: "reference", "convolution" or "triton" insists on one of them, without a trial; "triton" on a CPU needs
            Triton's interpreter.

    Raises:
        InputError: Shapes that do not fit together, a temperature that is too small, a mask that leaves no key (looked
            for on the CPU alone), or a kernel that cannot be had.
    """
    _check(query, key, value, temperature, mask, bias)
    if rows is not None and rows < 1:
        raise InputError(f"Matching was asked for {rows} rows at a time; give 1 or more.")
    fused = _fused(kernel, query, key, value, temperature, bias)
    if fused is not None:
        warped, confidence, index = fused.fused_match(query, key, value, temperature, mask, bias)
    elif _convolves(kernel, query, key, value, rows):
        warped, confidence, index = convolved_match(query, key, value, temperature, mask, bias)
    else:
        warped, confidence, index = exact_match(query, key, value, temperature, mask, bias, rows)
    return Match(warped.to(value.dtype), confidence.unsqueeze(1), index)


def _check(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    temperature: float | None,
    mask: Tensor | None,
    bias: Tensor | None,
) -> None:
    shapes = [tuple(tensor.shape) for tensor in (query, key, value)]
    fit = all(len(shape) == 3 for shape in shapes) and shapes[0][:2] == shapes[1][:2]
    fit = fit and (key.shape[0], key.shape[2]) == (value.shape[0], value.shape[2])
    if not fit or key.shape[2] == 0:
        raise InputError(
            f"Matching was given query, key and value of shapes {shapes}; give (B, D, N), (B, D, M) and (B, C, M)."
        )
    for name, extra in (("mask", mask), ("bias", bias)):
        if extra is not None and extra.shape != (key.shape[0], key.shape[2]):
            raise InputError(f"The {name} of the keys has shape {tuple(extra.shape)}; give (B, M).")
    if temperature is not None and not 1e-12 <= temperature < math.inf:
        raise InputError(f"The temperature is {temperature}; give 1e-12 or more, or None for the best match alone.")
    if mask is not None and mask.device.type == "cpu":  # a GPU's work is not waited for: joined references were checked
        _check_mask(mask)


def _check_mask(mask: Tensor) -> None:
    if not bool(mask.any(dim=1).all()):
        raise InputError("The mask of the references leaves nothing to match; keep at least one position.")


def matching_kernel(device: torch.device, channels: int, columns: int = 2, *, half: bool = False) -> str:
    """Say which kernel `match` takes by itself on a GPU, as far as that decides how results round.

    What a CPU takes follows from precision and processor alone.

    Args:
        device: Where the tensors are.
        channels: Of the descriptors.
        columns: Of the values.
        half: Whether they are half precision, or autocast is on.

    Returns:
        "reference", or "triton" with what tells its roundings apart. On CUDA the first call compiles and tries the
        kernels, which takes seconds where Triton's cache is empty.
    """
    if device.type == "cuda" and device.index is None:
        device = torch.device("cuda", torch.cuda.current_device())
    query = torch.empty(1, channels, 1, dtype=torch.float16 if half else torch.float32, device=device)
    with torch.no_grad(), torch.autocast(device.type, enabled=False):
        fused = _fused("auto", query, query, query.new_empty(1, columns, 1), PAPER_TEMPERATURE, None)
    return "reference" if fused is None else f"triton {fused.triton.__version__}, {_REVISION}"


def _fused(
    kernel: Kernel, query: Tensor, key: Tensor, value: Tensor, temperature: float | None, bias: Tensor | None
) -> ModuleType | None:
    """The module `matching_fused`, where it is to do this."""
    if kernel not in get_args(Kernel.__value__):
        known = "', '".join(get_args(Kernel.__value__))
        raise InputError(f"The matching kernel {kernel!r} is not known; give one of '{known}'.")
    if kernel in ("reference", "convolution") or (kernel == "auto" and not _is_nvidia(query.device)):
        return None
    module = _fused_module()
    if isinstance(module, str):
        problem: str | None = module
    elif not module.supports(query, value):
        if kernel == "auto":
            return None
        problem = f"they are not made for a query and value of shapes {tuple(query.shape)} and {tuple(value.shape)}"
    elif kernel == "auto":
        problem = module.flaw(module.Task.of(query, key, value, temperature, bias))
    elif _is_nvidia(query.device) or module.INTERPRETED:
        problem = None
    else:
        problem = f"there are none for the device {query.device.type!r}"
    if problem is None:
        assert isinstance(module, ModuleType)
        return module
    if kernel == "triton":
        raise InputError(f"Matching cannot use the Triton kernels: {problem}. Leave the kernel at 'auto'.")
    if query.device not in _told:
        _told.add(query.device)
        _log.warning("Matching is slower than it could be on %s: %s.", query.device, problem)
    return None


def _convolves(kernel: Kernel, query: Tensor, key: Tensor, value: Tensor, rows: int | None) -> bool:
    if kernel == "convolution" and not can_convolve(query, key, value):
        raise InputError(
            "Matching by convolutions is for float32 and bfloat16 on a CPU, without gradients. Leave the kernel at "
            "'auto'."
        )
    quicker = rows is None and can_convolve(query, key, value) and pays_to_convolve(query)
    return kernel == "convolution" or (kernel == "auto" and quicker)


def _is_nvidia(device: torch.device) -> bool:
    return device.type == "cuda" and torch.version.hip is None


@functools.cache
def _fused_module() -> ModuleType | str:
    """The module, or why it cannot be had."""
    try:
        from vcnode.network import matching_fused  # here, because Triton is not installed everywhere
    except ImportError as error:
        return f"Triton cannot be imported ({error})"
    return matching_fused
