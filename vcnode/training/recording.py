"""A run's figures and sample sheets: a log and pictures that need no program, and TensorBoard where it is installed."""

import json
import math
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from vcnode.errors import MediaError
from vcnode.whole_files import write_whole

LOG_NAME = "log.jsonl"


class Recorder:
    """Writes to a run's folder; what was recorded there of later steps, before the run was resumed, is dropped.

    Args:
        folder: Of the run. `log.jsonl` has an object a line, `sheets/` the pictures, `tensorboard/` events.
        done: Steps that the run has behind it.

    Raises:
        MediaError: It cannot be written.
    """

    def __init__(self, folder: Path, done: int) -> None:
        self._log, self._sheets = folder / LOG_NAME, folder / "sheets"
        self._board: Any = None
        with in_sentences(folder):
            self._sheets.mkdir(parents=True, exist_ok=True)
            kept = [line for line in _lines(self._log) if _step_of(line) <= done]
            write_whole(self._log, "".join(kept).encode(), flush_to_device=False)
            writer = _tensorboard_writer()
            if writer is not None:
                self._board = writer(str(folder / "tensorboard"), purge_step=done + 1)

    def figures(self, step: int, values: Mapping[str, float]) -> None:
        """Record numbers by name; what is no finite number, which JSON does not have, is null in the log."""
        finite = {name: value if math.isfinite(value) else None for name, value in values.items()}
        with in_sentences(self._log), self._log.open("a", encoding="utf-8") as stream:
            stream.write(json.dumps({"step": step, **finite}) + "\n")
        if self._board is not None:
            for name, value in values.items():
                self._board.add_scalar(name, value, step)

    def sheet(self, step: int, picture: NDArray[np.uint8]) -> None:
        """Record a picture `(H, W, 3)`."""
        path = self._sheets / f"step_{step:08d}.png"
        with in_sentences(path):
            Image.fromarray(picture).save(path)
        if self._board is not None:
            self._board.add_image("samples", picture, step, dataformats="HWC")

    def close(self) -> None:
        """Write what is still in memory."""
        if self._board is not None:
            self._board.close()


@contextmanager
def in_sentences(path: Path) -> Iterator[None]:
    """Turn a disk's refusal into a sentence."""
    try:
        yield
    except OSError as error:
        raise MediaError(
            f"The record of the training run at {path} cannot be written ({error.strerror or error}): make room or "
            "give another --output."
        ) from error


def _tensorboard_writer() -> Any:
    try:
        from torch.utils.tensorboard import SummaryWriter
    except ImportError:
        return None
    return SummaryWriter


def _lines(log: Path) -> list[str]:
    return log.read_text(encoding="utf-8").splitlines(keepends=True) if log.is_file() else []


def _step_of(line: str) -> float:
    try:
        return float(json.loads(line)["step"])
    except (ValueError, KeyError, TypeError):
        return float("inf")  # a line cut short when the run was killed
