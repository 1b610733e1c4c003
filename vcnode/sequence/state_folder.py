"""The marker file that makes a folder a state cache, so that nobody's other files are taken for states."""

import json
from pathlib import Path

from vcnode.errors import CacheError
from vcnode.whole_files import try_writing, write_whole

_MARKER = "vcnode-state-cache.json"
_VERSION = 1


def claim_folder(path: Path) -> None:
    """Make `path` a state cache, or check that it is one and can be written.

    Raises:
        CacheError: It holds other files, or is a cache of an unknown version.
        OSError: It cannot be created or written.
    """
    path.mkdir(parents=True, exist_ok=True)
    marker = path / _MARKER
    # Hidden files do not count: another process may be writing the marker, file managers leave theirs. The
    # marker is looked for again after the listing, because that other process may have finished in between.
    if not marker.exists() and _has_visible_files(path) and not marker.exists():
        raise CacheError(f"The folder {path} holds other files and is no state cache: choose a new or an empty folder.")
    if not marker.exists():
        content = json.dumps({"format": "vcnode state cache", "version": _VERSION})
        try:
            write_whole(marker, content.encode(), flush_to_device=True)
        except PermissionError:
            if not marker.exists():  # on Windows, another process that has just made the same one may hold it open
                raise
    check_folder(path)
    try_writing(path)


def check_folder(path: Path) -> None:
    """Check that `path` is a state cache that this version reads.

    Raises:
        CacheError: It is not.
        OSError: It cannot be read.
    """
    try:
        marker = json.loads((path / _MARKER).read_bytes())
    except FileNotFoundError as error:
        raise CacheError(
            f"The folder {path} is no state cache (it has no {_MARKER}): choose a new or an empty folder."
        ) from error
    except ValueError:  # neither JSON nor UTF-8
        marker = None
    version = marker.get("version") if isinstance(marker, dict) else None
    if version != _VERSION:
        raise CacheError(
            f"The state cache in {path} has version {version!r} and this vcnode reads version {_VERSION}: "
            "choose another folder, or delete this one."
        )


def _has_visible_files(path: Path) -> bool:
    return any(not child.name.startswith(".") for child in path.iterdir())
