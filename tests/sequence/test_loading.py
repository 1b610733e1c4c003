import json
import logging
import subprocess
import sys
from pathlib import Path

import pytest
import torch

import vcnode
from vcnode.errors import DeviceError, ModelError
from vcnode.sequence.identity import model_digest
from vcnode.sequence.loading import choose_device
from vcnode.weights import save_weights

from .clips import clip, reference, same, straight

QUIET = """
import os, sys
events = []

def listen(name, details):
    if name.startswith(("socket.", "urllib.", "pickle.")):
        events.append(name)

sys.addaudithook(listen)
import numpy, torch

def globals_of_torch():
    return {
        "threads": (torch.get_num_threads(), torch.get_num_interop_threads()),
        "type": torch.get_default_dtype(), "device": str(torch.get_default_device()),
        "deterministic": torch.are_deterministic_algorithms_enabled(),
        "gradients": (torch.is_grad_enabled(), torch.is_inference_mode_enabled(), torch.is_anomaly_enabled()),
        "autocast": (torch.is_autocast_enabled("cpu"), torch.is_autocast_enabled("cuda")),
        "precision": torch.get_float32_matmul_precision(),
        "backends": (torch.backends.cudnn.enabled, torch.backends.cudnn.benchmark, torch.backends.cudnn.deterministic,
                     torch.backends.mkldnn.enabled),
        "random": torch.get_rng_state().tolist(), "numpy": numpy.random.get_state()[1].tolist(),
        "environment": dict(os.environ), "folder": os.getcwd(), "path": list(sys.path),
    }

before = globals_of_torch()
import vcnode, vcnode.network, vcnode.weights, vcnode.media, vcnode.color
assert globals_of_torch() == before, "importing vcnode changed a global setting"
model = vcnode.load(sys.argv[1], device="cpu")
frames = [numpy.random.default_rng(n).random((64, 96)) for n in range(2)]
picture = numpy.random.default_rng(9).random((64, 96, 3))
list(vcnode.colorize(frames, [vcnode.Reference(picture)], model=model))
assert globals_of_torch() == before, "colouring changed a global setting"
assert not events, events
"""


@pytest.fixture(scope="module")
def weights(tiny_model, tmp_path_factory):
    path = tmp_path_factory.mktemp("weights") / "tiny.safetensors"
    save_weights(path, tiny_model.state_dict(), {"config": json.dumps(tiny_model.config.to_dict())})
    return path


def test_a_saved_model_comes_back_the_same_and_ready(tiny_model, weights):
    model = vcnode.load(weights, device="cpu")
    assert model.config == tiny_model.config
    assert not model.training
    assert not any(parameter.requires_grad for parameter in model.parameters())
    assert model_digest(model) == model_digest(tiny_model)
    pairs = zip(*(straight(each, clip(3), [reference(1)]) for each in (model, tiny_model)), strict=True)
    assert all(same(*pair) for pair in pairs)


def test_weights_in_half_precision_are_computed_in_single(tiny_model, tmp_path):
    halves = {name: tensor.half() for name, tensor in tiny_model.state_dict().items()}
    save_weights(tmp_path / "half.safetensors", halves, {"config": json.dumps(tiny_model.config.to_dict())})
    model = vcnode.load(tmp_path / "half.safetensors", device="cpu")
    assert {tensor.dtype for tensor in model.state_dict().values()} == {torch.float32}


@pytest.mark.parametrize(
    "spoil",
    [
        lambda tensors: tensors.pop("color_net.leave.bias"),
        lambda tensors: tensors.update(more=torch.zeros(1)),
        lambda tensors: tensors.update({"color_net.leave.bias": torch.zeros(4)}),
    ],
)
def test_weights_that_do_not_fit_are_refused(tiny_model, tmp_path, spoil):
    tensors = dict(tiny_model.state_dict())
    spoil(tensors)
    path = tmp_path / "other.safetensors"
    save_weights(path, tensors, {"config": json.dumps(tiny_model.config.to_dict())})
    with pytest.raises(ModelError, match="do not fit the network"):
        vcnode.load(path, device="cpu")


def test_what_the_host_has_set_in_torch_changes_no_model(tiny_model, weights):
    try:
        torch.set_default_dtype(torch.float64)
        with torch.device("meta"):
            model = vcnode.load(weights, device="cpu")
    finally:
        torch.set_default_dtype(torch.float32)
    assert model_digest(model) == model_digest(tiny_model)


def test_an_unknown_model_is_refused():
    with pytest.raises(ModelError, match="ligth"):
        vcnode.load("ligth")


@pytest.fixture
def two_gpus(monkeypatch):
    """A machine that lists GPUs; on this one their kernels do not run, unless a test says so."""
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda device: "NVIDIA Example 8")


def test_a_gpu_that_this_torch_has_no_code_for_is_not_chosen(two_gpus, monkeypatch, caplog):
    def refuse(*_, **__):
        raise RuntimeError("CUDA error: no kernel image is available for execution on the device\nmore about it")

    monkeypatch.setattr(torch, "zeros", refuse)
    with caplog.at_level(logging.WARNING, "vcnode"):
        assert choose_device("auto") == torch.device("cpu")
    assert "NVIDIA Example 8 cannot be used" in caplog.text
    with pytest.raises(
        DeviceError, match=r"Example 8 cannot be used by this PyTorch \(.*no kernel image.*\): give"
    ) as told:
        choose_device("cuda:1")
    assert "\n" not in str(told.value)


def test_devices_are_chosen_by_what_is_there(two_gpus, monkeypatch):
    monkeypatch.setattr(torch, "zeros", lambda *_, device, zeros=torch.zeros: zeros(1))
    assert choose_device("auto").type == "cuda"
    assert choose_device("cuda:1").index == 1
    with pytest.raises(DeviceError, match="there are 2 CUDA GPUs"):
        choose_device("cuda:2")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
    assert choose_device("auto") == choose_device("cpu") == torch.device("cpu")
    for wish, problem in (
        ("cuda", "CUDA was asked for"),
        ("mps", "MPS was asked for"),
        ("gpu", "'gpu' is not known"),
        ("xpu", "does not run on the device 'xpu'"),
        ("meta", "does not run on"),
    ):
        with pytest.raises(DeviceError, match=problem):
            choose_device(wish)


def test_importing_and_colouring_change_no_global_reach_for_no_network_and_print_nothing(weights):
    run = subprocess.run(
        [sys.executable, "-c", QUIET, str(weights)],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        cwd=Path(__file__).parents[2],
    )
    assert (run.returncode, run.stdout, run.stderr) == (0, "", "")
