"""From settings to a network that is ready to be trained, and from a trained one to a weights file."""

import json
import time
from collections.abc import Mapping
from pathlib import Path, PurePath
from typing import Any

import torch
from torch import Tensor

from vcnode.errors import InputError
from vcnode.network.config import ModelConfig
from vcnode.network.encoders import EfficientNetLite0Encoder
from vcnode.network.model import Model
from vcnode.weights import check_state_dict, find, load_state_dict, load_weights, save_weights

RANDOM = "random"
_PATHS = ("start", "encoder", "loss_network", "photos", "videos", "flows", "index")


def build_model(config: ModelConfig, start: str | None, encoder: str | None, seed: int) -> Model:
    """Make a network with its first weights, on the CPU.

    Args:
        config: Its architecture.
        start: A registry name or weights file to go on from, of the same architecture.
        encoder: File with the encoder's weights (ImageNet's EfficientNet-Lite0, or the authors' VGG19), or "random".
            Without it, the encoder is that of `start`.
        seed: Of what is initialised at random.

    Raises:
        InputError: Neither says where the encoder's weights come from.
        ModelError: A file cannot be read or does not fit.
    """
    with torch.random.fork_rng(devices=[]), torch.device("cpu"):
        torch.manual_seed(seed)
        model = Model(config)
    if start is not None:
        files = find(start)
        tensors = load_weights(files.weights)[0]
        check_state_dict(tensors, {name: t.shape for name, t in model.state_dict().items()}, str(files.weights))
        model.load_state_dict({name: tensor.float() for name, tensor in tensors.items()})
    if encoder is None and start is None:
        raise InputError(
            f"Nothing says where the weights of the encoder of '{config.name}' come from: give its file with "
            f"--encoder, a trained model with --start, or 'encoder: {RANDOM}' to try things out."
        )
    if encoder is not None and encoder != RANDOM:
        _load_encoder(model, load_state_dict(encoder), encoder)
    return model


def _load_encoder(model: Model, tensors: Mapping[str, Tensor], path: str) -> None:
    whole = {name: tensor.float() for name, tensor in tensors.items()}
    if isinstance(model.encoder, EfficientNetLite0Encoder):
        model.encoder.load_imagenet(whole)
        return
    expected = {name: tensor.shape for name, tensor in model.encoder.state_dict().items()}
    check_state_dict(whole, expected, path)
    model.encoder.load_state_dict(whole)


def write_weights(
    path: Path, config: ModelConfig, state: Mapping[str, Tensor], training: Mapping[str, Any], *, half: bool
) -> Path:
    """Write a file that `vcnode.load` takes.

    Args:
        path: The file, replaced if it exists.
        config: The architecture; stored inside.
        state: The weights.
        training: How they came about, plain values; stored inside, without folders of this machine.
        half: Store them in half precision.

    Raises:
        ModelError: It cannot be written.
    """
    stored = {name: tensor.half() if half else tensor for name, tensor in state.items()}
    facts = {**_without_folders(training), "written": time.strftime("%Y-%m-%d"), "torch": torch.__version__}
    return save_weights(path, stored, {"config": json.dumps(config.to_dict()), "training": json.dumps(facts)})


def _without_folders(facts: Mapping[str, Any]) -> dict[str, Any]:
    """Leave of paths their last parts: weights are handed on, the folders of this machine are nobody's business."""
    kept: dict[str, Any] = {}
    for key, value in facts.items():
        if isinstance(value, Mapping):
            kept[key] = _without_folders(value)
        else:
            kept[key] = PurePath(value).name if key in _PATHS and isinstance(value, str) else value
    return kept
