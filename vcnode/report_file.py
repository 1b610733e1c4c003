"""Files of figures that long commands write, whole at any time."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from vcnode.errors import MediaError
from vcnode.whole_files import try_writing, write_whole


def check_writable(path: Path) -> None:
    """Find out before the work rather than after it.

    Args:
        path: The file to come; its folder is made.

    Raises:
        MediaError: It cannot be written.
    """
    with _in_its_folder(path):
        try_writing(path.parent)
    if path.exists() and not path.is_file():  # a device would be replaced by a file
        raise MediaError(f"The report {path} is a folder or a device: give a file's path.")


def write_report(path: Path, text: str) -> None:
    """Write a text file at once; its folder is made where missing.

    Raises:
        MediaError: It cannot be written.
    """
    with _in_its_folder(path):
        write_whole(path, text.encode(), flush_to_device=False)


@contextmanager
def _in_its_folder(path: Path) -> Iterator[None]:
    """Make a file's folder, and turn a disk's refusal into a sentence."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield
    except OSError as error:
        raise MediaError(f"The report {path} cannot be written ({error.strerror}): give another path.") from error
