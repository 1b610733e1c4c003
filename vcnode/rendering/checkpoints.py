"""States beside an unfinished target, so that a render goes on where it stopped instead of at its shot's start."""

import logging
import re
from pathlib import Path

from vcnode.errors import CacheError
from vcnode.sequence import ClipState
from vcnode.whole_files import remove_file

_KEPT = 4  # two targets that are written together may be one apart, and the newest may be damaged
_SUFFIX = ".checkpoint"

_log = logging.getLogger("vcnode")


class Checkpoints:
    """Some of the latest states of a render, in its working folder; damaged or foreign ones do not count.

    Args:
        folder: The working folder of the target.
        fingerprint: Of the render; states of another are not used.
        first: First frame of the render.
        every: Their distance in frames; that of the places where the target can be resumed.
    """

    def __init__(self, folder: Path, fingerprint: str, first: int, every: int) -> None:
        self.folder, self.first, self.every = folder, first, every
        self._name = re.compile(f"{fingerprint[:16]}_([0-9]{{8,}}){re.escape(_SUFFIX)}")
        self._prefix = fingerprint[:16]

    def keep(self, state: ClipState) -> None:
        """Store what is known before a frame, if it is one of those that are kept."""
        if (state.number - self.first) % self.every or state.shot is None:
            return
        path = self.folder / f"{self._prefix}_{state.number:08d}{_SUFFIX}"
        try:
            state.save(path)
        except CacheError as error:
            _log.warning("%s Resuming later may take longer.", error)
        for _, old in self._files()[:-_KEPT]:
            remove_file(old)

    def nearest(self, first: int, number: int) -> ClipState | None:
        """Find the last one in `first + 1`..`number`, or None.

        Args:
            first: The frame from which one can go on without any.
            number: The frame that is wanted.
        """
        for place, path in reversed(self._files()):
            if not first < place <= number:
                continue
            try:
                state = ClipState.load(path)
            except CacheError as error:
                _log.warning("%s An earlier state is used.", error)
                continue
            if state.number == place:
                return state
        return None

    def _files(self) -> list[tuple[int, Path]]:
        """Those of this render with the number of their frame, in order."""
        named = ((self._name.fullmatch(path.name), path) for path in self.folder.glob(f"*{_SUFFIX}"))
        return sorted((int(name[1]), path) for name, path in named if name is not None)
