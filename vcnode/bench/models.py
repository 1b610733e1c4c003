"""The model to be timed: times do not depend on the weights' values, so where there are none, random ones do."""

import torch
from torch import nn

from vcnode.network import Model, ModelConfig
from vcnode.sequence import choose_device, load
from vcnode.weights import load_registry, locate


def model_to_time(name: str, device: str | torch.device) -> tuple[Model, bool]:
    """Load a model, or make one of the same build.

    Args:
        name: A registry name or a weights file.
        device: As for `load`.

    Returns:
        The model, and whether its weights are random because those of a known model are not on this machine.

    Raises:
        ModelError: The model is unknown or damaged.
        DeviceError: The device is not there.
    """
    entry = load_registry().get(name)
    if entry is None or entry.embedded or locate(entry) is not None:
        return load(name, device), False
    target = choose_device(device)
    with torch.random.fork_rng(devices=[]), torch.device("cpu"):
        torch.manual_seed(0)
        model = Model(ModelConfig.from_dict(entry.configuration()))
        for module in model.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight)  # keeps values alive through many layers, as training does
    return model.eval().requires_grad_(False).to(target), True
