"""Cosines by convolution: the reference's results in float32, close to them in bfloat16."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from vcnode.errors import InputError
from vcnode.network import matching_convolved
from vcnode.network.correspondence import normalize
from vcnode.network.matching import match

from .test_matching import dense, problem


@settings(max_examples=40)
@given(
    seed=st.integers(0, 10**6),
    batch=st.integers(1, 2),
    depth=st.integers(1, 40),
    queries=st.integers(1, 300),
    keys=st.integers(1, 300),
    temperature=st.sampled_from([None, 0.01, 0.1, 1.0]),
    masked=st.booleans(),
    biased=st.booleans(),
)
def test_float32_equals_the_dense_form(seed, batch, depth, queries, keys, temperature, masked, biased):
    query, key, value, mask, bias = problem(seed, batch, depth, queries, keys)
    extras = {"mask": mask if masked else None, "bias": bias if biased else None}
    warped, confidence, index = dense(query, key, value, temperature, **extras)
    single = {name: x if x is None or x.dtype == torch.bool else x.float() for name, x in extras.items()}
    found = match(query.float(), key.float(), value.float(), temperature, kernel="convolution", **single)
    torch.testing.assert_close(found.confidence.double(), confidence, rtol=0, atol=1e-5)
    if temperature is not None:
        torch.testing.assert_close(found.warped.double(), warped, rtol=1e-3, atol=0.02)
    assert (found.index == index).double().mean() > 0.99  # the rest may be as good as tied
    assert found.warped.dtype == torch.float32


@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize("biased", [False, True])
@pytest.mark.parametrize("temperature", [None, 0.1])
def test_bfloat16_stays_close(temperature, biased, masked):
    query, key, value, mask, bias = problem(1, depth=128, queries=400, keys=1000)
    query = normalize(key[:, :, :400] + 0.5 * query).bfloat16()  # what one key shows again, more or less
    key = key.bfloat16()
    extras = {"mask": mask if masked else None, "bias": bias if biased else None}
    wide = match(query.double(), key.double(), value, temperature, **extras)
    found = match(query, key, value.float(), temperature, **extras)
    assert found.warped.dtype == torch.float32
    assert (found.confidence - wide.confidence).abs().max() < 2e-3
    alike = found.index == wide.index
    assert alike.double().mean() > 0.97
    difference = (found.warped - wide.warped).abs()[alike[:, None].expand_as(found.warped)]
    assert difference.mean() < 0.2  # of values of some 40
    assert difference.max() < 1


def test_bfloat16_tells_apart_what_its_steps_do_not():
    """Near 1 bfloat16 has steps of 1/256; these cosines differ by 1/512."""
    steps = torch.arange(100)
    key = torch.stack((torch.full((100,), 0.5), 0.5 - steps.flip(0) / 512))[None].bfloat16()
    query, value = torch.ones(1, 2, 1).bfloat16(), steps[None, None].float()
    found = match(query, key, value, None)
    assert found.index.item() == 99
    assert found.confidence.item() == 1
    soft = match(query, key, value, 1 / 512).warped.item()
    truth = (torch.softmax(steps.double(), 0) * steps).sum().item()
    assert soft == pytest.approx(truth, abs=0.01)


@pytest.mark.parametrize("temperature", [None, 0.01])
def test_the_lowest_index_wins_ties(temperature):
    query, key, value, *_ = problem(1, keys=150, dtype=torch.float32)
    alone = match(query, key, value, temperature, kernel="convolution")
    pairs = (torch.cat((key, key), 2), torch.cat((value, -value), 2))
    assert torch.equal(match(query, *pairs, temperature, kernel="convolution").index, alone.index)


@pytest.mark.parametrize("slow", [False, True])
def test_float32_is_convolved_where_products_are_slow(monkeypatch, slow):
    monkeypatch.setattr(matching_convolved, "multiplies_slowly", lambda: slow)
    query, key, value, *_ = problem(2, depth=100, queries=300, keys=333, dtype=torch.float32)
    by_itself = match(query, key, value, 0.01)
    ways = {kernel: match(query, key, value, 0.01, kernel=kernel) for kernel in ("reference", "convolution")}
    assert not torch.equal(ways["reference"].warped, ways["convolution"].warped)
    assert torch.equal(by_itself.warped, ways["convolution" if slow else "reference"].warped)
    assert torch.equal(match(query, key, value, 0.01, rows=1000).warped, match(query, key, value, 0.01, rows=1000,
                       kernel="reference").warped)  # fmt: skip


def test_learning_takes_the_reference(monkeypatch):
    monkeypatch.setattr(matching_convolved, "multiplies_slowly", lambda: True)
    query, key, value, *_ = problem(2, dtype=torch.float32)
    match(query.requires_grad_(), key, value, 0.05).warped.sum().backward()
    assert query.grad is not None
    with torch.no_grad():
        by_itself = match(query, key, value, 0.05)
    assert torch.equal(by_itself.warped, match(query.detach(), key, value, 0.05, kernel="convolution").warped)


@pytest.mark.parametrize(
    "change",
    [
        lambda query, key, value: (query.requires_grad_(), key, value),
        lambda query, key, value: (query.half(), key.half(), value),
        lambda query, key, value: (query.double(), key.double(), value),
        lambda query, key, value: (query, key.bfloat16(), value),
    ],
    ids=["gradients", "float16", "float64", "mixed"],
)
def test_what_it_is_not_made_for_is_refused(change):
    query, key, value, *_ = problem(2, dtype=torch.float32)
    with pytest.raises(InputError, match="float32 and bfloat16 on a CPU, without gradients"):
        match(*change(query, key, value), 0.05, kernel="convolution")
