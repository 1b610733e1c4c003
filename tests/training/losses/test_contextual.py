import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from network.golden import fixture
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from vcnode.training.losses import contextual_loss, layered_contextual_loss


def random(*shape, seed=0):
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def dense(features, reference, direction, centered):
    """The formula as the paper prints it, with all N x M affinities at once."""
    if centered:
        mean = reference.mean(dim=(2, 3), keepdim=True)
        features, reference = features - mean, reference - mean
    x, y = (F.normalize(tensor.flatten(2), dim=1) for tensor in (features, reference))
    distance = 1 - x.transpose(1, 2) @ y
    relative = distance / (distance.min(dim=2, keepdim=True).values + 1e-5)
    affinity = (1 - relative / 0.1).softmax(dim=2)
    return -affinity.amax(dim=2 if direction == "forward" else 1).mean(dim=1).log().mean()


@pytest.mark.parametrize("direction", ["forward", "backward"])
def test_golden_values_and_gradients(direction):
    golden = fixture("misc")
    for sample in range(2):
        x = golden["cx.x"][sample : sample + 1].requires_grad_()
        loss = contextual_loss(x, golden["cx.y"][sample : sample + 1], direction=direction, centered=True)
        torch.testing.assert_close(loss, golden[f"cx.{direction}"][sample], rtol=1e-5, atol=0)
        loss.backward()
        torch.testing.assert_close(x.grad[0], golden[f"cx.{direction}.grad_x"][sample], rtol=1e-3, atol=1e-6)


@settings(max_examples=30, deadline=None)
@given(
    st.integers(1, 3),
    st.integers(2, 5),
    st.integers(2, 6),
    st.integers(1, 60),
    st.sampled_from(["forward", "backward"]),
    st.booleans(),
)
def test_any_block_gives_what_the_dense_formula_gives(batch, height, width, block, direction, centered):
    x = random(batch, 4, height, width, seed=1).requires_grad_()
    y = random(batch, 4, width, 3, seed=2).requires_grad_()
    loss = contextual_loss(x, y, direction=direction, centered=centered, block=block)
    expected = dense(x, y, direction, centered)
    torch.testing.assert_close(loss, expected)
    found, wanted = (torch.autograd.grad(value, (x, y)) for value in (loss, expected))
    torch.testing.assert_close(found, wanted, rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("direction", ["forward", "backward"])
def test_gradients(direction):
    x, y = random(2, 3, 2, 3, seed=3).requires_grad_(), random(2, 3, 3, 2, seed=4).requires_grad_()
    assert torch.autograd.gradcheck(lambda x, y: contextual_loss(x, y, direction=direction, block=7), (x, y))


class Largest(TorchDispatchMode):
    """Remembers how many elements the largest tensor has that any operation made."""

    def __init__(self):
        super().__init__()
        self.elements = 0

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        result = func(*args, **(kwargs or {}))
        sizes = [leaf.numel() for leaf in tree_leaves(result) if isinstance(leaf, torch.Tensor)]
        self.elements = max([self.elements, *sizes])
        return result


@pytest.mark.parametrize("direction", ["forward", "backward"])
def test_memory_is_linear_in_positions(direction):
    def measure(side):
        x = random(2, 8, side, side, seed=5).requires_grad_()
        y = random(2, 8, side, side, seed=6)
        saved = []
        hooks = torch.autograd.graph.saved_tensors_hooks(lambda t: saved.append(t.numel()) or t, lambda t: t)
        with Largest() as largest, hooks:
            contextual_loss(x, y, direction=direction, centered=True, block=2**12).backward()
        return largest.elements, sum(saved)

    largest, saved = measure(32)
    assert largest <= 2 * 8 * 32**2  # the features themselves; the whole matrix would have 32**4
    smaller_largest, smaller_saved = measure(16)
    assert largest <= 4 * smaller_largest
    assert saved <= 4.1 * smaller_saved


def test_the_same_things_elsewhere_cost_nothing_and_other_things_do():
    x = random(1, 32, 6, 6, seed=7)
    moved = x.flatten(2)[:, :, torch.randperm(36, generator=torch.Generator().manual_seed(0))].view_as(x)
    assert contextual_loss(x, moved) < 1e-6
    assert contextual_loss(x, random(1, 32, 6, 6, seed=8)) > 0.5


@pytest.mark.parametrize("direction", ["forward", "backward"])
def test_scale_does_not_matter_and_empty_features_do_no_harm(direction):
    x, y = random(1, 4, 4, 4, seed=9), random(1, 4, 4, 4, seed=10)
    same = contextual_loss(30 * x, 30 * y, direction=direction)
    torch.testing.assert_close(same, contextual_loss(x, y, direction=direction))
    empty = torch.zeros(1, 4, 4, 4, requires_grad=True)
    contextual_loss(empty, y.float(), direction=direction).backward()
    assert empty.grad.isfinite().all()


def pyramid(seed):
    sizes = {"r12": 16, "r22": 8, "r32": 6, "r42": 3, "r52": 2}
    return {name: random(1, 5, size, size, seed=seed + size) for name, size in sizes.items()}


def test_deeper_layers_weigh_more():
    x, y = pyramid(20), pyramid(40)
    each = {name: contextual_loss(x[name], y[name]) for name in x}
    expected = each["r22"] + 2 * each["r32"] + 4 * each["r42"] + 8 * each["r52"]
    torch.testing.assert_close(layered_contextual_loss(x, y), expected)
    pooled = contextual_loss(F.avg_pool2d(x["r32"], 2), F.avg_pool2d(y["r32"], 2))
    expected = 2 * pooled + 4 * each["r42"] + 8 * each["r52"]
    torch.testing.assert_close(layered_contextual_loss(x, y, layers="authors"), expected)


def test_layers_hand_on_direction_and_centring():
    x, y = pyramid(20), pyramid(40)
    losses = {
        layered_contextual_loss(x, y, direction=direction, centered=centered).item()
        for direction in ("forward", "backward")
        for centered in (False, True)
    }
    assert len(losses) == 4
