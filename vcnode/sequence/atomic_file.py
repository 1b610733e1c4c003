"""Files that appear complete or not at all."""

import os
import secrets
from pathlib import Path

TEMPORARY_SUFFIX = ".tmp"


def write_atomically(path: Path, data: bytes, *, flush_to_device: bool) -> None:
    """Write a file so that readers see all of it or nothing, even when this process is killed.

    Args:
        path: The file; its folder exists.
        data: The contents.
        flush_to_device: Wait until the contents would survive a power cut.

    Raises:
        OSError: It cannot be written; nothing is left behind.
    """
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(8)}{TEMPORARY_SUFFIX}")
    try:
        with temporary.open("xb") as file:
            file.write(data)
            if flush_to_device:
                file.flush()
                os.fsync(file.fileno())
        os.replace(temporary, path)
    except BaseException as error:
        remove_file(temporary)
        # Windows does not replace a file that another process has open; it holds the same content already.
        if not (isinstance(error, PermissionError) and path.exists()):
            raise


def remove_file(path: Path) -> bool:
    """Delete a file; True where it is gone, False where it cannot be deleted (Windows: while open)."""
    try:
        path.unlink(missing_ok=True)
    except OSError:
        return False
    return True
