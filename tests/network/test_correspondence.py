import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from vcnode.errors import InputError
from vcnode.network.correspondence import LightHead, center, normalize

pytestmark = pytest.mark.usefixtures("seeded")
VGG = tuple(zip((128, 256, 512, 512), (2, 4, 8, 16), strict=True))
LITE = ((24, 4), (40, 8), (112, 16))


def taps(pyramid, height, width, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return [torch.rand(1, c, height // s, width // s, generator=generator) for c, s in pyramid]


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32, torch.float64])
def test_normalized_vectors_have_unit_length_at_every_scale_and_precision(dtype):
    x = torch.randn(2, 512, 3, 4).to(dtype)
    for scale in (1e-3, 1.0, 100.0):
        length = normalize(x * scale).double().norm(dim=1)
        assert (length - 1).abs().max() < 50 * torch.finfo(dtype).eps
    assert normalize(x).dtype == dtype


@pytest.mark.parametrize("dtype", [torch.float16, torch.float32])
def test_zero_vectors_stay_zero_and_give_finite_gradients(dtype):
    x = torch.randn(1, 8, 2, 2).to(dtype)
    x[:, :, 0, 0] = 0
    x.requires_grad_()
    out = normalize(x)
    (slope,) = torch.autograd.grad(out.float().sum(), x)
    assert torch.equal(out[:, :, 0, 0], torch.zeros(1, 8, dtype=dtype))
    assert slope.isfinite().all()


def test_centring_takes_each_image_for_itself():
    x = torch.randn(2, 3, 4, 5)
    together = center(x)
    assert together.mean(dim=(2, 3)).abs().max() < 1e-6
    torch.testing.assert_close(together[1:], center(x[1:]))


def test_devc_has_the_keys_of_the_authors_file(head):
    state = head.state_dict()
    assert len(state) == 43
    assert sum(value.numel() for value in state.values()) == 6_917_131
    assert {"layer5_1.6.weight", "layer5_1.8.weight", "layer.2.prelu.weight", "theta.bias"} <= set(state)


@settings(max_examples=12)
@given(rows=st.integers(4, 9), columns=st.integers(4, 9))
def test_devc_describes_every_multiple_of_8(head, rows, columns):
    with torch.no_grad():
        queries = head.queries(taps(VGG, 8 * rows, 8 * columns))
    assert queries.shape == (1, 256, 2 * rows, 2 * columns)
    assert (queries.norm(dim=1) - 1).abs().max() < 1e-5


def test_devc_extends_width_as_it_extends_height(head):
    """Turning the picture and every kernel by 90 degrees turns the result: rows and columns are alike."""
    features = taps(VGG, 40, 64)
    turned_head = type(head)()
    turned_head.load_state_dict({k: v.transpose(-1, -2) if v.ndim == 4 else v for k, v in head.state_dict().items()})
    with torch.no_grad():
        upright = head.keys(features)
        turned = turned_head.keys([tap.transpose(2, 3) for tap in features])
    torch.testing.assert_close(turned.transpose(2, 3), upright, rtol=0, atol=1e-4)


@pytest.mark.parametrize(("height", "width"), [(36, 64), (64, 44), (24, 64)])
def test_devc_explains_sizes_that_it_cannot_describe(head, height, width):
    with pytest.raises(InputError, match="multiples of 8"):
        head.queries(taps(VGG, height, width))


def test_devc_projects_frames_and_references_apart(head):
    features = taps(VGG, 32, 32)
    with torch.no_grad():
        assert not torch.allclose(head.queries(features), head.keys(features), atol=1e-2)


@pytest.mark.parametrize("refine", [True, False])
@settings(max_examples=8)
@given(rows=st.integers(2, 6), columns=st.integers(2, 6))
def test_light_describes_every_multiple_of_16(refine, rows, columns):
    head = LightHead([channels for channels, _ in LITE], 32, refine=refine)
    features = taps(LITE, 16 * rows, 16 * columns)
    with torch.no_grad():
        queries = head.queries(features)
        assert torch.equal(queries, head.keys(features))
    assert queries.shape == (1, 32, 4 * rows, 4 * columns)
    assert (queries.norm(dim=1) - 1).abs().max() < 1e-5


def test_light_ignores_the_scale_and_offset_of_a_tap():
    head = LightHead([channels for channels, _ in LITE], 32)
    features = taps(LITE, 32, 48)
    changed = [features[0] * 50 + 3, *features[1:]]
    with torch.no_grad():
        torch.testing.assert_close(head.queries(changed), head.queries(features), rtol=0, atol=1e-4)


def test_light_begins_near_the_cosines_of_the_taps_themselves():
    channels = [channels for channels, _ in LITE]
    features = taps(LITE, 64, 64)
    with torch.no_grad():
        narrow = LightHead(channels, 128).queries(features).flatten(2)[0]
        full = LightHead(channels, sum(channels), refine=False).queries(features).flatten(2)[0]
    assert (narrow.T @ narrow - full.T @ full).abs().mean() < 0.1


def test_the_residual_block_learns():
    head = LightHead([channels for channels, _ in LITE], 16)
    assert head.refine is not None
    (head.queries(taps(LITE, 32, 32)) * torch.randn(1, 16, 8, 8)).sum().backward()
    assert head.refine[2].weight.grad.abs().sum() > 0
