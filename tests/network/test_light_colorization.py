from copy import deepcopy

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from vcnode.network.light_colorization import UNKNOWN, LightColorNet

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


def inputs(seed=0, batch=1, height=64, width=96, uncertainty=5.0):
    random = torch.Generator().manual_seed(seed)

    def plane(channels, low, high, scale=1):
        values = torch.rand(batch, channels, height // scale, width // scale, generator=random)
        return low + (high - low) * values

    return {
        "lightness": plane(1, 0, 100),
        "warped_ab": plane(2, -60, 60, 4),
        "spread": plane(1, 0, 200, 4),
        "confidence": plane(1, -1, 1, 4),
        "aligned_lightness": plane(1, 0, 100),
        "aligned_ab": plane(2, -60, 60),
        "uncertainty": torch.full((batch, 1, 1, 1), uncertainty),
        "features": tuple(plane(channels, -1, 1, scale) for channels, scale in zip(FEATURES, (4, 8, 16), strict=True)),
    }


@settings(max_examples=10)
@given(st.integers(0, 100), st.sampled_from([(64, 64), (64, 96), (72, 104)]))
def test_before_training_it_lies_between_history_and_the_reference(untrained, seed, size):
    given_so = inputs(seed, height=size[0] // 16 * 16, width=size[1] // 16 * 16)
    warped = F.interpolate(given_so["warped_ab"], given_so["lightness"].shape[2:], mode="bilinear")
    with torch.no_grad():
        ab, uncertainty = untrained(**given_so)
        first, _ = untrained(**(given_so | {"uncertainty": torch.full((1, 1, 1, 1), UNKNOWN)}))
    low, high = torch.minimum(given_so["aligned_ab"], warped), torch.maximum(given_so["aligned_ab"], warped)
    assert bool(((ab >= low - 1e-3) & (ab <= high + 1e-3)).all())
    assert torch.allclose(first, warped, atol=1e-4)
    assert uncertainty.shape == given_so["lightness"].shape
    assert bool((uncertainty >= 0).all())


def test_before_training_the_u_net_is_left_out_and_nothing_differs(untrained, monkeypatch):
    given_so = inputs(3)
    with torch.no_grad():
        assert untrained.changes_nothing()
        without = untrained(**given_so)
        monkeypatch.setattr(untrained, "changes_nothing", lambda: False)
        assert all(torch.equal(*pair) for pair in zip(untrained(**given_so), without, strict=True))


@pytest.mark.parametrize("part", ["weight", "bias"])
def test_a_u_net_that_has_learned_is_never_left_out(untrained, part):
    assert not untrained.changes_nothing()  # gradients are wanted
    trained = deepcopy(untrained)
    with torch.no_grad():
        before = trained(**inputs(3))[0]
        getattr(trained.leave, part)[-1] += 0.01
        assert not trained.changes_nothing()
        assert not torch.equal(trained(**inputs(3))[0], before)


def distance_moved(net, **changes):
    """How far the colours go from history towards the reference, 0 to 1 on average."""
    still = inputs(1) | {"aligned_lightness": inputs(1)["lightness"], "aligned_ab": torch.zeros(1, 2, 64, 96)}
    told = still | {"warped_ab": torch.full((1, 2, 16, 24), 20.0), "spread": torch.zeros(1, 1, 16, 24)}
    told |= {"confidence": torch.full((1, 1, 16, 24), 0.8)} | changes
    with torch.no_grad():
        return float(net(**told)[0].mean()) / 20


def test_before_training_known_colours_stay_and_unknown_ones_are_replaced(untrained):
    moved = [distance_moved(untrained, uncertainty=torch.full((1, 1, 1, 1), value)) for value in (0, 5, 100, UNKNOWN)]
    assert moved == sorted(moved)
    assert moved[0] < 0.01
    assert moved[-1] > 0.99


def test_before_training_doubtful_matches_and_a_good_fit_speak_for_history(untrained):
    usual = distance_moved(untrained)
    assert distance_moved(untrained, confidence=torch.full((1, 1, 16, 24), 0.3)) < usual
    assert distance_moved(untrained, spread=torch.full((1, 1, 16, 24), 300.0)) < usual
    assert distance_moved(untrained, aligned_lightness=inputs(1)["lightness"].flip(3)) > usual


def test_before_training_a_flicker_of_the_exposure_is_no_misfit(untrained):
    flickering = inputs(1)["lightness"] * 0.8 + 5
    assert distance_moved(untrained, aligned_lightness=flickering) == pytest.approx(distance_moved(untrained), abs=1e-3)


def test_what_is_set_right_is_surer_and_what_is_carried_on_wears(untrained):
    still = inputs(1) | {"aligned_lightness": inputs(1)["lightness"], "aligned_ab": torch.zeros(1, 2, 64, 96)}
    still |= {"confidence": torch.full((1, 1, 16, 24), 0.8)}
    with torch.no_grad():
        _, doubtful = untrained(**(still | {"uncertainty": torch.full((1, 1, 1, 1), 300.0)}))
        _, known = untrained(**(still | {"uncertainty": torch.zeros(1, 1, 1, 1)}))
    assert bool((doubtful < 300).all())
    assert bool((known > 0).all())


def test_without_a_history_what_stands_in_its_place_does_not_matter(net):
    other = inputs(5)
    start = inputs(0, uncertainty=UNKNOWN)
    changed = start | {name: other[name] for name in ("aligned_lightness", "aligned_ab")}
    with torch.no_grad():
        assert torch.equal(net(**start)[0], net(**changed)[0])


@pytest.mark.parametrize(
    "name",
    ["lightness", "warped_ab", "spread", "confidence", "aligned_lightness", "aligned_ab", "uncertainty", "features"],
)
def test_everything_it_is_told_counts(net, name):
    with torch.no_grad():
        assert not torch.equal(net(**inputs(0))[0], net(**(inputs(0) | {name: inputs(5, uncertainty=50.0)[name]}))[0])


def test_colours_stay_in_range_however_wild_the_weights(net):
    wild = LightColorNet(WIDTHS, FEATURES)
    with torch.no_grad():
        for parameter in wild.parameters():
            parameter.normal_(std=3)
        ab, _ = wild(**inputs(0))
    assert -128 <= ab.min() < ab.max() <= 127


@pytest.mark.parametrize("size", [(64, 64), (72, 104), (80, 88), (216, 384)])
def test_every_multiple_of_eight_is_possible(net, size):
    height, width = size
    features = tuple(
        torch.zeros(1, channels, -(-height // scale), -(-width // scale))
        for channels, scale in zip(FEATURES, (4, 8, 16), strict=True)
    )
    with torch.no_grad():
        assert net(**(inputs(0, height=height, width=width) | {"features": features}))[0].shape == (1, 2, *size)


def test_a_passing_object_does_not_shift_the_colours_of_everything_else(net):
    start = inputs(0, height=128, width=512)
    changed = start | {"lightness": start["lightness"].clone()}
    changed["lightness"][..., :32] = 100
    with torch.no_grad():
        (one, _), (other, _) = net(**start), net(**changed)
    assert not torch.equal(one[..., :32], other[..., :32])
    assert torch.allclose(one[..., 256:], other[..., 256:], atol=1e-4)


def test_a_batch_gives_what_its_frames_give_alone(net):
    together = inputs(0, batch=3)
    with torch.no_grad():
        ab, _ = net(**together)
        for number in range(3):
            one = {
                name: tuple(tap[number : number + 1] for tap in value)
                if name == "features"
                else value[number : number + 1]
                for name, value in together.items()
            }
            assert torch.allclose(net(**one)[0], ab[number : number + 1], atol=1e-3)


def test_gradients_reach_every_weight_and_the_history(net):
    given_so = inputs(0)
    given_so["aligned_ab"].requires_grad_(True)
    net.zero_grad()
    net(**given_so)[0].square().sum().backward()
    assert all(parameter.grad is not None and parameter.grad.any() for parameter in net.parameters())
    assert given_so["aligned_ab"].grad.any()
