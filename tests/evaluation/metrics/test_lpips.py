import os
from importlib.machinery import ModuleSpec
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from vcnode.errors import InputError, ModelError
from vcnode.evaluation.metrics import Lpips, Unavailable, find_lpips

from .pictures import codes, gray_of, photo

WEIGHTS = Path(__file__).parents[4] / "shared" / "data" / "weights" / "alexnet_imagenet_conv_fp32.safetensors"


@pytest.fixture(autouse=True)
def nothing_installed(tmp_path, monkeypatch):
    monkeypatch.delenv("VCNODE_LPIPS", raising=False)
    monkeypatch.setenv("VCNODE_MODELS", str(tmp_path / "models"))
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    hide_package(monkeypatch)


def hide_package(monkeypatch, folder=None):
    """Let the package `lpips` be in `folder`, or nowhere."""
    spec = ModuleSpec("lpips", None)
    spec.submodule_search_locations = [str(folder)]
    monkeypatch.setattr("vcnode.evaluation.metrics.lpips.find_spec", lambda name: spec if folder else None)


def random_metric(seed=0):
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        metric = Lpips()
        for head in metric.lpips.values():
            head.weight.uniform_(0, 0.1)
    return metric


@pytest.fixture
def weights_file(tmp_path):
    path = tmp_path / "elsewhere.safetensors"
    save_file(random_metric().state_dict(), path)
    return path


def test_numbers_are_those_of_the_package():
    if not WEIGHTS.is_file():
        pytest.skip(f"the weights are not there: {os.path.relpath(WEIGHTS)}")
    metric = find_lpips(WEIGHTS)
    truth, gray = photo(), gray_of(photo())
    # Made with lpips 0.1.4, net="alex", from the same weights.
    assert float(metric(gray, truth)) == pytest.approx(0.236140, abs=1e-5)
    assert float(metric(truth.flip(3), truth)) == pytest.approx(0.542314, abs=1e-5)


def test_equal_pictures_have_no_distance_and_order_does_not_matter():
    metric = random_metric()
    first, second = codes(1, 40, 48, batch=2), codes(2, 40, 48, batch=2)
    assert metric(first, first).tolist() == [0, 0]
    assert metric(first, second).tolist() == pytest.approx(metric(second, first).tolist())
    assert float(metric(first[1:], second[1:])) == pytest.approx(float(metric(first, second)[1]), rel=1e-4)


def test_weights_are_found_where_they_are_put(weights_file, tmp_path, monkeypatch):
    unavailable = find_lpips()
    assert isinstance(unavailable, Unavailable)
    assert "VCNODE_LPIPS" in unavailable.reason
    expected = find_lpips(weights_file)(codes(1, 32, 32), codes(2, 32, 32))
    monkeypatch.setenv("VCNODE_LPIPS", str(weights_file))
    assert torch.equal(find_lpips()(codes(1, 32, 32), codes(2, 32, 32)), expected)
    monkeypatch.delenv("VCNODE_LPIPS")
    (tmp_path / "models").mkdir()
    weights_file.rename(tmp_path / "models" / "lpips_alex.safetensors")
    assert torch.equal(find_lpips()(codes(1, 32, 32), codes(2, 32, 32)), expected)


def test_the_packages_own_files_serve_too(tmp_path, monkeypatch):
    state = random_metric().state_dict()
    cache, package = tmp_path / "torch" / "hub" / "checkpoints", tmp_path / "lpips"
    (package / "weights" / "v0.1").mkdir(parents=True)
    hide_package(monkeypatch, package)
    heads = {f"{key.split('.')[1]}.model.1.weight": value for key, value in state.items() if key.startswith("lpips.")}
    torch.save(heads, package / "weights" / "v0.1" / "alex.pth")
    assert isinstance(find_lpips(), Unavailable)  # the heads alone are of no use
    cache.mkdir(parents=True)
    alexnet = {key: value for key, value in state.items() if key.startswith("features.")}
    torch.save(alexnet | {"classifier.1.weight": torch.zeros(4, 4)}, cache / "alexnet-owt-7be5be79.pth")
    expected = random_metric()(codes(1, 32, 32), codes(2, 32, 32))
    assert torch.equal(find_lpips()(codes(1, 32, 32), codes(2, 32, 32)), expected)


def test_a_file_that_is_missing_or_another_networks_is_refused(tmp_path):
    with pytest.raises(ModelError, match="does not exist"):
        find_lpips(tmp_path / "missing.safetensors")
    save_file({"features.0.weight": torch.zeros(2, 2)}, tmp_path / "other.safetensors")
    with pytest.raises(ModelError, match="does not fit"):
        find_lpips(tmp_path / "other.safetensors")


def test_wrong_input_is_refused():
    metric = random_metric()
    with pytest.raises(InputError, match="31 each way"):
        metric(codes(1, 30, 64), codes(2, 30, 64))
    with pytest.raises(InputError, match="same size"):
        metric(codes(1, 32, 32), codes(2, 32, 33))
    with pytest.raises(InputError, match="not finite"):
        metric(torch.full((1, 3, 32, 32), torch.nan), codes(2, 32, 32))
