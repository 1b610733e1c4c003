import pytest
import torch
import torch.nn.functional as F

from vcnode.errors import ModelError
from vcnode.network.encoders import VGG19Encoder, lab_to_rgb_differentiable
from vcnode.training.losses import layered_contextual_loss, perceptual_loss
from vcnode.training.vgg import IMAGENET_SCALE, LAYERS, LossNetwork
from vcnode.weights import save_weights

CONVOLUTIONS = {  # torchvision's indices, stage by stage; the last ones are not used
    16: ((0, 2), (5, 7), (10, 12, 14), (17, 19, 21), (24, 26, 28)),
    19: ((0, 2), (5, 7), (10, 12, 14, 16), (19, 21, 23, 25), (28, 30, 32, 34)),
}


def lab(height=32, width=48, seed=0):
    generator = torch.Generator().manual_seed(seed)
    low, high = (torch.tensor(bounds).view(1, 3, 1, 1) for bounds in ([30.0, -20, -20], [80.0, 20, 20]))
    return low + (high - low) * torch.rand(2, 3, height, width, generator=generator)


def weights(depth):
    """A whole network as torchvision saves it, the classifier's first bias included."""
    generator, inputs, tensors = torch.Generator().manual_seed(depth), 3, {}
    for stage, outputs in zip(CONVOLUTIONS[depth], (64, 128, 256, 512, 512), strict=True):
        for index in stage:
            shape = (outputs, inputs, 3, 3)
            tensors[f"features.{index}.weight"] = torch.randn(shape, generator=generator) * (2 / (9 * inputs)) ** 0.5
            tensors[f"features.{index}.bias"] = 0.1 * torch.randn(outputs, generator=generator)
            inputs = outputs
    tensors["classifier.0.bias"] = torch.zeros(4096)
    return {key: tensor.half() for key, tensor in tensors.items()}


@pytest.fixture(scope="module", params=[16, 19])
def network(request, tmp_path_factory):
    """Depth, weights, and the file that holds them in half precision."""
    tensors = weights(request.param)
    path = tmp_path_factory.mktemp("vgg") / f"vgg{request.param}.safetensors"
    return request.param, tensors, save_weights(path, tensors, {})


def test_a_file_of_either_depth_gives_its_features(network):
    depth, tensors, path = network
    found = LossNetwork.from_file(path)(lab())
    mean = torch.tensor([0.485, 0.456, 0.406]).view(3, 1, 1)
    deviation = torch.tensor([0.229, 0.224, 0.225]).view(3, 1, 1)
    x = (lab_to_rgb_differentiable(lab()) - mean) / deviation
    for name, stage in zip(LAYERS, CONVOLUTIONS[depth], strict=True):
        for number, index in enumerate(stage, start=1):
            weight, bias = (tensors[f"features.{index}.{part}"].float() for part in ("weight", "bias"))
            x = F.relu(F.conv2d(x, weight, bias, padding=1))
            if number == 2:
                torch.testing.assert_close(found[name], IMAGENET_SCALE * x, rtol=1e-4, atol=2e-3)
        x = F.max_pool2d(x, 2)


def test_an_encoder_of_the_authors_lineage_serves_as_it_is():
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        encoder = VGG19Encoder()
    found = LossNetwork.from_encoder(encoder)(lab())
    expected = encoder.pyramid(lab_to_rgb_differentiable(lab()))
    assert all(torch.equal(found[name], tap) for name, tap in zip(LAYERS, expected, strict=True))


def test_gradients_reach_the_picture_but_no_weight():
    network = LossNetwork.random()
    picture = lab().requires_grad_()
    features, other = network(picture), network(lab(seed=1))
    loss = perceptual_loss(features["r52"], other["r52"]) + layered_contextual_loss(features, other)
    loss.backward()
    assert picture.grad.abs().sum() > 0
    assert all(parameter.grad is None and not parameter.requires_grad for parameter in network.parameters())


def test_random_networks_are_set_by_their_seed_and_leave_the_global_one_alone():
    before = torch.random.get_rng_state()
    first, again, other = (LossNetwork.random(seed)(lab())["r52"] for seed in (1, 1, 2))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)
    assert torch.equal(before, torch.random.get_rng_state())
    assert first.shape == (2, 128, 2, 3)


def test_autocast_does_not_lower_the_precision():
    network = LossNetwork.random()
    expected = network(lab())
    with torch.autocast("cpu", dtype=torch.bfloat16):
        found = network(lab())
    assert all(torch.equal(found[name], expected[name]) for name in LAYERS)


def test_it_moves_as_a_whole():
    assert LossNetwork.random().double()(lab().double())["r52"].dtype == torch.float64


def broken(tmp_path, change):
    tensors = weights(16)
    change(tensors)
    return save_weights(tmp_path / "broken.safetensors", tensors, {})


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (lambda t: t.pop("features.12.bias"), "'features.12.bias' is missing"),
        (lambda t: t.pop("features.17.weight"), "neither VGG16 nor VGG19"),
        (lambda t: t.update({"features.5.weight": torch.zeros(128, 64, 1, 1)}), "features.5.weight.*shape"),
        (lambda t: t["features.0.weight"].fill_(float("nan")), "features.0.weight.*not finite"),
        (lambda t: t.update({"features.0.bias": torch.zeros(64, dtype=torch.int32)}), "features.0.bias.*int32"),
    ],
)
def test_a_file_that_does_not_fit_is_explained(tmp_path, change, problem):
    with pytest.raises(ModelError, match=problem):
        LossNetwork.from_file(broken(tmp_path, change))


def test_a_damaged_or_absent_file_is_explained(tmp_path):
    path = broken(tmp_path, lambda t: None)
    path.write_bytes(path.read_bytes()[:1000])
    with pytest.raises(ModelError, match="not a readable safetensors file"):
        LossNetwork.from_file(path)
    with pytest.raises(ModelError, match="does not exist"):
        LossNetwork.from_file(tmp_path / "absent.safetensors")


@pytest.fixture
def hub(tmp_path, monkeypatch):
    """Torch's hub cache in an empty folder, on a machine without a network."""

    def no_network(*arguments, **names):
        raise AssertionError("something is downloaded")

    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    monkeypatch.setattr(torch.hub, "download_url_to_file", no_network)
    return tmp_path / "hub" / "checkpoints" / "vgg19-dcbb9e9d.pth"


def test_torchvisions_weights_are_taken_from_the_cache(hub):
    hub.parent.mkdir(parents=True)
    torch.save(weights(19), hub)
    assert LossNetwork.from_torchvision()(lab())["r52"].shape == (2, 512, 2, 3)


def test_nothing_is_downloaded(hub):
    with pytest.raises(ModelError, match=r"VGG19 is not at .*vgg19-dcbb9e9d\.pth: put https://.* there"):
        LossNetwork.from_torchvision()
    assert not hub.exists()
