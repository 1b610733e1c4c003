"""Models shared by all filters of a process, for as long as one of them is there."""

import os
import threading
from weakref import WeakValueDictionary

import torch

from vcnode.errors import InputError
from vcnode.network import Model
from vcnode.sequence import choose_device, load
from vcnode.sequence.whole_number import whole_number
from vcnode.weights import find

type ModelLike = str | os.PathLike[str] | Model

_loaded: WeakValueDictionary[tuple[str, int, str], Model] = WeakValueDictionary()
_lock = threading.Lock()


def shared_model(model: ModelLike, device: str | int | None) -> Model:
    """Load a model, or return the one that another filter of this process has loaded.

    Args:
        model: A registry name, a weights file, or a model, which stays on its device.
        device: "cuda", "cuda:1", "cpu", the number of a CUDA GPU, or None or "auto" for the first GPU where there is
            one, else the CPU.

    Raises:
        InputError: A model or device is no such thing.
        ModelError: The model is unknown, not on this machine or damaged.
        DeviceError: The device is not there.
    """
    if isinstance(model, Model):
        return model
    if not isinstance(model, str | os.PathLike):
        raise InputError(f"the model is {model!r}: give its name, its weights file or a vcnode.Model")
    target = choose_device(_device_name(device))
    weights = find(model).weights
    key = (os.path.abspath(weights), os.stat(weights).st_mtime_ns, str(target))
    with _lock:
        found = _loaded.get(key)
        if found is None:
            found = _loaded[key] = load(model, target)
        return found


def _device_name(device: str | int | torch.device | None) -> str | torch.device:
    if device is None:
        return "auto"
    return device if isinstance(device, str | torch.device) else f"cuda:{whole_number(device, 'the device')}"
