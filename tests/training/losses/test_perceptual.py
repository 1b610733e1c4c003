import pytest
import torch

from vcnode.training.losses import perceptual_loss


def random(*shape, seed=0):
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def test_mean_and_squared_norm():
    x, y = random(3, 4, 5, 6, seed=1), random(3, 4, 5, 6, seed=2)
    torch.testing.assert_close(perceptual_loss(x, y), torch.nn.functional.mse_loss(x, y))
    norms = [(x[sample] - y[sample]).norm() ** 2 for sample in range(3)]
    torch.testing.assert_close(perceptual_loss(x, y, norm="squared"), sum(norms) / 3)
    assert perceptual_loss(x, x) == 0


@pytest.mark.parametrize("norm", ["mean", "squared"])
def test_gradients(norm):
    x, y = random(2, 3, 2, 2, seed=3).requires_grad_(), random(2, 3, 2, 2, seed=4)
    assert torch.autograd.gradcheck(lambda x: perceptual_loss(x, y, norm=norm), x)
