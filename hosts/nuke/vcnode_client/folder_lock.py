"""A lock that the system lets go when its process ends, however that ends."""

from __future__ import annotations

import contextlib
import os
from typing import BinaryIO

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]


class FolderLock:
    """Says that a folder is in use, to other processes and to other nodes of this one.

    Args:
        path: File to lock; beside the folder, so that the folder can be renamed.
    """

    def __init__(self, path: str) -> None:
        self.path = path
        self._file: BinaryIO | None = None

    def take(self) -> bool:
        """Lock it, unless somebody else has."""
        file = open(self.path, "ab")  # noqa: SIM115 (it stays open as long as the lock is held)
        try:
            _lock(file)
        except OSError:
            file.close()
            return False
        self._file = file
        return True

    def release(self) -> None:
        """Let it go, and tidy up."""
        if self._file is not None:
            self._file.close()
            self._file = None
            with contextlib.suppress(OSError):  # somebody else has taken it meanwhile
                os.remove(self.path)


def _lock(file: BinaryIO) -> None:
    if fcntl is not None:
        fcntl.flock(file.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
    else:
        import msvcrt

        file.seek(0)
        msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined,unused-ignore]
