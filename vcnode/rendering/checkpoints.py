"""States beside an unfinished target, so that a render goes on where it stopped instead of at its shot's start."""

import logging
import re
from dataclasses import dataclass
from pathlib import Path

from vcnode.errors import InputError
from vcnode.network import State
from vcnode.sequence.atomic_file import remove_file, write_atomically
from vcnode.sequence.state_entry import DamagedEntryError, decode_entry, encode_entry

_KEPT = 4  # two targets that are written together may be one apart, and the newest may be damaged
_SUFFIX = ".checkpoint"

_log = logging.getLogger("vcnode")


@dataclass(frozen=True)
class Checkpoint:
    """What is known just before a frame.

    Attributes:
        number: The frame.
        key: Of the state of the frame before it; the next keys derive from it.
        state: That state.
    """

    number: int
    key: str
    state: State


class Checkpoints:
    """Some of the latest states of a render, in its working folder; damaged or foreign ones do not count.

    Args:
        folder: The working folder of the target.
        fingerprint: Of the render; states of another are not used.
        every: Their distance in frames; that of the places where the target can be resumed.
    """

    def __init__(self, folder: Path, fingerprint: str, every: int) -> None:
        self.folder, self.every = folder, every
        self._name = re.compile(f"{fingerprint[:16]}_([0-9]{{8,}})_([0-9a-f]{{64}}){re.escape(_SUFFIX)}")
        self._prefix = fingerprint[:16]

    def keep(self, number: int, key: str, state: State) -> None:
        """Store what is known before frame `number`, if it is one of those that are kept."""
        if number % self.every:
            return
        path = self.folder / f"{self._prefix}_{number:08d}_{key}{_SUFFIX}"
        try:
            write_atomically(path, encode_entry(key, state.state_dict(), number), flush_to_device=True)
        except OSError as error:
            _log.warning("%s cannot be written (%s): resuming later may take longer.", path, error.strerror)
        for old in self._files()[:-_KEPT]:
            remove_file(old)

    def nearest(self, first: int, number: int) -> Checkpoint | None:
        """Find the last one in `first + 1`..`number`, or None.

        Args:
            first: The shot's first frame, which needs none.
            number: The frame that is wanted.
        """
        for path in reversed(self._files()):
            name = self._name.fullmatch(path.name)
            if name is None or not first < int(name[1]) <= number:
                continue
            try:
                state = State.from_state_dict(decode_entry(name[2], path.read_bytes()))
            except (OSError, DamagedEntryError, InputError) as error:
                _log.warning("%s is damaged (%s): an earlier state is used.", path, error)
                continue
            return Checkpoint(int(name[1]), name[2], state)
        return None

    def _files(self) -> list[Path]:
        return sorted(path for path in self.folder.glob(f"*{_SUFFIX}") if self._name.fullmatch(path.name))
