"""The whole state of a training run on disk: one safetensors file each, complete or not there, the last two kept."""

import logging
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from vcnode.errors import ModelError
from vcnode.training.checksum import checksum
from vcnode.training.state_tree import flatten, unflatten
from vcnode.weights import load_weights, save_weights
from vcnode.whole_files import remove_file

_VERSION = "2"
_KEPT = 2  # states
_NAME = re.compile(r"state_([0-9]{8,})\.safetensors")
_log = logging.getLogger("vcnode")


def save_state(folder: Path, step: int, state: Mapping[str, Any]) -> Path:
    """Write what `step` steps led to, then delete all but the latest two states.

    Raises:
        ModelError: It cannot be written; the states before it are still there.
    """
    tensors, rest = flatten(state)
    path = folder / f"state_{step:08d}.safetensors"
    metadata = {"vcnode_training_state": _VERSION, "rest": rest}
    try:
        save_weights(path, tensors, {**metadata, "checksum": checksum(tensors, metadata)})
    except ModelError as error:
        kept = saved_states(folder)
        error.add_note(f"The run can go on from {kept[-1]}." if kept else "Nothing was saved before.")
        raise
    for old in saved_states(folder)[:-_KEPT]:
        remove_file(old)
    return path


def saved_states(folder: Path) -> list[Path]:
    """The states in a folder, oldest first."""
    found = [path for path in folder.glob("state_*.safetensors") if _NAME.fullmatch(path.name)]
    return sorted(found, key=lambda path: int(path.stem.removeprefix("state_")))


def load_newest_state(folder: Path, *, quiet: bool = False) -> dict[str, Any]:
    """Read the newest state that is whole; a damaged one is passed over while there is one before it.

    Args:
        folder: Of the run.
        quiet: Whether nothing is said of a damaged one; by default, a warning names it.

    Raises:
        ModelError: There is none, or none that is whole.
    """
    states = saved_states(folder)
    if not states:
        raise ModelError(f"There is no saved state of a training run in {folder}: give its --output, or no --resume.")
    for path in reversed(states[1:]):
        try:
            return load_state(path)
        except ModelError as error:
            if not quiet:
                _log.warning("%s An earlier state is used.", error)
    return load_state(states[0])


def load_state(path: Path) -> dict[str, Any]:
    """Read a state.

    Raises:
        ModelError: It is damaged, or of another version of vcnode.
    """
    tensors, metadata = load_weights(path)
    if metadata.get("vcnode_training_state") != _VERSION:
        raise ModelError(f"{path} is no training state of this version of vcnode: go on with the one that wrote it.")
    if metadata.pop("checksum", None) != checksum(tensors, metadata):
        raise ModelError(f"The training state {path} is damaged (its checksum is wrong): delete it.")
    try:
        state: dict[str, Any] = unflatten(tensors, metadata["rest"])
    except (KeyError, ValueError, TypeError) as error:
        raise ModelError(f"The training state {path} is damaged ({error}): delete it.") from error
    return state
