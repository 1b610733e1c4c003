import pytest
import torch
from network.golden import fixture

from vcnode.training.losses import discriminator_adversarial_loss, generator_adversarial_loss

LOSSES = (generator_adversarial_loss, discriminator_adversarial_loss)


def scores(count, seed):
    return torch.randn(count, 1, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def test_golden_values():
    golden = fixture("train_step")
    discriminator = discriminator_adversarial_loss(golden["y/Dstep_real"], golden["y/Dstep_fake"], halved=True)
    generator = 0.2 * generator_adversarial_loss(golden["y/Gstep_real"], golden["y/Gstep_fake"], halved=True)
    torch.testing.assert_close(discriminator, golden["loss/discriminator_loss"], rtol=1e-5, atol=0)
    torch.testing.assert_close(generator, golden["loss/generator_loss"], rtol=1e-5, atol=0)


def test_by_hand():
    real, fake = torch.tensor([[1.0], [3.0]]), torch.tensor([[0.0], [1.0]])
    # fake - 2 - 1 = -3, -2; real - 0.5 + 1 = 1.5, 3.5
    assert generator_adversarial_loss(real, fake) == (9 + 4) / 2 + (2.25 + 12.25) / 2
    # real - 0.5 - 1 = -0.5, 1.5; fake - 2 + 1 = -1, 0
    assert discriminator_adversarial_loss(real, fake) == (0.25 + 2.25) / 2 + (1 + 0) / 2


@pytest.mark.parametrize("loss", LOSSES)
def test_the_authors_take_half_of_it(loss):
    real, fake = scores(3, 0), scores(4, 1)
    torch.testing.assert_close(2 * loss(real, fake, halved=True), loss(real, fake))


@pytest.mark.parametrize("loss", LOSSES)
def test_gradients(loss):
    assert torch.autograd.gradcheck(loss, (scores(3, 2).requires_grad_(), scores(2, 3).requires_grad_()))
