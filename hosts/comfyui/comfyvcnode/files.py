"""Files that nodes read, found without importing anything: the editor asks for them before a node runs."""

import os
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from .choices import STATE_SUFFIX


def state_files(folder: str | Path) -> list[str]:
    """List the states below a folder, the newest first, as paths from there with forward slashes.

    Linked folders are part of it, as they are for ComfyUI, whose nodes save there.
    """
    found: list[tuple[float, str]] = []
    above = {os.fspath(folder): {os.path.realpath(folder)}}
    for place, below, names in os.walk(folder, followlinks=True):
        passed = above.pop(place)
        real = {name: os.path.realpath(os.path.join(place, name)) for name in below}
        below[:] = [name for name in below if real[name] not in passed]  # no link leads round in a circle
        above |= {os.path.join(place, name): {*passed, real[name]} for name in below}
        for path in (Path(place, name) for name in names if name.endswith(STATE_SUFFIX)):
            with suppress(OSError):  # removed in the meantime, or a link to nothing
                found.append((path.stat().st_mtime, path.relative_to(folder).as_posix()))
    return [name for _, name in sorted(found, key=lambda each: (-each[0], each[1]))]


def state_path(folder: str | Path, name: str) -> Path | None:
    """Find a state below a folder; None where there is none of that name, or it lies elsewhere.

    A link below the folder may lead anywhere; the name alone must not.
    """
    root = os.path.abspath(folder)
    path = Path(os.path.abspath(os.path.join(root, name)))
    inside = path.is_relative_to(root) and path.name.endswith(STATE_SUFFIX)
    return path if inside and path.is_file() else None


def file_stamp(paths: Iterable[str | Path]) -> str:
    """Say when files were written and how large they are: what a node that reads them is cached by."""
    return "|".join(_stamp(Path(path)) for path in paths)


def never_the_same() -> float:
    """What a node is cached by whose file another node names: ComfyUI asks before that node has run.

    A new NaN each time: keys with one and the same are equal.
    """
    return float("nan")


def _stamp(path: Path) -> str:
    try:
        status = path.stat()
    except OSError:
        return f"{path} absent"
    return f"{path} {status.st_mtime_ns} {status.st_size}"
