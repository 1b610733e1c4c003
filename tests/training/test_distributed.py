"""Two processes train as one with twice the batch."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest
import torch
import torch.distributed as dist
import yaml
from torch import nn

from training.runs import SMALL
from vcnode.cli import main
from vcnode.errors import DeviceError
from vcnode.training.config import load_config
from vcnode.training.distributed import World, joined_world
from vcnode.training.model_setup import build_model
from vcnode.training.settings import merged
from vcnode.training.smoke import make_photos
from vcnode.weights import load_weights

needs_gloo = pytest.mark.skipif(
    not (dist.is_available() and dist.is_gloo_available()), reason="this PyTorch has no gloo"
)


def test_alone_nothing_is_averaged():
    parameter = nn.Parameter(torch.ones(2))
    parameter.grad = torch.tensor([1.0, 2.0])
    World().average_gradients([parameter])
    assert parameter.grad.tolist() == [1, 2]
    assert World().any(True, torch.device("cpu"))
    with joined_world("cpu") as (world, device):
        assert (world, device) == (World(), "cpu")


def test_more_processes_than_gpus_are_refused(monkeypatch):
    for name, value in {"WORLD_SIZE": "99", "RANK": "98", "LOCAL_RANK": "98"}.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(DeviceError, match="more processes than the"), joined_world("cuda"):
        pass


def started(arguments, environment):
    root = Path(__file__).parents[2]
    path = os.pathsep.join([str(root), *filter(None, [os.environ.get("PYTHONPATH")])])
    return subprocess.Popen(
        [sys.executable, "-m", "vcnode", *arguments],
        env=os.environ | {"PYTHONPATH": path, "OMP_NUM_THREADS": "1"} | environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@needs_gloo
def test_two_processes_train_as_one_with_twice_the_batch(tmp_path):
    photos = make_photos(tmp_path / "photos")
    same_scene = {"photos": str(photos), "retrieved": 0, "same_scene": 1, "ground_truth": 0}

    def command(name, batch):
        # A large eps makes Adam's step proportional to the gradient, so that rounding stays rounding.
        learning = {"batch": batch, "steps": 2, "average": 0, "solver": {"eps": 1.0}}
        config = tmp_path / f"{name}.yaml"
        config.write_text(yaml.safe_dump(merged(SMALL, {"data": same_scene, "optimization": learning})))
        return ["train", str(config), "-o", str(tmp_path / name), "--device", "cpu"]

    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    address = {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port), "WORLD_SIZE": "2"}
    ranks = [started(command("two", 2), address | {"RANK": str(r), "LOCAL_RANK": str(r)}) for r in range(2)]
    assert main(command("one", 4)) == 0
    said = [process.communicate(timeout=300) for process in ranks]
    assert [process.returncode for process in ranks] == [0, 0], said
    assert [out.strip() for out, _ in said] == [str(tmp_path / "two" / "lite.safetensors"), ""]
    config = load_config(str(tmp_path / "one.yaml"))
    start = build_model(config.model, None, "random", config.seed).state_dict()
    one, two = (load_weights(tmp_path / name / "lite.safetensors")[0] for name in ("one", "two"))
    moved = max(float((one[name] - start[name]).abs().max()) for name in start)
    apart = max(float((one[name] - two[name]).abs().max()) for name in start)
    assert moved > 0
    assert apart < moved / 1000
