import pytest
import torch
from network.golden import fixture

from vcnode.training.losses import neighborhood_average, smoothness_loss

FORMS = ("wls", "softmax")
UNCENTER = torch.tensor([50.0, 0, 0]).view(1, 3, 1, 1)


def random(*shape, seed=0, scale=10.0):
    return scale * torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def test_golden_average_value_and_gradient():
    golden = fixture("misc")
    truth = golden["smooth.lab"] + UNCENTER
    predicted = golden["smooth.pred"].requires_grad_()
    average = neighborhood_average(predicted[:, 1:], truth, weights="softmax")
    golden.check("smooth.avg", average.detach(), 1e-4, 1e-5)
    loss = smoothness_loss(predicted[:, 1:], truth, weights="softmax")
    torch.testing.assert_close(loss, golden["smooth.mse"], rtol=1e-5, atol=0)
    loss.backward()
    golden.check("smooth.grad_pred", predicted.grad, 1e-6, 1e-7)


@pytest.mark.parametrize("weights", FORMS)
def test_gradients(weights):
    truth, ab = random(2, 3, 3, 4, seed=1), random(2, 2, 3, 4, seed=2).requires_grad_()
    assert torch.autograd.gradcheck(lambda ab: smoothness_loss(ab, truth, weights=weights), ab)


def test_weighted_least_squares_one_by_one():
    truth, ab = random(1, 3, 3, 4, seed=3), random(1, 2, 3, 4, seed=4)
    total = 0
    for y in range(3):
        for x in range(4):
            near = [(j, i) for j in range(y - 1, y + 2) for i in range(x - 1, x + 2) if (j, i) != (y, x)]
            near = [(j, i) for j, i in near if 0 <= j < 3 and 0 <= i < 4]
            apart = [(truth[0, 1:, j, i] - truth[0, 1:, y, x]).norm() / 100 for j, i in near]
            weights = torch.stack([1 / (distance**1.2 + 1e-4) for distance in apart])
            colors = torch.stack([ab[0, :, j, i] for j, i in near])
            average = (weights[:, None] * colors).sum(0) / weights.sum()
            total = total + ((ab[0, :, y, x] - average) ** 2).sum()
    torch.testing.assert_close(smoothness_loss(ab, truth, weights="wls"), total / 12)


def test_one_color_everywhere_costs_nothing():
    ab = torch.full((1, 2, 5, 6), 30.0)
    assert smoothness_loss(ab, random(1, 3, 5, 6).float()) < 1e-9


@pytest.mark.parametrize("weights", FORMS)
def test_an_edge_costs_less_where_the_truth_has_one(weights):
    flat = torch.tensor([60.0, 20, 20]).view(1, 3, 1, 1).expand(1, 3, 8, 8)
    edge = flat.clone()
    edge[..., 4:] = torch.tensor([60.0, -40, -40]).view(1, 3, 1, 1)
    with_edge, without = (smoothness_loss(edge[:, 1:], truth, weights=weights) for truth in (edge, flat))
    assert with_edge < without / 3
