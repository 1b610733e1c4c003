"""Exact matching in one pass over the keys, on CUDA: the Triton kernels behind `matching.match`.

The paper's equations 2 to 4 (Zhang et al., CVPR 2019) are a cosine of every query with every key, a softmax of the
cosines over a temperature, and the mean of the keys' values under it. As in FlashAttention (Dao et al. 2022, with the
online softmax of Milakov & Gimelshein 2018) a block of queries stays on the chip while tiles of keys go by. Each row
keeps its greatest logit, where that was, the sum of weights and the weighted sums of values, which fade by
`2^(old - new)` when the greatest grows. The N x M matrix exists one tile at a time, and gradients recompute it from the
stored log-sum-exp: one kernel gathers over the keys for the queries, one over the queries for keys and values. Nothing
is added atomically, so that results repeat.

Unlike in attention, values have two or three columns, too narrow for tensor cores, so they are summed in float32
registers; and greatest cosine and best key are results too, the former with a gradient.

Precision: half precision descriptors enter the tensor cores as float16, whose products are exact and summed in float32.
A float32 one is split into two of float16, x = high + low / 2048, and three of the four products are summed (Ootomo &
Yokota 2022). This keeps 22 bits; three TF32 products would keep as many at half the rate, and at D = 256 need more than
the 99 KiB that most GPUs have. All else is float32, except that gradients enter the tensor cores as TF32 (11 bits),
which is what PyTorch's convolutions around them do by default.

Arguments, where they are the same everywhere: `query` and `key` are float16 rows `(B, N, parts * DEPTH)`, the low part
after the high one; `value` is `(B, COLUMNS, M)`; `shift` `(B, M)` is added to the logits, -inf for keys that take no
part. `*_step` leads from sample to sample, in rows for query and key, else in numbers; 0 where all samples share.
Logits are base 2: `scale` is log2(e) / T, or 1 for the best match alone.
"""

# mypy: disable-error-code="no-untyped-def,untyped-decorator"
# (arguments of kernels are pointers and registers, which have no Python types)

import math

import triton
import triton.language as tl

_LN_2 = tl.constexpr(math.log(2))
LOW_PARTS = 2048  # so much finer than the high part of a descriptor is its low part
_UNIT_OF_LOW = tl.constexpr(1 / LOW_PARTS)
_LOWEST = tl.constexpr(-3.0e38)  # below every logit, and unlike -inf without NaN when subtracted from itself


@triton.jit
def _cosines(left, left_low, right, right_low, SPLIT: tl.constexpr):
    """All cosines of two blocks of descriptors."""
    cosines = tl.dot(left, tl.trans(right))
    if SPLIT:
        rest = tl.dot(left, tl.trans(right_low))
        rest = tl.dot(left_low, tl.trans(right), rest)
        cosines += rest * _UNIT_OF_LOW
    return cosines


@triton.jit
def _load_block(descriptors, start, row, rows, DEPTH: tl.constexpr, SPLIT: tl.constexpr):
    """The high and low parts of some descriptors, of rows counted from `start`; without SPLIT the high part twice."""
    width: tl.constexpr = 2 * DEPTH if SPLIT else DEPTH
    places = descriptors + start * width + row[:, None] * width + tl.arange(0, DEPTH)[None, :]
    high = tl.load(places, mask=(row < rows)[:, None], other=0.0)
    low = high
    if SPLIT:
        low = tl.load(places + DEPTH, mask=(row < rows)[:, None], other=0.0)
    return high, low


@triton.jit
def _load_columns(values, place, count, COLUMNS: tl.constexpr):
    """Three columns of values; without a third one, the second twice."""
    first = tl.load(values + place, mask=place < count, other=0.0)
    second = tl.load(values + count + place, mask=place < count, other=0.0)
    third = second
    if COLUMNS == 3:
        third = tl.load(values + 2 * count + place, mask=place < count, other=0.0)
    return first, second, third


@triton.jit
def match_forward(
    query,
    key,
    value,
    shift,
    warped,
    confidence,
    log_sum,
    index,
    nearest,
    queries,
    keys,
    query_step,
    key_step,
    value_step,
    shift_step,
    scale,
    SOFT: tl.constexpr,
    BIASED: tl.constexpr,
    SPLIT: tl.constexpr,
    DEPTH: tl.constexpr,
    COLUMNS: tl.constexpr,
    ROWS: tl.constexpr,
    TILE: tl.constexpr,
):
    """Match ROWS queries with all keys; `nearest` is written where biases make it differ from `index`."""
    sample = tl.program_id(1).to(tl.int64)
    row = tl.program_id(0) * ROWS + tl.arange(0, ROWS)
    block, block_low = _load_block(query, sample * query_step, row, queries, DEPTH, SPLIT)
    value += sample * value_step
    shift += sample * shift_step

    best = tl.full([ROWS], _LOWEST, tl.float32)
    best_index = tl.zeros([ROWS], tl.int32)
    greatest = tl.full([ROWS], _LOWEST, tl.float32)  # of the cosines, where biases make that another key's
    greatest_index = tl.zeros([ROWS], tl.int32)
    total = tl.zeros([ROWS], tl.float32)
    sum_1 = tl.zeros([ROWS], tl.float32)
    sum_2 = tl.zeros([ROWS], tl.float32)
    sum_3 = tl.zeros([ROWS], tl.float32)
    for start in range(0, keys, TILE):
        column = start + tl.arange(0, TILE)
        tile, tile_low = _load_block(key, sample * key_step, column, keys, DEPTH, SPLIT)
        added = tl.load(shift + column, mask=column < keys, other=float("-inf"))
        cosines = _cosines(block, block_low, tile, tile_low, SPLIT)
        logits = cosines * scale + added[None, :]
        top, place = tl.max(logits, axis=1, return_indices=True)  # the lowest index where several tie
        best_index = tl.where(top > best, start + place, best_index)
        higher = tl.maximum(best, top)
        if BIASED:
            cosines = tl.where(added[None, :] > _LOWEST, cosines, float("-inf"))
            top, place = tl.max(cosines, axis=1, return_indices=True)
            greatest_index = tl.where(top > greatest, start + place, greatest_index)
            greatest = tl.maximum(greatest, top)
        if SOFT:
            weights = tl.exp2(logits - higher[:, None])
            fade = tl.exp2(best - higher)
            total = total * fade + tl.sum(weights, axis=1)
            value_1, value_2, value_3 = _load_columns(value, column, keys, COLUMNS)
            sum_1 = sum_1 * fade + tl.sum(weights * value_1[None, :], axis=1)
            sum_2 = sum_2 * fade + tl.sum(weights * value_2[None, :], axis=1)
            if COLUMNS == 3:
                sum_3 = sum_3 * fade + tl.sum(weights * value_3[None, :], axis=1)
        best = higher

    inside = row < queries
    place = sample * queries + row
    tl.store(index + place, best_index.to(tl.int64), mask=inside)
    if BIASED:
        tl.store(nearest + place, greatest_index.to(tl.int64), mask=inside)
        tl.store(confidence + place, greatest, mask=inside)
    else:
        tl.store(confidence + place, best / scale, mask=inside)
    if SOFT:
        tl.store(log_sum + place, best + tl.log2(total), mask=inside)
    else:
        total += 1.0  # the best key's weight, and the only one
        sum_1, sum_2, sum_3 = _load_columns(value, best_index, keys, COLUMNS)
    place = sample * COLUMNS * queries + row
    tl.store(warped + place, sum_1 / total, mask=inside)
    tl.store(warped + place + queries, sum_2 / total, mask=inside)
    if COLUMNS == 3:
        tl.store(warped + place + 2 * queries, sum_3 / total, mask=inside)


@triton.jit
def _slopes(logits, log_sum, outer_1, outer_2, outer_3, value_1, value_2, value_3, mean, COLUMNS: tl.constexpr):
    """The weights, and the gradient in the logits."""
    weights = tl.exp2(tl.minimum(logits - log_sum, 0.0))  # rounding must not make a weight greater than 1
    inner = outer_1 * value_1 + outer_2 * value_2
    if COLUMNS == 3:
        inner += outer_3 * value_3
    return weights, weights * (inner - mean)


@triton.jit
def match_query_gradient(
    query,
    key,
    value,
    shift,
    outer,
    mean,
    log_sum,
    gradient,
    queries,
    keys,
    query_step,
    key_step,
    value_step,
    shift_step,
    scale,
    SPLIT: tl.constexpr,
    DEPTH: tl.constexpr,
    COLUMNS: tl.constexpr,
    ROWS: tl.constexpr,
    TILE: tl.constexpr,
):
    """Gather what comes back to ROWS queries through the softmax."""
    sample = tl.program_id(1).to(tl.int64)
    row = tl.program_id(0) * ROWS + tl.arange(0, ROWS)
    inside = row < queries
    block, block_low = _load_block(query, sample * query_step, row, queries, DEPTH, SPLIT)
    outer_1, outer_2, outer_3 = _load_columns(outer + sample * COLUMNS * queries, row, queries, COLUMNS)
    own_mean = tl.load(mean + sample * queries + row, mask=inside, other=0.0)
    own_sum = tl.load(log_sum + sample * queries + row, mask=inside, other=0.0)
    value += sample * value_step
    shift += sample * shift_step
    collected = tl.zeros([ROWS, DEPTH], tl.float32)
    for start in range(0, keys, TILE):
        column = start + tl.arange(0, TILE)
        tile, tile_low = _load_block(key, sample * key_step, column, keys, DEPTH, SPLIT)
        added = tl.load(shift + column, mask=column < keys, other=float("-inf"))
        value_1, value_2, value_3 = _load_columns(value, column, keys, COLUMNS)
        logits = _cosines(block, block_low, tile, tile_low, SPLIT) * scale + added[None, :]
        _, slopes = _slopes(
            logits,
            own_sum[:, None],
            outer_1[:, None],
            outer_2[:, None],
            outer_3[:, None],
            value_1[None, :],
            value_2[None, :],
            value_3[None, :],
            own_mean[:, None],
            COLUMNS,
        )
        collected = tl.dot(slopes, tile.to(tl.float32), collected, input_precision="tf32")
    depth = tl.arange(0, DEPTH)
    place = (sample * queries + row[:, None]) * DEPTH + depth[None, :]
    tl.store(gradient + place, collected * (scale * _LN_2), mask=inside[:, None])


@triton.jit
def match_key_gradient(
    query,
    key,
    value,
    shift,
    outer,
    mean,
    log_sum,
    index,
    nearest,
    outer_confidence,
    gradient,
    value_gradient,
    queries,
    keys,
    query_step,
    key_step,
    value_step,
    shift_step,
    scale,
    SOFT: tl.constexpr,
    SPLIT: tl.constexpr,
    DEPTH: tl.constexpr,
    COLUMNS: tl.constexpr,
    ROWS: tl.constexpr,
    TILE: tl.constexpr,
):
    """Gather what comes back to TILE keys and their values, through softmax or best match and through confidence."""
    sample = tl.program_id(1).to(tl.int64)
    column = tl.program_id(0) * TILE + tl.arange(0, TILE)
    inside = column < keys
    tile, tile_low = _load_block(key, sample * key_step, column, keys, DEPTH, SPLIT)
    value_1, value_2, value_3 = _load_columns(value + sample * value_step, column, keys, COLUMNS)
    added = tl.load(shift + sample * shift_step + column, mask=inside, other=float("-inf"))
    outer += sample * COLUMNS * queries
    collected = tl.zeros([TILE, DEPTH], tl.float32)
    sum_1 = tl.zeros([TILE], tl.float32)
    sum_2 = tl.zeros([TILE], tl.float32)
    sum_3 = tl.zeros([TILE], tl.float32)
    for start in range(0, queries, ROWS):
        row = start + tl.arange(0, ROWS)
        there = row < queries
        place = sample * queries + row
        block, block_low = _load_block(query, sample * query_step, row, queries, DEPTH, SPLIT)
        outer_1, outer_2, outer_3 = _load_columns(outer, row, queries, COLUMNS)
        closest = tl.load(nearest + place, mask=there, other=-1).to(tl.int32)
        steep = tl.load(outer_confidence + place, mask=there, other=0.0)
        slopes = tl.where(closest[None, :] == column[:, None], steep[None, :], 0.0)
        if SOFT:
            own_mean = tl.load(mean + place, mask=there, other=0.0)
            own_sum = tl.load(log_sum + place, mask=there, other=0.0)
            logits = _cosines(tile, tile_low, block, block_low, SPLIT) * scale + added[:, None]
            weights, more = _slopes(
                logits,
                own_sum[None, :],
                outer_1[None, :],
                outer_2[None, :],
                outer_3[None, :],
                value_1[:, None],
                value_2[:, None],
                value_3[:, None],
                own_mean[None, :],
                COLUMNS,
            )
            slopes += more * (scale * _LN_2)
        else:
            chosen = tl.load(index + place, mask=there, other=-1).to(tl.int32)
            weights = tl.where(chosen[None, :] == column[:, None], 1.0, 0.0)
        collected = tl.dot(slopes, block.to(tl.float32), collected, input_precision="tf32")
        sum_1 += tl.sum(weights * outer_1[None, :], axis=1)
        sum_2 += tl.sum(weights * outer_2[None, :], axis=1)
        if COLUMNS == 3:
            sum_3 += tl.sum(weights * outer_3[None, :], axis=1)
    depth = tl.arange(0, DEPTH)
    place = (sample * keys + column[:, None]) * DEPTH + depth[None, :]
    tl.store(gradient + place, collected, mask=inside[:, None])
    place = sample * COLUMNS * keys + column
    tl.store(value_gradient + place, sum_1, mask=inside)
    tl.store(value_gradient + place + keys, sum_2, mask=inside)
    if COLUMNS == 3:
        tl.store(value_gradient + place + 2 * keys, sum_3, mask=inside)
