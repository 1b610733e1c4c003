import pytest
import torch

from vcnode.training import losses

SHAPE = (2, 3, 6, 8)


def image(seed, channels=2, scale=40.0):
    generator = torch.Generator().manual_seed(seed)
    return scale * torch.randn(SHAPE[0], channels, *SHAPE[2:], generator=generator)


def l1(ab):
    return losses.l1_loss(ab, image(1), torch.ones(2))


def perceptual(ab):
    return losses.perceptual_loss(ab, image(1), norm="squared")


def contextual(ab):
    return losses.contextual_loss(ab, image(1))


def contextual_backward(ab):
    return losses.contextual_loss(ab, image(1), direction="backward", centered=True)


def smoothness(ab):
    return losses.smoothness_loss(ab, image(1, 3))


def smoothness_softmax(ab):
    return losses.smoothness_loss(ab, image(1, 3), weights="softmax")


def temporal(ab):
    return losses.temporal_loss(ab, image(1), image(2, scale=1), image(3, 1) > 0)


def generator_adversarial(ab):
    return losses.generator_adversarial_loss(ab[:, :1, 0, 0], torch.ones(2, 1))


def discriminator_adversarial(ab):
    return losses.discriminator_adversarial_loss(ab[:, :1, 0, 0], torch.ones(2, 1))


@pytest.mark.parametrize(
    "loss",
    [
        l1,
        perceptual,
        contextual,
        contextual_backward,
        smoothness,
        smoothness_softmax,
        temporal,
        generator_adversarial,
        discriminator_adversarial,
    ],
)
@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_half_precision_and_autocast_give_what_float32_gives(loss, dtype):
    half = image(0).to(dtype).requires_grad_()
    full = half.detach().float().requires_grad_()
    expected = loss(full)
    expected.backward()
    with torch.autocast("cpu", dtype=dtype):
        found = loss(half)
        found.backward()
    assert found.dtype == torch.float32
    torch.testing.assert_close(found, expected, rtol=1e-6, atol=0)
    torch.testing.assert_close(half.grad, full.grad.to(half.dtype), rtol=2e-2, atol=1e-6)
