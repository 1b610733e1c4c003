import pytest
import torch
import torch.nn.functional as F
from hypothesis import example, given, settings
from hypothesis import strategies as st

from vcnode.network.convolution import Conv3x3, DoublingConv3x3, ValidConv3x3


@pytest.fixture(params=[False, True], ids=["products as fast", "products slow"], autouse=True, scope="module")
def processor(request):
    """Both kinds, whichever this one is: which convolutions are done by minimal filtering depends on it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("vcnode.network.convolution.multiplies_slowly", lambda: request.param)
        yield


def random(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def filled(layer):
    for number, parameter in enumerate(layer.parameters()):
        parameter.data = random(*parameter.shape, seed=number + 1) / (9 * layer.in_channels) ** 0.5
    return layer.requires_grad_(False)


SIZES = st.tuples(st.integers(24, 41), st.integers(24, 41))


@settings(max_examples=15)
@given(SIZES, st.integers(1, 2), st.sampled_from([1, 2, 3]), st.booleans(), st.integers(0, 10**6))
@example((33, 37), 1, 1, True, 0)
def test_wide_layers_are_exact(size, batch, dilation, reflect, seed):
    layer = filled(Conv3x3(128, 136, dilation, reflect=reflect and dilation == 1))
    x = random(batch, 128, *size, seed=seed)
    mode = "reflect" if layer.padding_mode == "reflect" else "constant"
    expected = F.conv2d(F.pad(x, (dilation,) * 4, mode=mode).double(), layer.weight.double(), dilation=dilation)
    expected += layer.bias.double().view(-1, 1, 1)
    found = layer(x)
    assert found.shape == expected.shape
    assert (found - expected).abs().max() < 5e-4
    assert (found - expected).square().mean().sqrt() < 2e-5


def test_a_wide_layer_without_padding_is_exact():
    layer, x = filled(ValidConv3x3(128, 128)), random(1, 128, 40, 50)
    assert torch.allclose(layer(x), F.conv2d(x, layer.weight, layer.bias), atol=5e-4)


@settings(max_examples=15)
@given(st.integers(1, 9), st.integers(1, 9), st.integers(1, 2))
def test_doubling_first_is_the_same(height, width, batch):
    layer, x = filled(DoublingConv3x3(6, 5)), random(batch, 6, height, width)
    doubled = F.interpolate(x, scale_factor=2, mode="nearest")
    assert torch.allclose(layer(x), F.conv2d(doubled, layer.weight, layer.bias, padding=1), atol=1e-5)


def test_doubling_under_autocast_gives_what_other_layers_give():
    layer, x = filled(DoublingConv3x3(6, 5)), random(1, 6, 8, 8)
    with torch.autocast("cpu", torch.bfloat16):
        halved = layer(x)
    assert halved.dtype == torch.bfloat16
    assert torch.allclose(halved.float(), layer(x), atol=0.2)


@settings(max_examples=15)
@given(st.integers(0, 30), st.integers(1, 30), st.sampled_from([8, 128]))
def test_some_rows_alone_are_those_of_the_whole(first, count, channels):
    x = random(1, channels, 40, 48)
    last = min(first + count, 40)
    layer = filled(Conv3x3(channels, channels))
    assert torch.allclose(layer.rows(x, first, last), layer(x)[:, :, first:last], atol=5e-4)


@settings(max_examples=15)
@given(st.integers(0, 30), st.integers(1, 30))
def test_some_doubled_rows_alone_are_those_of_the_whole(first, count):
    layer, x = filled(DoublingConv3x3(6, 5)), random(1, 6, 20, 12)
    last = min(first + count, 40)
    assert torch.allclose(layer.rows(x, first, last), layer(x)[:, :, first:last], atol=1e-5)


@pytest.mark.parametrize(("channels", "size"), [(64, (131, 150)), (512, (64, 65))])  # filtered where products are slow
def test_pictures_of_more_tiles_than_are_done_at_once_are_exact(channels, size):
    layer, x = filled(Conv3x3(channels, max(channels, 128))), random(1, channels, *size)
    expected = F.conv2d(x.double(), layer.weight.double(), layer.bias.double(), padding=1)
    assert (layer(x) - expected).abs().max() < 5e-4


@pytest.mark.parametrize("kind", [Conv3x3, ValidConv3x3, DoublingConv3x3])
def test_parameters_are_those_of_a_plain_convolution(kind):
    assert {key: tuple(each.shape) for key, each in kind(4, 6).state_dict().items()} == {
        "weight": (6, 4, 3, 3),
        "bias": (6,),
    }


@pytest.mark.parametrize("kind", [Conv3x3, ValidConv3x3, DoublingConv3x3])
def test_training_has_the_gradients_of_a_plain_convolution(kind):
    layer = kind(128, 128)
    x = random(1, 128, 32, 36).requires_grad_()
    layer(x).square().mean().backward()
    grown = F.interpolate(x, scale_factor=2, mode="nearest") if kind is DoublingConv3x3 else x
    padding = 0 if kind is ValidConv3x3 else 1
    plain = F.conv2d(grown, layer.weight, layer.bias, padding=padding).square().mean()
    for found, expected in zip((x.grad, layer.weight.grad), torch.autograd.grad(plain, (x, layer.weight)), strict=True):
        assert torch.allclose(found, expected, atol=1e-6)


def test_images_of_a_batch_do_not_touch_each_other():
    layer, x = filled(Conv3x3(128, 128, 2)), random(3, 128, 30, 40)
    assert torch.equal(layer(x)[1:2], layer(x[1:2]))
