"""Files that appear complete or not at all."""

import os
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

TEMPORARY_SUFFIX = ".tmp"

_PAUSES = (0.05, 0.1, 0.2, 0.4, 0.8)  # seconds: how long scanners and indexers hold a new file on Windows


@contextmanager
def replacing(path: Path, *, flush_to_device: bool, unfinished: Path | None = None) -> Iterator[Path]:
    """Yield a name beside `path` to write to, and move that file to `path` when the block succeeds.

    Readers see all of it, or what was there before, even when this process is killed.

    Args:
        path: The file; its folder exists.
        flush_to_device: Wait until the contents would survive a power cut.
        unfinished: The name to write to; by default a hidden one that is never given twice, so that several may write
            the same file at once. A fixed one is used again after this process was killed, and so does not stay.

    Raises:
        OSError: The file cannot be written or replaced; nothing is left behind.
    """
    unfinished = unfinished or path.with_name(f".{path.name}.{secrets.token_hex(8)}{TEMPORARY_SUFFIX}")
    try:
        yield unfinished
        if flush_to_device:
            with unfinished.open("r+b") as file:
                os.fsync(file.fileno())
        put_in_place(unfinished, path)
    except BaseException:
        remove_file(unfinished)
        raise


def write_whole(path: Path, data: bytes, *, flush_to_device: bool) -> None:
    """Write a file as `replacing` does.

    Args:
        path: The file; its folder exists.
        data: The contents.
        flush_to_device: As for `replacing`.

    Raises:
        OSError: As for `replacing`.
    """
    with replacing(path, flush_to_device=flush_to_device) as unfinished:
        unfinished.write_bytes(data)


def put_in_place(source: Path, target: Path) -> None:
    """Move a file to another name in the same folder, over what is there; try again where another program holds either.

    Raises:
        OSError: It cannot be moved; both are as they were.
    """
    for pause in _PAUSES:
        try:
            os.replace(source, target)
            return
        except PermissionError:
            time.sleep(pause)
    os.replace(source, target)


def remove_file(path: Path) -> bool:
    """Delete a file; True where it is gone, False where it cannot be deleted (Windows: while open)."""
    try:
        path.unlink(missing_ok=True)
    except OSError:
        return False
    return True


def try_writing(folder: Path) -> None:
    """Make a file in a folder and remove it again.

    `tempfile` does not do: on Windows it takes the refusal of a folder for a name that is in use, and tries others.

    Raises:
        OSError: Nothing can be written there.
    """
    probe = folder / f".{secrets.token_hex(8)}{TEMPORARY_SUFFIX}"
    probe.touch()
    remove_file(probe)
