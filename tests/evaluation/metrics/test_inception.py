import math

import pytest
import torch
from safetensors.torch import save_file

from vcnode.errors import InputError, ModelError
from vcnode.evaluation.metrics import Inception, Unavailable, find_inception

from .pictures import photo

# Features 7, 307, ..., 1807 of the photo, then mean and spread of all: torch-fidelity 0.4.0 with the weights below.
FIDELITY = [0.065131, 0.127835, 0.169243, 0.180168, 0.094167, 0.0, 0.060786, 0.05253, 0.077114]


def weights():
    """A checkpoint of made-up numbers, the same on every machine, with all that a downloaded one holds."""
    state = {name: value for name, value in Inception().state_dict().items() if "num_batches" not in name}
    for number, (name, value) in enumerate(sorted(state.items())):
        wave = torch.sin(torch.arange(value.numel(), dtype=torch.float64) * (1 + number / 7)).view(value.shape)
        if value.ndim == 4:
            state[name] = (2 * wave / math.sqrt(value[0].numel())).float()
        else:
            state[name] = (0.1 * wave + (0 if name.endswith(("bias", "running_mean")) else 1)).float()
    return state | {"fc.weight": torch.zeros(1008, 2048), "fc.bias": torch.zeros(1008)}


@pytest.fixture(autouse=True)
def nothing_installed(tmp_path, monkeypatch):
    monkeypatch.delenv("VCNODE_INCEPTION", raising=False)
    monkeypatch.setenv("VCNODE_MODELS", str(tmp_path / "models"))
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory):
    path = tmp_path_factory.mktemp("weights") / "inception.pth"
    torch.save(weights(), path)
    return path


def test_features_are_those_of_torch_fidelity(checkpoint):
    features = find_inception(checkpoint)(photo())
    assert features.shape == (1, Inception.width)
    found = [*features[0, 7::300].tolist(), float(features.mean()), float(features.std())]
    assert found == pytest.approx(FIDELITY, abs=1e-5)


def test_weights_are_found_where_they_are_put(checkpoint, tmp_path, monkeypatch):
    unavailable = find_inception()
    assert isinstance(unavailable, Unavailable)
    assert "VCNODE_INCEPTION" in unavailable.reason
    cache = tmp_path / "torch" / "hub" / "checkpoints"
    cache.mkdir(parents=True)
    (cache / "weights-inception-2015-12-05-6726825d.pth").write_bytes(checkpoint.read_bytes())
    assert isinstance(find_inception(), Inception)
    models = tmp_path / "models"
    models.mkdir()
    save_file({"Conv2d_1a_3x3.conv.weight": torch.zeros(1)}, models / "inception_fid.safetensors")
    with pytest.raises(ModelError, match="does not fit"):  # the models folder comes first
        find_inception()
    monkeypatch.setenv("VCNODE_INCEPTION", str(checkpoint))
    assert isinstance(find_inception(), Inception)


def test_a_file_that_was_named_must_exist(tmp_path, monkeypatch):
    with pytest.raises(ModelError, match="does not exist"):
        find_inception(tmp_path / "missing.pth")
    monkeypatch.setenv("VCNODE_INCEPTION", str(tmp_path / "missing.pth"))
    with pytest.raises(ModelError, match="does not exist"):
        find_inception()


def test_wrong_input_is_refused():
    with pytest.raises(InputError, match=r"0\.\.1"):
        Inception()(torch.full((1, 3, 32, 32), 2.0))
