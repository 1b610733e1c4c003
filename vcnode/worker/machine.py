"""What a worker has to offer, for a client's `check`."""

import platform

import torch

from vcnode.sequence import choose_device
from vcnode.weights import load_registry, locate
from vcnode.worker.protocol import Message


def describe_machine() -> Message:
    """Name the device that jobs get, its memory in bytes (null on a CPU), and the models."""
    device = choose_device("auto")
    name, free, total = platform.processor() or platform.machine(), None, None
    if device.type == "cuda":
        name = torch.cuda.get_device_name(device)
        free, total = torch.cuda.mem_get_info(device)
    models = [
        {"name": entry.name, "licence": entry.licence, "there": locate(entry) is not None}
        for entry in load_registry().values()
    ]
    return {
        "type": "checked",
        "device": str(device),
        "device_name": name,
        "memory_free": free,
        "memory_total": total,
        "models": models,
        "python": platform.python_version(),
        "torch": str(torch.__version__),
    }
