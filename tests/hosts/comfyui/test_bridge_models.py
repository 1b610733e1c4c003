"""Models, how precisely they run, and how much room is made for them."""

import pytest
import torch

from comfyvcnode import models
from vcnode import Settings
from vcnode.errors import InputError, ModelError

CPU, CUDA, MPS = (torch.device(name) for name in ("cpu", "cuda", "mps"))


@pytest.mark.parametrize(
    ("choice", "device", "chosen"),
    [
        ("auto", CPU, None),
        ("auto", CUDA, None),
        ("auto", MPS, None),
        ("fp16", CUDA, "float16"),
        ("fp32", CUDA, "float32"),
    ],
)
def test_precision(choice, device, chosen):
    assert models.precision_for(choice, device) == chosen


@pytest.mark.parametrize(("choice", "problem"), [("fp16", "runs on the CPU"), ("fp8", "not known")])
def test_precision_that_cannot_be(choice, problem):
    with pytest.raises(InputError, match=problem):
        models.precision_for(choice, CPU)


def test_the_embedded_model_is_always_there():
    """And may be moved and trained outside of the host's inference mode."""
    with torch.inference_mode():
        network = models.load_network("lite (embedded)", lambda name: None, "models/vcnode")
    assert not any(parameter.is_inference() for parameter in network.parameters())


def test_a_model_that_is_not_there():
    with pytest.raises(ModelError, match=r"no model file 'devc\.safetensors' in models/vcnode"):
        models.load_network("devc.safetensors", lambda name: None, "models/vcnode")


def test_room_for_more_work_is_larger(tiny_model, tiny_devc):
    def room(network=tiny_model, height=9, width=16, **settings):
        return models.working_memory(network, Settings(**settings), height, width)

    assert room(working_size=224) == room()  # the preset's own size
    assert room(working_size=448) == pytest.approx(4 * room(), rel=0.01)
    assert room() == room(look_ahead=4) == pytest.approx(4 * room(look_ahead=1), rel=0.01)  # as on GPUs
    assert room(height=16, width=9) == room()
    assert room(width=9) < room() < room(tiny_devc)


def test_room_is_made_for_finishing_at_full_size(tiny_model):
    small, hd, uhd = (models.working_memory(tiny_model, Settings(), 9 * k, 16 * k) for k in (1, 120, 240))
    assert uhd - hd == pytest.approx(3 * (hd - small), rel=0.01)
    assert hd - small > 100 * 1920 * 1080
