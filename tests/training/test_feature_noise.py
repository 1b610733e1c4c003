import pytest
import torch
from torch import nn

from vcnode.training.feature_noise import feature_noise
from vcnode.training.randomness import generator_for


class Encoder(nn.Module):
    def forward(self, x):
        return (x, 100 * x[:, :, ::2])


@pytest.fixture
def taps():
    return torch.randn(2, 8, 40, 40, generator=generator_for("picture"))


def test_noise_is_relative_to_each_maps_own_spread(taps):
    encoder = Encoder()
    with feature_noise(encoder, 0.3, generator_for(1)):
        disturbed = encoder(taps)
    for clean, noisy in zip(encoder(taps), disturbed, strict=True):
        assert ((noisy - clean).std() / clean.std()).item() == pytest.approx(0.3, rel=0.05)


def test_it_ends_with_the_block_even_when_that_fails(taps):
    encoder = Encoder()

    def fail():
        with feature_noise(encoder, 0.3, generator_for(1)):
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert all(torch.equal(one, other) for one, other in zip(encoder(taps), Encoder()(taps), strict=True))


def test_no_strength_is_no_noise(taps):
    encoder = Encoder()
    with feature_noise(encoder, 0.0, generator_for(1)):
        assert torch.equal(encoder(taps)[0], taps)


def test_the_same_numbers_make_the_same_noise(taps):
    encoder, results = Encoder(), []
    for seed in (1, 1, 2):
        with feature_noise(encoder, 0.3, generator_for(seed)):
            results.append(encoder(taps)[0])
    assert torch.equal(results[0], results[1])
    assert not torch.equal(results[0], results[2])
