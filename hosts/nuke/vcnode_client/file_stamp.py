"""Size and date of a file: they tell when a picture was rendered anew under the same name."""

from __future__ import annotations

import os
from typing import Optional, Tuple

#: Bytes, and whole seconds since the epoch; None where there is no file.
Stamp = Optional[Tuple[int, int]]


def stamp(path: str) -> Stamp:
    """Look at a file."""
    try:
        status = os.stat(path)
    except OSError:
        return None
    return status.st_size, int(status.st_mtime)
