"""From a model's name to a model on a device."""

import logging
import os

import torch

from vcnode.errors import DeviceError, ModelError
from vcnode.network import Model, ModelConfig
from vcnode.weights import find, load_weights

_KNOWN = "give auto, cpu, cuda, cuda:1 or mps"

_log = logging.getLogger("vcnode")


def load(name_or_path: str | os.PathLike[str] = "lite", device: str | torch.device = "auto") -> Model:
    """Load a model, ready to colour. Nothing is downloaded.

    Args:
        name_or_path: A registry name ("lite", "devc") or a weights file.
        device: "auto" for the CUDA GPU where there is one, else the CPU; or "cuda", "cuda:1", "cpu", "mps".

    Raises:
        ModelError: The model is unknown, not on this machine, damaged or of another architecture.
        DeviceError: The device is not there.
    """
    target = choose_device(device)
    files = find(name_or_path)
    config = ModelConfig.from_dict(files.configuration)
    tensors, _ = load_weights(files.weights)
    with torch.random.fork_rng(devices=[]), torch.device("cpu"):  # the host's random numbers are its own
        model = Model(config)
    expected = model.state_dict()
    wrong = sorted(set(expected) ^ set(tensors))
    wrong += [name for name in expected if name in tensors and expected[name].shape != tensors[name].shape]
    if wrong:
        raise ModelError(
            f"The weights in {files.weights} do not fit the network '{config.name}' ({wrong[0]} and {len(wrong) - 1} "
            "more differ): use the weights that belong to it."
        )
    model.load_state_dict({name: tensor.float() for name, tensor in tensors.items()})
    return model.eval().requires_grad_(False).to(target, torch.float32)


def choose_device(device: str | torch.device) -> torch.device:
    """Turn a user's wish into a device that is there, and that this PyTorch has code for.

    Raises:
        DeviceError: It is not there, or not known.
    """
    if device == "auto":
        chosen = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        if chosen.type == "cuda" and (problem := _cuda_problem(chosen)):
            _log.warning("%s. The CPU is used.", problem)
            chosen = torch.device("cpu")
        return chosen
    try:
        chosen = torch.device(device)
    except RuntimeError as error:
        raise DeviceError(f"The device {device!r} is not known: {_KNOWN}.") from error
    if chosen.type not in ("cpu", "cuda", "mps"):
        raise DeviceError(f"vcnode does not run on the device {device!r}: {_KNOWN}.")
    if chosen.type == "cuda" and not torch.cuda.is_available():
        built = "" if torch.version.cuda else " (this PyTorch is built without CUDA)"
        raise DeviceError(f"CUDA was asked for but no CUDA GPU can be used{built}: give the device cpu, or auto.")
    if chosen.type == "cuda" and (chosen.index or 0) >= torch.cuda.device_count():
        raise DeviceError(
            f"The device {device} was asked for, but there are {torch.cuda.device_count()} CUDA GPUs, counted from 0."
        )
    if chosen.type == "mps" and not torch.backends.mps.is_available():
        raise DeviceError("MPS was asked for but this machine has no such GPU: give the device cpu.")
    if chosen.type == "cuda" and (problem := _cuda_problem(chosen)):
        raise DeviceError(f"{problem}: give the device cpu, or install a PyTorch that is made for this GPU.")
    return chosen


def _cuda_problem(device: torch.device) -> str | None:
    """Why a GPU that is there cannot be used: PyTorch lists also those that its kernels are not compiled for."""
    try:
        torch.zeros(1, device=device).add_(1).item()
    except RuntimeError as error:
        reason = str(error).partition("\n")[0].rstrip(".")
        return f"The GPU {torch.cuda.get_device_name(device)} cannot be used by this PyTorch ({reason})"
    return None
