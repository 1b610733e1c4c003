"""The whole state of a training run on disk: one safetensors file each, complete or not there, the last two kept."""

import contextlib
import logging
import re
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from vcnode.errors import ModelError
from vcnode.training.checksum import checksum
from vcnode.training.state_tree import flatten, unflatten
from vcnode.weights import load_weights, save_weights

_VERSION = "2"
_NAME = re.compile(r"state_([0-9]{8,})\.safetensors")
_LEFTOVER = re.compile(r"\.tmp[0-9A-Za-z]{6}|\..+\.safetensors\..+")  # unfinished files, safetensors' and our own
_STALE_SECONDS = 3600  # an unfinished file this old belongs to a process that was killed
_log = logging.getLogger("vcnode")


def save_state(folder: Path, step: int, state: Mapping[str, Any], *, keep: int = 2) -> Path:
    """Write what `step` steps led to, then delete all but the latest `keep` states, and what killed processes left.

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
    for old in saved_states(folder)[:-keep]:
        old.unlink(missing_ok=True)
    _remove_leftovers(folder)
    return path


def saved_states(folder: Path) -> list[Path]:
    """The states in a folder, oldest first."""
    found = [path for path in folder.glob("state_*.safetensors") if _NAME.fullmatch(path.name)]
    return sorted(found, key=lambda path: int(path.stem.removeprefix("state_")))


def load_newest_state(folder: Path) -> dict[str, Any]:
    """Read the newest state that is whole; a damaged one is named in a warning and the one before it taken.

    Raises:
        ModelError: There is none.
    """
    for path in reversed(saved_states(folder)):
        try:
            return load_state(path)
        except ModelError as error:
            _log.warning("%s An earlier state is used.", error)
    raise ModelError(f"There is no saved state of a training run in {folder}: give its --output, or no --resume.")


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


def _remove_leftovers(folder: Path) -> None:
    stale_before = time.time() - _STALE_SECONDS
    for path in folder.glob(".*"):
        with contextlib.suppress(OSError):  # another process saves or cleans up at the same time
            if _LEFTOVER.fullmatch(path.name) and path.is_file() and path.stat().st_mtime < stale_before:
                path.unlink()
