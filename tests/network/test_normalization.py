import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st

from vcnode.network.normalization import instance_norm


def image(batch, channels, height, width, seed=0, order=torch.channels_last):
    generator = torch.Generator().manual_seed(seed)
    x = 3 + 2 * torch.randn(batch, channels, height, width, generator=generator)
    return x.contiguous(memory_format=order)


@settings(max_examples=20)
@given(
    st.integers(1, 3),
    st.integers(1, 9),
    st.tuples(st.integers(2, 40), st.integers(2, 40)),
    st.sampled_from([torch.channels_last, torch.contiguous_format]),
    st.integers(0, 10**6),
)
def test_every_channel_of_every_image_is_normalised(batch, channels, size, order, seed):
    x = image(batch, channels, *size, seed=seed, order=order)
    expected = F.instance_norm(x.double())
    with torch.no_grad():
        assert torch.allclose(instance_norm(x).double(), expected, atol=1e-5)


def test_large_pictures_are_as_exact_as_small_ones():
    x = image(1, 4, 600, 800)
    expected = F.instance_norm(x.double())
    with torch.no_grad():
        assert (instance_norm(x) - expected).abs().max() < 1e-5


@pytest.mark.parametrize("order", [torch.channels_last, torch.contiguous_format])
def test_the_order_in_memory_stays(order):
    with torch.no_grad():
        assert instance_norm(image(2, 6, 9, 12, order=order)).is_contiguous(memory_format=order)


def test_with_gradients_the_input_stays_and_gradients_flow():
    x = image(1, 3, 8, 8).requires_grad_()
    before = x.detach().clone()
    instance_norm(x)[0, 0, 0, 0].backward()
    assert torch.equal(x, before)
    assert x.grad is not None
    assert x.grad.abs().sum() > 0


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
@pytest.mark.parametrize("order", [torch.channels_last, torch.contiguous_format])
def test_half_precision_is_computed_in_float32(dtype, order):
    x = image(2, 6, 90, 120, order=order).to(dtype)
    expected = F.instance_norm(x.double())
    with torch.no_grad():
        found = instance_norm(x)
    assert found.dtype == dtype
    assert found.is_contiguous(memory_format=order)
    assert torch.allclose(found.double(), expected, rtol=torch.finfo(dtype).eps / 2, atol=1e-5)
