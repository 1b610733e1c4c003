"""Files of figures that a long command writes at its end."""

import tempfile
from pathlib import Path

from vcnode.errors import MediaError


def check_writable(path: Path) -> None:
    """Find out before the work rather than after it.

    Args:
        path: The file to come; its folder is made.

    Raises:
        MediaError: It cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=path.parent):
            pass
    except OSError as error:
        raise MediaError(f"The report {path} cannot be written ({error.strerror}): give another path.") from error
    if path.is_dir():
        raise MediaError(f"The report {path} is a folder: give a file's path.")
