import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from vcnode.network.light_colorization import LightColorNet

WIDTHS = (6, 8, 12, 16)
FEATURES = (5, 7, 9)


@pytest.fixture(scope="module")
def untrained():
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        return LightColorNet(WIDTHS, FEATURES)


@pytest.fixture(scope="module")
def net():
    """As if trained: its last layer begins at zero."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        net = LightColorNet(WIDTHS, FEATURES)
        nn.init.normal_(net.leave.weight, std=0.5)
    return net


def inputs(seed=0, batch=1, height=64, width=96, valid=1.0):
    random = torch.Generator().manual_seed(seed)

    def plane(channels, low, high, scale=1):
        values = torch.rand(batch, channels, height // scale, width // scale, generator=random)
        return low + (high - low) * values

    return {
        "lightness": plane(1, 0, 100),
        "warped_ab": plane(2, -60, 60, 4),
        "confidence": plane(1, -1, 1, 4),
        "aligned_lightness": plane(1, 0, 100),
        "aligned_ab": plane(2, -60, 60),
        "valid": torch.full((batch, 1, 1, 1), valid),
        "features": tuple(plane(channels, -1, 1, scale) for channels, scale in zip(FEATURES, (4, 8, 16), strict=True)),
    }


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 100), st.sampled_from([(64, 64), (64, 96), (72, 104)]))
def test_before_training_it_weighs_history_against_the_reference(untrained, seed, size):
    given_so = inputs(seed, height=size[0] // 16 * 16, width=size[1] // 16 * 16)
    warped = F.interpolate(given_so["warped_ab"], given_so["lightness"].shape[2:], mode="bilinear")
    trust = torch.sigmoid(torch.tensor(2.2))
    with torch.no_grad():
        ab = untrained(**given_so)
        first = untrained(**(given_so | {"valid": torch.zeros(1, 1, 1, 1)}))
    assert torch.allclose(ab, trust * given_so["aligned_ab"] + (1 - trust) * warped, atol=1e-4)
    assert torch.allclose(first, warped, atol=1e-4)


def test_without_a_history_what_stands_in_its_place_does_not_matter(net):
    other = inputs(5)
    start = inputs(0, valid=0.0)
    changed = start | {name: other[name] for name in ("aligned_lightness", "aligned_ab")}
    with torch.no_grad():
        assert torch.equal(net(**start), net(**changed))


@pytest.mark.parametrize(
    "name", ["lightness", "warped_ab", "confidence", "aligned_lightness", "aligned_ab", "features"]
)
def test_everything_it_is_told_counts(net, name):
    with torch.no_grad():
        assert not torch.equal(net(**inputs(0)), net(**(inputs(0) | {name: inputs(5)[name]})))


def test_colours_stay_in_range_however_wild_the_weights(net):
    wild = LightColorNet(WIDTHS, FEATURES)
    with torch.no_grad():
        for parameter in wild.parameters():
            parameter.normal_(std=3)
        ab = wild(**inputs(0))
    assert -128 <= ab.min() < ab.max() <= 127


@pytest.mark.parametrize("size", [(64, 64), (72, 104), (80, 88), (216, 384)])
def test_every_multiple_of_eight_is_possible(net, size):
    height, width = size
    features = tuple(
        torch.zeros(1, channels, -(-height // scale), -(-width // scale))
        for channels, scale in zip(FEATURES, (4, 8, 16), strict=True)
    )
    with torch.no_grad():
        assert net(**(inputs(0, height=height, width=width) | {"features": features})).shape == (1, 2, *size)


def test_a_passing_object_does_not_shift_the_colours_of_everything_else(net):
    start = inputs(0, height=128, width=512)
    changed = start | {"lightness": start["lightness"].clone()}
    changed["lightness"][..., :32] = 100
    with torch.no_grad():
        one, other = net(**start), net(**changed)
    assert not torch.equal(one[..., :32], other[..., :32])
    assert torch.allclose(one[..., 256:], other[..., 256:], atol=1e-4)


def test_a_batch_gives_what_its_frames_give_alone(net):
    together = inputs(0, batch=3)
    with torch.no_grad():
        ab = net(**together)
        for number in range(3):
            one = {
                name: tuple(tap[number : number + 1] for tap in value)
                if name == "features"
                else value[number : number + 1]
                for name, value in together.items()
            }
            assert torch.allclose(net(**one), ab[number : number + 1], atol=1e-3)


def test_gradients_reach_every_weight_and_the_history(net):
    given_so = inputs(0)
    given_so["aligned_ab"].requires_grad_(True)
    net.zero_grad()
    net(**given_so).square().sum().backward()
    assert all(parameter.grad is not None and parameter.grad.any() for parameter in net.parameters())
    assert given_so["aligned_ab"].grad.any()
