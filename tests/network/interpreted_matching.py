"""What test_matching_triton.py runs in a process of its own, in Triton's interpreter: the kernels on the CPU.

A kernel is interpreted or compiled for as long as its process lives, hence the other process; pytest does not collect
this file by itself.
"""

import logging

import pytest
import torch
from hypothesis import example, given, settings
from hypothesis import strategies as st

from vcnode.errors import InputError
from vcnode.network import matching, matching_fused, matching_triton
from vcnode.network.matching import join_references, match, matching_kernel

from .test_matching import dense, problem

TOLERANCE = 0.1  # in ab, where warped values are ab
CPU = torch.device("cpu")


def as_given(tensors, half):
    """In the precision that the network would hand over; the truth is then computed from the same numbers."""
    descriptor = torch.float16 if half else torch.float32
    query, key, value, mask, bias = tensors
    return query.to(descriptor), key.to(descriptor), value.float(), mask, bias.float()


def exact(query, key, value, temperature, **options):
    wide = {name: x if x is None or x.dtype is torch.bool else x.double() for name, x in options.items()}
    return dense(query.double(), key.double(), value.double(), temperature, **wide)


def gradients(function, inputs, slopes):
    inputs = [x.clone().requires_grad_() for x in inputs]
    return torch.autograd.grad(function(*inputs), inputs, slopes)


def relative_error(found, truth):
    return float((found.double() - truth.double()).norm() / truth.double().norm().clamp(min=1e-30))


tasks = {
    "seed": st.integers(0, 10**6),
    "batch": st.integers(1, 2),
    "depth": st.sampled_from([2, 3, 16, 40, 128, 256]),
    "queries": st.integers(1, 180),
    "keys": st.integers(1, 180),
    "channels": st.integers(1, 3),
    "temperature": st.sampled_from([None, 0.01, 0.1, 1.0]),
    "masked": st.booleans(),
    "biased": st.booleans(),
    "half": st.booleans(),
}

LARGE = {"seed": 1, "batch": 2, "depth": 40, "queries": 150, "keys": 170, "channels": 3, "masked": True, "biased": True}


@settings(max_examples=25)
@given(**tasks)
def test_equals_the_dense_form(seed, batch, depth, queries, keys, channels, temperature, masked, biased, half):
    query, key, value, mask, bias = as_given(problem(seed, batch, depth, queries, keys, channels), half)
    options = {"mask": mask if masked else None, "bias": bias if biased else None}
    found = match(query, key, value, temperature, kernel="triton", **options)
    warped, confidence, index = exact(query, key, value, temperature, **options)
    torch.testing.assert_close(found.confidence.double(), confidence, rtol=0, atol=3e-6)

    # Another key may be chosen only where rounding decides, and a best key alone then brings its own value.
    cosines = (query.double().transpose(1, 2) @ key.double()) / (temperature or 0.01)
    logits = cosines + bias.double()[:, None] if biased else cosines
    regret = logits.gather(2, index[..., None]) - logits.gather(2, found.index[..., None])
    assert regret.max() < 1e-6 / (temperature or 0.01) + 1e-5
    assert not masked or mask.gather(1, found.index).all()
    if temperature is None:
        warped = value.double().gather(2, found.index[:, None].expand(-1, channels, -1))
    assert (found.warped - warped).abs().max() < TOLERANCE


@settings(max_examples=15)
@given(**tasks)
@example(**LARGE, temperature=None, half=False)
@example(**LARGE, temperature=0.01, half=True)
def test_gradients_equal_those_of_the_dense_form(
    seed, batch, depth, queries, keys, channels, temperature, masked, biased, half
):
    query, key, value, mask, bias = as_given(problem(seed, batch, depth, queries, keys, channels), half)
    options = {"mask": mask if masked else None, "bias": bias if biased else None}
    generator = torch.Generator().manual_seed(seed)
    slopes = [torch.randn(batch, count, queries, generator=generator) for count in (channels, 1)]
    slopes[1] *= 100  # about as steep as a value of 40 and a temperature make the other

    def ours(*inputs):
        found = match(*inputs, temperature, kernel="triton", **options)
        return found.warped, found.confidence

    def reference(*inputs):
        found = match(*inputs, temperature, kernel="reference", **wide)
        return found.warped, found.confidence

    wide = {name: x if x is None or x.dtype is torch.bool else x.double() for name, x in options.items()}
    inputs = (query, key, value)
    truth = gradients(reference, [x.double() for x in inputs], [x.double() for x in slopes])
    for one, other, like in zip(gradients(ours, inputs, slopes), truth, inputs, strict=True):
        assert one.dtype is like.dtype
        assert one.shape == like.shape
        if depth > 3:  # with few channels rounding decides between keys, and the gradient goes elsewhere
            assert relative_error(one, other) < 5e-3


def test_only_the_gradients_that_are_wanted_are_computed(monkeypatch):
    query, key, value, *_ = as_given(problem(1, depth=16), half=False)
    monkeypatch.setattr(matching_triton, "match_key_gradient", None)
    match(query.requires_grad_(), key, value, 0.05, kernel="triton").warped.sum().backward()
    assert query.grad.abs().max() > 0


@pytest.mark.parametrize("temperature", [None, 0.01])
@pytest.mark.parametrize("biased", [False, True])
def test_the_lowest_index_wins_ties(temperature, biased):
    query, key, value, _, bias = as_given(problem(1, depth=16, queries=140, keys=150), half=True)
    bias = torch.cat((bias, bias), 1) if biased else None
    twice = match(
        query, torch.cat((key, key), 2), torch.cat((value, -value), 2), temperature, bias=bias, kernel="triton"
    )
    assert (twice.index < 150).all()
    if temperature is None:
        assert torch.equal(twice.warped, value.gather(2, twice.index[:, None].expand(-1, 3, -1)))


def test_a_temperature_that_only_rounding_resolves_has_finite_gradients():
    query, key, value, *_ = as_given(problem(2, depth=64, queries=150, keys=170), half=False)
    inputs = [x.requires_grad_() for x in (query, key, value)]
    found = match(*inputs, 1e-10, kernel="triton")
    assert (found.warped - match(*inputs, None).warped).abs().max() < TOLERANCE
    (found.warped.sum() + found.confidence.sum()).backward()
    assert all(x.grad.isfinite().all() for x in inputs)


@pytest.mark.parametrize("temperature", [None, 0.01])
def test_several_references_shared_by_a_batch(temperature):
    first, second, third = (as_given(problem(seed, 1, 32, 150, 90, 2), half=False) for seed in (3, 4, 5))
    joined = join_references(
        [x[1] for x in (first, second, third)],
        [x[2] for x in (first, second, third)],
        [None, second[3], None],
        [1.0, 2.0, 0.5],
    )
    query = torch.cat((first[0], second[0]))
    parts = (joined.key, joined.value, joined.mask, joined.bias)
    key, value, mask, bias = (x.expand(2, *x.shape[1:]) for x in parts)
    found = match(query, key, value, temperature, mask=mask, bias=bias, kernel="triton")
    wanted = match(query, key, value, temperature, mask=mask, bias=bias, kernel="reference")
    assert (found.warped - wanted.warped).abs().max() < TOLERANCE
    assert torch.equal(joined.reference_of(found.index), joined.reference_of(wanted.index))


def test_frames_of_a_batch_are_as_if_alone():
    query, key, value, mask, bias = as_given(problem(6, 3, 32, 150, 140), half=False)
    together = match(query, key, value, 0.01, mask=mask, bias=bias, kernel="triton")
    for n in range(3):
        part = [x[n : n + 1] for x in (query, key, value, mask, bias)]
        alone = match(*part[:3], 0.01, mask=part[3], bias=part[4], kernel="triton")
        assert torch.equal(alone.warped[0], together.warped[n])
        assert torch.equal(alone.confidence[0], together.confidence[n])


def test_autocast_takes_half_precision_descriptors():
    query, key, value, *_ = as_given(problem(4, depth=64, queries=100, keys=120), half=False)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        cast = match(query, key, value, 0.01, kernel="triton")
    half = match(query.half(), key.half(), value, 0.01, kernel="triton")
    assert cast.warped.dtype is torch.float32
    assert torch.equal(cast.warped, half.warped)
    assert not torch.equal(cast.warped, match(query, key, value, 0.01, kernel="triton").warped)


@pytest.mark.parametrize(("depth", "channels", "dtype"), [(257, 2, "float32"), (8, 4, "float32"), (8, 2, "float64")])
def test_what_the_kernels_are_not_made_for_is_explained(depth, channels, dtype):
    query, key, value, *_ = problem(0, depth=depth, channels=channels, dtype=getattr(torch, dtype))
    with pytest.raises(InputError, match="not made for"):
        match(query, key, value, 0.01, kernel="triton")


@pytest.fixture
def as_if_on_a_gpu(monkeypatch):
    """Let "auto" consider the kernels, as it does on CUDA."""
    monkeypatch.setattr(matching, "_is_nvidia", lambda device: True)
    monkeypatch.setattr(matching, "_told", set())
    matching_fused.flaw.cache_clear()
    yield
    matching_fused.flaw.cache_clear()


def test_the_trial_does_not_depend_on_the_hosts_default_device(as_if_on_a_gpu):
    with torch.device("meta"):
        assert matching_fused.flaw(matching_fused.Task(CPU, 16, 2, half=False)) is None


def test_kernels_that_work_are_taken(as_if_on_a_gpu):
    query, key, value, *_ = as_given(problem(0, depth=16), half=False)
    by_itself = match(query.requires_grad_(), key, value, 0.01)
    assert torch.equal(by_itself.warped, match(query, key, value, 0.01, kernel="triton").warped)
    assert not torch.equal(by_itself.warped, match(query, key, value, 0.01, kernel="reference").warped)
    assert matching_kernel(CPU, 16).startswith("triton")
    assert matching_kernel(CPU, 300) == "reference"


class DoesNotCompile:
    def __getitem__(self, grid):
        raise RuntimeError("no C compiler\nand a long story")


class BringsNothing:
    def __getitem__(self, grid):
        return lambda *arguments, **constants: None


@pytest.mark.parametrize("broken", ["match_forward", "match_query_gradient", "match_key_gradient"])
@pytest.mark.parametrize(("kernel", "said"), [(DoesNotCompile(), "no C compiler"), (BringsNothing(), "off by")])
def test_kernels_that_fail_are_left_alone_and_that_is_said_once(
    as_if_on_a_gpu, monkeypatch, caplog, broken, kernel, said
):
    query, key, value, *_ = as_given(problem(0, depth=16), half=False)
    query.requires_grad_()
    key.requires_grad_()
    monkeypatch.setattr(matching_triton, broken, kernel)
    with caplog.at_level(logging.WARNING, logger="vcnode"):
        found = [match(query, key, value, temperature) for temperature in (0.01, 0.01, 0.05)]
    assert torch.equal(found[0].warped, match(query, key, value, 0.01, kernel="reference").warped)
    found[0].warped.sum().backward()
    assert len(caplog.records) == 1
    assert said in caplog.text
    assert "long story" not in caplog.text
    with torch.no_grad():
        assert (matching_kernel(CPU, 16) == "reference") == (broken == "match_forward")
