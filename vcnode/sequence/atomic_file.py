"""Files that several processes may write, each with the same content."""

from pathlib import Path

from vcnode.whole_files import TEMPORARY_SUFFIX, remove_file, write_whole

__all__ = ["TEMPORARY_SUFFIX", "remove_file", "write_atomically"]


def write_atomically(path: Path, data: bytes, *, flush_to_device: bool) -> None:
    """Write a file as `write_whole` does.

    Raises:
        OSError: It cannot be written; nothing is left behind.
    """
    try:
        write_whole(path, data, flush_to_device=flush_to_device)
    except PermissionError:
        # Windows does not replace a file that another process has open; it holds the same content already.
        if not path.exists():
            raise
