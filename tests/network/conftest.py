import pytest
import torch

from vcnode.network.colorization import DevcColorNet
from vcnode.network.correspondence import DevcHead
from vcnode.network.encoders import VGG19Encoder

from .golden import load_rule_weights


@pytest.fixture(scope="session")
def vgg():
    return load_rule_weights("vgg19_conv", VGG19Encoder())


@pytest.fixture(scope="session")
def head():
    return load_rule_weights("nonlocal_net", DevcHead())


@pytest.fixture(scope="session")
def color_net():
    return load_rule_weights("colornet", DevcColorNet())


@pytest.fixture
def without_gradients():
    with torch.no_grad():
        yield


@pytest.fixture
def seeded():
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        yield
