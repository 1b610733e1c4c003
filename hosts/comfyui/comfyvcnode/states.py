"""States: from files, to go on with a long clip another day, and as nodes return them."""

from dataclasses import replace
from pathlib import Path

from vcnode.errors import InputError
from vcnode.sequence import ClipState

from .files import state_path


def read_state(folder: str | Path, name: str) -> ClipState:
    """Read a state below a folder.

    Args:
        folder: Where states are kept.
        name: As `state_files` lists it.

    Raises:
        InputError: There is no such file.
        CacheError: It is damaged, or of a version that is not known.
    """
    path = state_path(folder, name)
    if path is None:
        raise InputError(f"There is no state {name!r} in {folder}: choose one that was saved there.")
    return ClipState.load(path)


def in_main_memory(state: ClipState) -> ClipState:
    """The same off the GPU: the host keeps what nodes return, and a GPU's room is for work."""
    return replace(state, shot=state.shot and replace(state.shot, state=state.shot.state.to("cpu")))
