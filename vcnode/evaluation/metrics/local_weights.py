"""Where the networks behind metrics find their weights: on this machine, never fetched."""

import os
from collections.abc import Sequence
from pathlib import Path

import torch

from vcnode.errors import ModelError
from vcnode.weights import user_models_directory


def find_weights(path: Path | None, variable: str, name: str, cached: Sequence[str] = ()) -> Path | None:
    """Look for a weights file: as given, where an environment variable says, then in the usual places.

    Args:
        path: A file the caller names, or None.
        variable: Environment variable that may name a file.
        name: File name in the user's models folder (`vcnode.weights.user_models_directory`).
        cached: File names in torch's cache of downloads, where other packages may have left them.

    Raises:
        ModelError: The file that was named does not exist.
    """
    named = path or (Path(os.environ[variable]).expanduser() if os.environ.get(variable) else None)
    if named is not None:
        if not named.is_file():
            raise ModelError(f"The weights file {named} does not exist: correct its path, or unset {variable}.")
        return named
    candidates = [user_models_directory() / name, *(torch_cache() / file for file in cached)]
    return next((candidate for candidate in candidates if candidate.is_file()), None)


def torch_cache() -> Path:
    """The folder in which torch, torchvision and others keep downloaded checkpoints."""
    return Path(torch.hub.get_dir()) / "checkpoints"
