"""Models that are small, random and always the same, for every test that needs a network but not its quality."""

import pytest
import torch
from hypothesis import HealthCheck, settings
from torch import nn

from vcnode.network import Model, ModelConfig
from vcnode.network.light_colorization import LightColorNet
from vcnode.weights import lookup

# How long a loaded machine takes over an example says nothing about the code.
settings.register_profile("any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("any machine")


@pytest.fixture(scope="session")
def tiny_model():
    """The light preset, narrower."""
    return random_model(lookup("lite").configuration() | {"head_width": 32, "color_widths": [8, 16, 24, 32]})


@pytest.fixture(scope="session")
def other_model():
    """The same architecture as the tiny model, other weights."""
    return random_model(lookup("lite").configuration() | {"head_width": 32, "color_widths": [8, 16, 24, 32]}, seed=2)


@pytest.fixture(scope="session")
def tiny_devc():
    """The paper's network with a narrow colour net; its encoder and head have one size only, so use it sparingly."""
    return random_model(lookup("devc").configuration() | {"color_widths": [8, 16, 32, 32]})


def random_model(configuration, seed=1):
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = Model(ModelConfig.from_dict(configuration))
        for module in model.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight)
        if isinstance(model.color_net, LightColorNet):
            nn.init.normal_(model.color_net.leave.weight, std=0.05)  # it begins at zero, which hides mistakes
        else:
            nn.init.normal_(model.color_net.conv10_ab.weight, std=0.05)
    return model.eval().requires_grad_(False)
