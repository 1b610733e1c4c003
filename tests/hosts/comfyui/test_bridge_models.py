"""Models, how precisely they run, and how much room is made for them."""

import pytest
import torch

from tests.hosts.comfyui.bridge import models
from vcnode import Settings
from vcnode.errors import InputError, ModelError

CPU, CUDA, MPS = (torch.device(name) for name in ("cpu", "cuda", "mps"))


@pytest.mark.parametrize(
    ("choice", "device", "prefers", "chosen"),
    [
        ("auto", CPU, True, "float32"),
        ("auto", CUDA, True, "float16"),
        ("auto", CUDA, False, "float32"),
        ("auto", MPS, True, "float32"),
        ("fp16", CUDA, False, "float16"),
        ("fp32", CUDA, True, "float32"),
    ],
)
def test_precision(choice, device, prefers, chosen):
    assert models.precision_for(choice, device, lambda device: prefers) == chosen


@pytest.mark.parametrize(("choice", "problem"), [("fp16", "runs on the CPU"), ("fp8", "not known")])
def test_precision_that_cannot_be(choice, problem):
    with pytest.raises(InputError, match=problem):
        models.precision_for(choice, CPU, lambda device: True)


def test_the_embedded_model_is_always_there():
    network = models.load_network("lite (embedded)", lambda name: None, "models/vcnode")
    assert not any(parameter.is_inference() for parameter in network.parameters())


def test_a_model_that_is_not_there():
    with pytest.raises(ModelError, match=r"no model file 'devc\.safetensors' in models/vcnode"):
        models.load_network("devc.safetensors", lambda name: None, "models/vcnode")


def test_room_for_more_work_is_larger(tiny_model, tiny_devc):
    def room(network=tiny_model, height=540, width=960, **settings):
        return models.working_memory(network, Settings(**settings), height, width)

    assert room(working_size=224) == room()  # the preset's own size
    assert room(working_size=448) == pytest.approx(4 * room())
    assert room() == room(look_ahead=4) == pytest.approx(4 * room(look_ahead=1))  # as on GPUs
    assert room(height=960, width=540) == room(height=1080, width=1920) == room()
    assert room(width=540) < room() < room(tiny_devc)
