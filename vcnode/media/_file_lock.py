"""One writer at a time: a lock the system drops by itself when its process dies."""

import sys
from pathlib import Path
from typing import BinaryIO

from vcnode.errors import MediaError


def lock_folder(folder: Path) -> BinaryIO:
    """Take the lock of a working folder; closing the returned file gives it back.

    Raises:
        MediaError: When another process holds it.
    """
    file = (folder / "lock").open("ab")
    try:
        if sys.platform == "win32":
            import msvcrt

            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError) as error:
        file.close()
        raise MediaError(
            f"another process is writing in {folder}; wait for it to end or choose another target"
        ) from error
    except OSError:
        pass  # some network disks have no locks; working without is better than not at all
    return file
