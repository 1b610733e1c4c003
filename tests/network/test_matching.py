import math
import subprocess
import sys

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from vcnode.errors import InputError
from vcnode.network.correspondence import normalize
from vcnode.network.matching import PAPER_TEMPERATURE, join_references, match, matching_kernel


def problem(seed, batch=2, depth=6, queries=11, keys=9, channels=3, dtype=torch.float64):
    """Random unit descriptors, the values they carry, and a mask and biases of the keys."""
    generator = torch.Generator().manual_seed(seed)

    def draw(*shape):
        return torch.randn(*shape, generator=generator, dtype=dtype)

    query, key = normalize(draw(batch, depth, queries)), normalize(draw(batch, depth, keys))
    mask = draw(batch, keys) > -0.5
    mask[:, 0] = True
    return query, key, 40 * draw(batch, channels, keys), mask, draw(batch, keys)


def dense(query, key, value, temperature, mask=None, bias=None):
    """The same by the book, through the whole matrix."""
    cosines = query.transpose(1, 2) @ key
    if mask is not None:
        cosines = cosines.masked_fill(~mask[:, None], -math.inf)
    logits = cosines / (temperature or PAPER_TEMPERATURE)
    if bias is not None:
        logits = logits + bias[:, None]
    index = logits.argmax(dim=2)
    if temperature is None:
        warped = value.gather(2, index[:, None].expand(-1, value.shape[1], -1))
    else:
        warped = value @ logits.softmax(dim=2).transpose(1, 2)
    return warped, cosines.amax(dim=2)[:, None], index


@settings(max_examples=60)
@given(
    seed=st.integers(0, 10**6),
    sizes=st.tuples(*[st.integers(1, 12)] * 5),
    temperature=st.sampled_from([None, 1e-10, 0.01, 0.1, 1.0]),
    rows=st.integers(1, 14),
    masked=st.booleans(),
    biased=st.booleans(),
)
def test_equals_the_dense_form(seed, sizes, temperature, rows, masked, biased):
    query, key, value, mask, bias = problem(seed, *sizes)
    options = {"mask": mask if masked else None, "bias": bias if biased else None}
    found = match(query, key, value, temperature, rows=rows, **options)
    warped, confidence, index = dense(query, key, value, temperature, **options)
    torch.testing.assert_close(found.confidence, confidence, rtol=0, atol=1e-12)
    if sizes[1] > 1:  # in one dimension all cosines are 1 or -1, and rounding decides between them
        torch.testing.assert_close(found.warped, warped, rtol=1e-4, atol=1e-4)
        assert torch.equal(found.index, index)


def test_float32_and_half_inputs_stay_close_to_float64():
    query, key, value, mask, bias = problem(3, depth=64, queries=300, keys=400)
    truth = match(query, key, value, 0.01, mask=mask, bias=bias)
    for dtype, warped_error, confidence_error in (
        (torch.float32, 5e-3, 1e-6),
        (torch.float16, 2.0, 1e-3),
    ):
        parts = (x.to(dtype) for x in (query, key, value))
        found = match(*parts, 0.01, mask=mask, bias=bias)
        assert found.warped.dtype == dtype
        assert (found.warped - truth.warped).abs().max() < warped_error
        assert (found.confidence - truth.confidence).abs().max() < confidence_error


def test_autocast_does_not_lower_the_precision():
    query, key, value, *_ = problem(4, depth=64, queries=300, keys=400, dtype=torch.float32)
    plain = match(query, key, value, 0.01)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        cast = match(query, key, value, 0.01)
    assert torch.equal(plain.warped, cast.warped)


@pytest.mark.parametrize("temperature", [None, 0.01])
def test_the_lowest_index_wins_ties(temperature):
    query, key, value, *_ = problem(1, keys=5)
    twice = match(query, torch.cat((key, key), 2), torch.cat((value, -value), 2), temperature)
    assert torch.equal(twice.index, match(query, key, value, temperature).index)


def test_rows_do_not_change_the_best_match():
    query, key, value, *_ = problem(5, depth=32, queries=200, keys=150, dtype=torch.float32)
    whole = match(query, key, value, 0.01, rows=200)
    for rows in (1, 7, 64):
        parted = match(query, key, value, 0.01, rows=rows)
        torch.testing.assert_close(parted.warped, whole.warped, rtol=0, atol=5e-3)
        assert torch.equal(match(query, key, value, None, rows=rows).index, whole.index)


@pytest.mark.parametrize("temperature", [None, 0.05])
def test_masked_keys_might_as_well_not_exist(temperature):
    query, key, value, mask, _ = problem(2, batch=1)
    kept = mask[0]
    value[:, :, ~kept] = 1e6
    found = match(query, key, value, temperature, mask=mask)
    alone = match(query, key[:, :, kept], value[:, :, kept], temperature)
    torch.testing.assert_close(found.warped, alone.warped)
    torch.testing.assert_close(found.confidence, alone.confidence)
    assert torch.equal(found.index, kept.nonzero()[:, 0][alone.index])


@pytest.mark.parametrize("temperature", [None, 0.05])
def test_joined_references_equal_the_dense_form_and_name_the_winner(temperature):
    first, second = problem(6, keys=5), problem(7, keys=8)
    query = first[0]
    joined = join_references([first[1], second[1]], [first[2], second[2]], [None, second[3]])
    found = match(query, joined.key, joined.value, temperature, mask=joined.mask, bias=joined.bias)
    mask = torch.cat((torch.ones(2, 5, dtype=torch.bool), second[3]), dim=1)
    key, value = torch.cat((first[1], second[1]), 2), torch.cat((first[2], second[2]), 2)
    warped, confidence, index = dense(query, key, value, temperature, mask)
    torch.testing.assert_close(found.warped, warped)
    torch.testing.assert_close(found.confidence, confidence)
    assert torch.equal(joined.reference_of(found.index), (index >= 5).long())


def test_the_order_of_references_does_not_matter():
    first, second = problem(6, keys=5), problem(7, keys=8)
    there = join_references([first[1], second[1]], [first[2], second[2]], weights=[1.0, 3.0])
    back = join_references([second[1], first[1]], [second[2], first[2]], weights=[3.0, 1.0])
    a, b = (match(first[0], j.key, j.value, 0.05, bias=j.bias) for j in (there, back))
    torch.testing.assert_close(a.warped, b.warped)
    assert torch.equal(there.reference_of(a.index), 1 - back.reference_of(b.index))


def test_twice_the_weight_is_as_if_the_reference_were_there_twice():
    first, second = problem(6, keys=5), problem(7, keys=8)
    weighted = join_references([first[1], second[1]], [first[2], second[2]], weights=[1.0, 2.0])
    repeated = join_references([first[1], second[1], second[1]], [first[2], second[2], second[2]])
    assert repeated.bias is None
    a = match(first[0], weighted.key, weighted.value, 0.05, bias=weighted.bias)
    b = match(first[0], repeated.key, repeated.value, 0.05)
    torch.testing.assert_close(a.warped, b.warped)
    torch.testing.assert_close(a.confidence, b.confidence)


@pytest.mark.parametrize("biased", [False, True])
def test_gradients_are_those_of_the_function(biased):
    query, key, value, mask, bias = problem(8, batch=1, depth=4, queries=5, keys=6)
    inputs = [x.requires_grad_() for x in (query, key, value)]

    def soft(*tensors):
        found = match(*tensors, 0.2, mask=mask, bias=bias if biased else None, rows=2)
        return found.warped, found.confidence

    assert torch.autograd.gradcheck(soft, inputs)


@pytest.mark.parametrize("temperature", [None, 0.05])
@pytest.mark.parametrize("through", ["colour", "confidence", "both"])
def test_gradients_equal_those_of_the_dense_form(temperature, through):
    tensors = problem(9)
    mask, bias = tensors[3:]

    def gradients(function):
        inputs = [x.clone().requires_grad_() for x in tensors[:3]]
        warped, confidence = function(*inputs)
        colour_part, confidence_part = (warped**2).sum(), (confidence**3).sum()
        parts = {"colour": colour_part, "confidence": confidence_part, "both": colour_part + confidence_part}
        grads = torch.autograd.grad(parts[through], inputs, allow_unused=True)
        return [torch.zeros_like(x) if g is None else g for g, x in zip(grads, inputs, strict=True)]

    def ours(*inputs):
        found = match(*inputs, temperature, mask=mask, bias=bias, rows=4)
        return found.warped, found.confidence

    expected = gradients(lambda *inputs: dense(*inputs, temperature, mask, bias)[:2])
    for found, wanted in zip(gradients(ours), expected, strict=True):
        torch.testing.assert_close(found, wanted)


MEASURE = """
import resource, sys, torch
from vcnode.network.matching import match
count, learning = int(sys.argv[1]), sys.argv[2] == "backward"
def run(n):
    query, key = (torch.nn.functional.normalize(torch.randn(1, 64, n), dim=1) for _ in range(2))
    value = torch.randn(1, 2, n)
    if learning:
        query.requires_grad_()
        key.requires_grad_()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    found = match(query, key, value, 0.01)
    if learning:
        found.warped.square().sum().backward()
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
run(300)
print(run(count) / (2**20 if sys.platform == "darwin" else 2**10))
"""


@pytest.mark.parametrize("direction", ["forward", "backward"])
def test_memory_is_linear_in_positions(direction):
    """The whole matrix would be 576 MB here; 20736 positions are allowed 64 MB, so 12288 are allowed 38."""
    pytest.importorskip("resource", reason="this system does not report peak memory")
    run = subprocess.run(
        [sys.executable, "-c", MEASURE, "12288", direction], capture_output=True, text=True, check=True
    )
    assert float(run.stdout) < 64 * 12288 / 20736


WITHOUT_TRITON = """
import sys, torch
sys.modules["triton"] = None
from vcnode.errors import InputError
from vcnode.network.matching import match
query = torch.ones(1, 4, 5)
match(query, query, query[:, :2], 0.01)
try:
    match(query, query, query[:, :2], 0.01, kernel="triton")
except InputError as error:
    print(error)
"""


def test_triton_is_not_needed():
    run = subprocess.run([sys.executable, "-c", WITHOUT_TRITON], capture_output=True, text=True, check=True)
    assert "Triton cannot be imported" in run.stdout


def test_a_cpu_takes_the_reference_in_float64():
    query, key, value, mask, bias = problem(0)
    by_itself, asked = (
        match(query, key, value, 0.01, mask=mask, bias=bias, kernel=kernel) for kernel in ("auto", "reference")
    )
    assert torch.equal(by_itself.warped, asked.warped)
    assert matching_kernel(torch.device("cpu"), 256) == "reference"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"query": torch.zeros(2, 5, 11)}, "shapes"),
        ({"value": torch.zeros(2, 3, 8)}, "shapes"),
        ({"key": torch.zeros(2, 6, 0), "value": torch.zeros(2, 3, 0)}, "shapes"),
        ({"temperature": 0.0}, "temperature"),
        ({"temperature": math.nan}, "temperature"),
        ({"mask": torch.ones(2, 8, dtype=torch.bool)}, "mask"),
        ({"mask": torch.tensor([[True], [False]]).expand(2, 9)}, "leaves nothing"),
        ({"bias": torch.zeros(9)}, "bias"),
        ({"rows": 0}, "rows"),
        ({"kernel": "cuda"}, "kernel 'cuda' is not known"),
    ],
)
def test_what_cannot_be_matched_is_explained(change, message):
    query, key, value, *_ = problem(0)
    arguments = {"query": query, "key": key, "value": value, "temperature": 0.01} | change
    with pytest.raises(InputError, match=message):
        match(**arguments)


@pytest.mark.parametrize(
    ("weights", "masks", "message"),
    [
        ([1.0, 0.0], None, "weight"),
        ([1.0, math.inf], None, "weight"),
        ([1.0], None, "give one of each"),
        (None, [torch.zeros(2, 9).bool()] * 2, "leaves nothing"),
    ],
)
def test_what_cannot_be_joined_is_explained(weights, masks, message):
    _, key, value, *_ = problem(0)
    with pytest.raises(InputError, match=message):
        join_references([key, key], [value, value], masks, weights)


def test_joining_nothing_is_explained():
    with pytest.raises(InputError, match="at least one reference"):
        join_references([], [])
