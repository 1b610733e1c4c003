"""From a model's name to a model on a device."""

import os

import torch

from vcnode.errors import DeviceError, ModelError
from vcnode.network import Model, ModelConfig
from vcnode.weights import find, load_weights


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
    """Turn a user's wish into a device that is there.

    Raises:
        DeviceError: It is not there, or not known.
    """
    if device == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        chosen = torch.device(device)
    except RuntimeError as error:
        raise DeviceError(f"The device {device!r} is not known: give auto, cpu, cuda or cuda:1.") from error
    if chosen.type == "cuda" and not torch.cuda.is_available():
        built = "" if torch.version.cuda else " (this PyTorch is built without CUDA)"
        raise DeviceError(f"CUDA was asked for but no CUDA GPU can be used{built}: give --device cpu, or auto.")
    if chosen.type == "cuda" and (chosen.index or 0) >= torch.cuda.device_count():
        raise DeviceError(
            f"The device {device} was asked for, but there are {torch.cuda.device_count()} CUDA GPUs, counted from 0."
        )
    if chosen.type == "mps" and not torch.backends.mps.is_available():
        raise DeviceError("MPS was asked for but this machine has no such GPU: give --device cpu.")
    return chosen
