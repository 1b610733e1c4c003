import pytest

from training.runs import settings
from vcnode.errors import InputError
from vcnode.network.encoders import VGG19Encoder
from vcnode.training.model_setup import build_model
from vcnode.training.run_setup import build_objective
from vcnode.training.vgg import TorchvisionVGG

NONE = dict.fromkeys(("l1", "perceptual", "contextual", "smoothness", "adversarial", "temporal"), 0)


def objective(*changes):
    config = settings({"losses": NONE}, *changes)
    return build_objective(config, build_model(config.model, None, "random", 0), "cpu")


def test_networks_are_made_only_where_a_loss_needs_them():
    made = objective({"losses": {"l1": 1}})
    assert made.loss_network is None
    assert made.discriminator is None


def test_the_loss_looks_through_the_network_that_is_named():
    made = objective({"losses": {"perceptual": 1}, "loss_network": "random"})
    assert isinstance(made.loss_network.extractor, TorchvisionVGG)
    with pytest.raises(InputError, match="look through a VGG: give its file"):
        objective({"losses": {"perceptual": 1}})


def test_or_through_the_encoder_where_that_is_a_vgg_that_stays_as_it_is():
    devc = {"model": {"preset": "devc", "color_widths": [8, 8, 8, 8]}, "losses": {"perceptual": 1}}
    assert isinstance(objective(devc).loss_network.extractor, VGG19Encoder)
    with pytest.raises(InputError, match="look through a VGG"):
        objective(devc, {"optimization": {"rates": {"encoder": 1e-5}}})


@pytest.mark.parametrize(
    ("height", "width", "kernel"), [(216, 384, (3, 6)), (640, 640, (3, 6)), (128, 192, (2, 3)), (64, 128, (1, 2))]
)
def test_the_discriminators_last_kernel_is_the_papers_where_frames_are_as_large(height, width, kernel, monkeypatch):
    asked = []
    monkeypatch.setattr("vcnode.training.run_setup.Discriminator", lambda last: asked.append(last) or VGG19Encoder())
    objective({"losses": {"adversarial": 1}, "data": {"height": height, "width": width}})
    assert asked == [kernel]


def test_frames_too_small_for_the_discriminator_are_refused():
    with pytest.raises(InputError, match=r"cannot judge frames of 64x64: give data\.width 128 or more"):
        objective({"losses": {"adversarial": 1}})
