"""A run's folder is written by one process at a time."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from vcnode.errors import InputError
from vcnode.training.recording import in_sentences

_NAME = ".lock"  # stays in the folder: it is the open file that is locked

if sys.platform == "win32":
    import msvcrt

    def _lock(descriptor: int) -> None:
        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)

else:
    import fcntl

    def _lock(descriptor: int) -> None:
        # Not `flock`: processes that read pictures ahead inherit that, and outlive one that is killed by seconds.
        fcntl.lockf(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)


@contextmanager
def sole_run(folder: Path) -> Iterator[None]:
    """Within the block, keep other processes out of a folder; when this one dies, the system lets them in.

    Args:
        folder: Of the run; made where missing. On a disk that knows no locks, nobody is kept out.

    Raises:
        InputError: Another process is training there.
        MediaError: It cannot be written.
    """
    with in_sentences(folder):
        folder.mkdir(parents=True, exist_ok=True)
        file = (folder / _NAME).open("ab")
    with file:
        try:
            _lock(file.fileno())
        except (BlockingIOError, PermissionError):
            raise InputError(
                f"Another process is training in {folder} now: wait until it has ended, or give another --output."
            ) from None
        except OSError:
            pass
        yield
