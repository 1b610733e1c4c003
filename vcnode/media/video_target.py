"""What lies beside a video that is being made, and whose the file of its name is."""

import os
from contextlib import suppress
from itertools import chain, count
from pathlib import Path

from vcnode.errors import MediaError
from vcnode.whole_files import put_in_place


def working_folder(path: Path) -> Path:
    """Where the finished segments of a render to `path` lie until it is complete."""
    return path.with_name(f".{path.name}.part")


def refuse_existing(path: Path, overwrite: bool) -> None:
    """See that a video may be written.

    Raises:
        MediaError: It is a folder, or exists and may not be replaced.
    """
    _refuse_folder(path)
    if not overwrite and path.exists() and not is_placed(path):
        raise MediaError(f"{path} exists already; choose another name or allow overwriting")


def _refuse_folder(path: Path) -> None:
    if path.is_dir():
        raise MediaError(f"cannot write {path}: it is a folder; name the file in it, such as {path / 'film.mkv'}")


def place(joined: Path, path: Path) -> None:
    """Put a finished video in its place, and remember that as long as the working folder is there."""
    _placed_note(path).write_text(_identity(joined), "utf-8")
    put_in_place(joined, path)


def is_placed(path: Path) -> bool:
    """Whether the video of that name comes from the render whose working folder is still there."""
    with suppress(OSError):
        return _placed_note(path).read_text("utf-8") == _identity(path)
    return False


def forget_placed(path: Path) -> None:
    """Take the video of that name for somebody's own from now on."""
    _placed_note(path).unlink(missing_ok=True)


def partial_of(path: Path) -> Path:
    """The video that a stopped render to `path` leaves: that of an earlier stop, or a name that nobody uses.

    Raises:
        MediaError: The path has no name, as `.` and `/` have none.
    """
    if not path.name:
        _refuse_folder(path)
    with suppress(OSError, ValueError):
        return path.with_name(_partial_note(path).read_text("utf-8"))
    numbers = chain([""], (f".{number}" for number in count(2)))
    names = (path.with_name(f"{path.stem}.partial{number}{path.suffix}") for number in numbers)
    return next(name for name in names if not os.path.lexists(name))


def note_partial(path: Path, partial: Path) -> None:
    """Remember which video is ours to replace and to remove."""
    _partial_note(path).write_text(partial.name, "utf-8")


def remove_partial(path: Path) -> None:
    """Remove the video that an earlier stop left, if any."""
    with suppress(OSError):  # the film is complete; that a player holds the part open is no failure
        if _partial_note(path).exists():
            partial_of(path).unlink()


def _placed_note(path: Path) -> Path:
    return working_folder(path) / "placed"


def _partial_note(path: Path) -> Path:
    return working_folder(path) / "partial"


def _identity(path: Path) -> str:
    """What a file keeps when it is renamed."""
    status = path.stat()
    return f"{status.st_size} {status.st_mtime_ns}"
