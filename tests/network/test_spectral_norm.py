import pytest
import torch

from vcnode.network.spectral_norm import SpectralConv2d

pytestmark = pytest.mark.usefixtures("seeded")


def test_power_iteration_converges_to_the_spectral_norm():
    layer = SpectralConv2d(5, 7, (3, 3)).train()
    for _ in range(100):
        weight = layer.weight()
    assert torch.linalg.matrix_norm(weight.flatten(1), 2).item() == pytest.approx(1, abs=1e-3)


def test_evaluation_leaves_the_layer_as_it_was():
    layer = SpectralConv2d(5, 7, (3, 3)).eval()
    x = torch.randn(1, 5, 6, 6)
    assert torch.equal(layer(x), layer(x))
    layer.train()
    assert not torch.equal(layer(x), layer(x))


def test_a_later_pass_does_not_disturb_an_earlier_gradient():
    layer, twin = SpectralConv2d(5, 7, (3, 3)), SpectralConv2d(5, 7, (3, 3))
    twin.load_state_dict(layer.state_dict())
    x = torch.randn(1, 5, 6, 6)
    expected = torch.autograd.grad(twin(x).square().sum(), twin.module.weight_bar)
    first = layer(x).square().sum()
    layer(torch.randn(1, 5, 6, 6))
    found = torch.autograd.grad(first, layer.module.weight_bar)
    torch.testing.assert_close(found, expected)
