import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from vcnode.errors import InputError, ModelError
from vcnode.network.encoders import (
    EfficientNetLite0Encoder,
    FrozenBatchNorm,
    VGG19Encoder,
    gray_to_rgb,
    lab_to_rgb_differentiable,
)

pytestmark = pytest.mark.usefixtures("seeded")


def test_gray_is_lightness_in_three_channels():
    rgb = gray_to_rgb(torch.tensor([0.0, 25, 100]).view(1, 1, 1, 3))
    assert rgb.shape == (1, 3, 1, 3)
    assert torch.equal(rgb[0, :, 0], torch.tensor([0, 0.25, 1]).expand(3, 3))


def test_lab_to_rgb_agrees_with_scikit_image_inside_the_gamut():
    color = pytest.importorskip("skimage.color")
    rgb = torch.rand(1, 3, 16, 16, dtype=torch.float64)
    lab = torch.from_numpy(color.rgb2lab(rgb[0].permute(1, 2, 0).numpy())).permute(2, 0, 1)[None]
    assert (lab_to_rgb_differentiable(lab) - rgb).abs().max() < 1e-3


@settings(max_examples=50)
@given(lab=st.tuples(st.floats(0, 100), st.floats(-128, 127), st.floats(-128, 127)))
def test_lab_to_rgb_is_finite_and_bounded_for_every_lab(lab):
    point = torch.tensor(lab, dtype=torch.float32).view(1, 3, 1, 1).requires_grad_()
    rgb = lab_to_rgb_differentiable(point)
    (slope,) = torch.autograd.grad(rgb.sum(), point)
    assert ((rgb >= 0) & (rgb <= 1)).all()
    assert slope.isfinite().all()


def test_lab_to_rgb_has_the_gradient_of_the_function():
    lab = torch.tensor([[50.0, 5, -7], [3, 1, 1], [80, -20, 30]], dtype=torch.float64).T.reshape(1, 3, 1, 3)
    assert torch.autograd.gradcheck(lab_to_rgb_differentiable, lab.requires_grad_())


def test_clipped_colours_give_no_gradient():
    lab = torch.tensor([120.0, 0, 0]).view(1, 3, 1, 1)
    (slope,) = torch.autograd.grad(lab_to_rgb_differentiable(lab.requires_grad_()).sum(), lab)
    assert torch.equal(slope, torch.zeros_like(slope))


def test_vgg_has_the_keys_of_the_authors_file_and_is_frozen():
    encoder = VGG19Encoder()
    counts = {1: 2, 2: 2, 3: 4, 4: 4, 5: 4}
    names = [f"conv{s}_{n}.{p}" for s, c in counts.items() for n in range(1, c + 1) for p in ("weight", "bias")]
    state = encoder.state_dict()
    assert list(state) == names
    assert sum(value.numel() for value in state.values()) == 20_024_384
    assert not any(parameter.requires_grad for parameter in encoder.parameters())


def test_vgg_passes_gradients_to_the_picture():
    rgb = torch.rand(1, 3, 32, 32, requires_grad=True)
    VGG19Encoder()(rgb)[-1].sum().backward()
    assert rgb.grad is not None
    assert rgb.grad.abs().sum() > 0


@pytest.mark.parametrize("make", [VGG19Encoder, EfficientNetLite0Encoder, lambda: EfficientNetLite0Encoder((2, 16))])
@pytest.mark.parametrize(("height", "width"), [(32, 48), (64, 32)])
def test_taps_have_the_channels_and_strides_that_the_encoder_states(make, height, width):
    encoder = make()
    with torch.no_grad():
        taps = encoder(torch.rand(2, 3, height, width))
    expected = [(2, c, height // s, width // s) for c, s in zip(encoder.channels, encoder.strides, strict=True)]
    assert [tuple(tap.shape) for tap in taps] == expected


def test_the_vgg_pyramid_begins_at_full_size():
    encoder = VGG19Encoder()
    rgb = torch.rand(1, 3, 32, 32)
    pyramid = encoder.pyramid(rgb)
    assert pyramid[0].shape == (1, 64, 32, 32)
    assert all(torch.equal(a, b) for a, b in zip(pyramid[1:], encoder(rgb), strict=True))


def randomize(encoder):
    """Give every normalisation statistics of its own, as training would."""
    for tensor in (*encoder.parameters(), *encoder.buffers()):
        if tensor.ndim == 1:
            nn.init.uniform_(tensor, 0.5, 1.5)
    return encoder


def test_folded_normalisation_is_batch_normalisation_in_evaluation_mode():
    conv, folded = nn.Conv2d(4, 6, 3, bias=False), randomize(FrozenBatchNorm(6))
    plain = nn.BatchNorm2d(6, eps=1e-3).eval()
    plain.load_state_dict(folded.state_dict(), strict=False)
    x = torch.randn(2, 4, 9, 11)
    expected = plain(nn.functional.conv2d(x, conv.weight, padding=1))
    torch.testing.assert_close(folded.after(conv, x), expected, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("kernel", [3, 5])
@pytest.mark.parametrize("size", [7, 8])
def test_padding_is_that_of_tensorflow(kernel, size):
    """At stride 2 TensorFlow pads even sizes one more after than before, odd sizes equally."""
    conv, identity = nn.Conv2d(1, 1, kernel, stride=2, bias=False), FrozenBatchNorm(1, eps=0)
    x = torch.randn(1, 1, size, size)
    after = kernel // 2
    before = after - (size % 2 == 0)
    padded = nn.functional.pad(x, (before, after, before, after))
    torch.testing.assert_close(identity.after(conv, x), nn.functional.conv2d(padded, conv.weight, stride=2))


def test_training_mode_does_not_move_the_statistics():
    encoder = randomize(EfficientNetLite0Encoder())
    before = {key: value.clone() for key, value in encoder.state_dict().items()}
    rgb = torch.rand(2, 3, 32, 32)
    evaluated, trained = encoder.eval()(rgb), encoder.train()(rgb)
    assert all(torch.equal(a, b) for a, b in zip(evaluated, trained, strict=True))
    assert all(torch.equal(before[key], value) for key, value in encoder.state_dict().items())


def test_layers_beyond_the_last_tap_are_not_built():
    assert not any(key.startswith("_blocks.3") for key in EfficientNetLite0Encoder((2, 4)).state_dict())
    assert not any(key.startswith("_blocks.11") for key in EfficientNetLite0Encoder().state_dict())


def test_imagenet_weights_may_hold_more_but_not_less():
    encoder, other = EfficientNetLite0Encoder(), randomize(EfficientNetLite0Encoder())
    state = {**other.state_dict(), "_fc.bias": torch.zeros(1000)}
    encoder.load_imagenet(state)
    assert torch.equal(encoder.state_dict()["_bn0.bias"], state["_bn0.bias"])
    del state["_blocks.2._bn1.running_mean"]
    with pytest.raises(ModelError, match=r"_blocks\.2\._bn1\.running_mean"):
        encoder.load_imagenet(state)


@pytest.mark.parametrize("strides", [(), (3,), (8, 4), (4, 4), (4, 32)])
def test_impossible_strides_are_explained(strides):
    with pytest.raises(InputError, match="2, 4, 8, 16"):
        EfficientNetLite0Encoder(strides)
