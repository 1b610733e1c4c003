"""The one model that stays loaded from job to job."""

import logging
from pathlib import Path

import torch

from vcnode.network import Model
from vcnode.sequence import load

_log = logging.getLogger("vcnode")


class WarmModel:
    """Keeps the latest model on its device; another job's other model takes its place."""

    def __init__(self) -> None:
        self._model: Model | None = None
        self._key: tuple[object, ...] = ()

    def get(self, name: str, weights: Path, device: str) -> Model:
        """The model on its device, loaded only where it is not there yet or its file has changed.

        Args:
            name: A registry name or a file.
            weights: The file.
            device: As `vcnode.load` takes it.

        Raises:
            ModelError: It is not there or damaged.
            DeviceError: The device is not there.
        """
        status = weights.stat()
        key = (name, weights, status.st_size, status.st_mtime_ns, device)
        if self._model is None or key != self._key:
            self._model = None  # before the next one is loaded: a GPU may hold only one
            release_memory()
            self._model, self._key = load(name, device), key
            _log.info("model %s on %s", name, device)
        return self._model


def release_memory() -> None:
    """Give memory that PyTorch keeps for later use back to the GPU, for the host's other programs."""
    if torch.cuda.is_available():
        torch.cuda.empty_cache()
