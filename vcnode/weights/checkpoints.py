"""Checkpoints as others save them: read without running code, compared key by key with what a model needs."""

import os
import pickle
from collections.abc import Mapping, Sequence
from pathlib import Path

import torch

from vcnode.errors import ModelError
from vcnode.weights.files import load_weights

Shapes = Mapping[str, Sequence[int]]
"""Expected tensors: state-dict key to shape."""

LISTED_DEVIATIONS = 8  # enough to see what is wrong; a file of another network deviates in every key


def load_state_dict(path: str | os.PathLike[str]) -> dict[str, torch.Tensor]:
    """Reads the tensors of a checkpoint to the CPU; code inside it is never run.

    A surrounding ``{"state_dict": ...}`` and the ``module.`` that ``DataParallel`` puts before keys are
    removed.

    Raises:
        ModelError: The file is absent, damaged, or holds anything but a flat mapping of tensors.
    """
    path = Path(path)
    if path.suffix.lower() == ".safetensors":
        return load_weights(path)[0]
    content = _load_pickle_safely(path)
    if isinstance(content, dict) and isinstance(content.get("state_dict"), dict):
        content = content["state_dict"]
    if not isinstance(content, dict) or not content:
        raise ModelError(f"The checkpoint {path} holds no mapping of names to tensors: give a saved state dict.")
    foreign = next((key for key, value in content.items() if not _is_tensor_item(key, value)), None)
    if foreign is not None:
        raise ModelError(
            f"The checkpoint {path} holds {foreign!r}, which is not a dense tensor: give a saved state dict."
        )
    if all(key.startswith("module.") for key in content):
        return {key.removeprefix("module."): value for key, value in content.items()}
    return dict(content)


def deviations(state: Mapping[str, torch.Tensor], expected: Shapes) -> list[str]:
    """Lists how tensors differ from the expected keys and shapes, one clause each; empty when they fit."""
    found = [f"'{key}' is missing" for key in expected if key not in state]
    found += [f"'{key}' is not part of this network" for key in state if key not in expected]
    for key in (key for key in expected if key in state):
        tensor, shape = state[key], tuple(expected[key])
        if tuple(tensor.shape) != shape:
            found.append(f"'{key}' has the shape {tuple(tensor.shape)} instead of {shape}")
        elif not tensor.is_floating_point():
            found.append(f"'{key}' holds {tensor.dtype} instead of floating-point numbers")
        elif not bool(torch.isfinite(tensor).all()):
            found.append(f"'{key}' holds numbers that are not finite")
    return found


def check_state_dict(state: Mapping[str, torch.Tensor], expected: Shapes, what: str) -> None:
    """Raises ModelError naming the deviations of ``what`` (a file in words), if there are any."""
    found = deviations(state, expected)
    if found:
        more = len(found) - LISTED_DEVIATIONS
        listed = "; ".join(found[:LISTED_DEVIATIONS]) + (f"; and {more} more" if more > 0 else "")
        raise ModelError(f"The checkpoint {what} does not fit: {listed}.")


def _is_tensor_item(key: object, value: object) -> bool:
    if not isinstance(key, str) or not isinstance(value, torch.Tensor):
        return False
    return value.layout == torch.strided and not value.is_quantized and not value.is_meta


def _load_pickle_safely(path: Path) -> object:
    if not os.path.isfile(path):
        raise ModelError(f"The checkpoint {path} does not exist: check its path.")
    try:
        return torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # damaged files make torch raise nearly anything
        if isinstance(error, pickle.UnpicklingError) and "GLOBAL" in str(error):
            raise ModelError(
                f"The checkpoint {path} is refused because it holds code or objects besides tensors, which "
                "vcnode never runs: get it from the authors, or save its state dict alone."
            ) from error
        raise ModelError(
            f"The checkpoint {path} cannot be read as a PyTorch checkpoint of tensors, it may be damaged or "
            "cut short: fetch or copy it again."
        ) from error
