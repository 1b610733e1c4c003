"""Results on disk: `v001`, `v002` and so on; `v003.tmp` while it is being made."""

from __future__ import annotations

import json
import os
import re
import shutil
import time
from typing import Any

from vcnode_client.folder_lock import FolderLock
from vcnode_client.problems import ClientError

_NAME = re.compile(r"v(\d{3,})(\.tmp)?$")
_NOTE = "job.json"
_INPUTS_THERE = "input/complete.json"


def name(version: int) -> str:
    """The folder's name: v007."""
    return f"v{version:03d}"


class Version:
    """A version that is being made, and that nobody else can claim meanwhile.

    Attributes:
        number: From 1.
        folder: Where it is made, with forward slashes.
        final: Where it will be.
    """

    def __init__(self, base: str, number: int, lock: FolderLock) -> None:
        self.number, self._lock = number, lock
        self.final = f"{base}/{name(number)}"
        self.folder = self.final + ".tmp"

    @property
    def inputs_there(self) -> bool:
        """Whether an earlier run has rendered everything that the worker reads."""
        return os.path.exists(f"{self.folder}/{_INPUTS_THERE}")

    def set_inputs_there(self) -> None:
        """Note that everything is rendered that the worker reads."""
        self.subfolder("input")
        write_json(f"{self.folder}/{_INPUTS_THERE}", {})

    def subfolder(self, *names: str) -> str:
        """A folder inside, made where it is missing."""
        path = "/".join((self.folder, *names))
        os.makedirs(path, exist_ok=True)
        return path

    def discard(self, *names: str) -> None:
        """Remove folders inside."""
        for each in names:
            shutil.rmtree(f"{self.folder}/{each}", ignore_errors=True)

    def publish(self, note: dict[str, Any], drop: tuple[str, ...]) -> None:
        """Give the finished version its name.

        Args:
            note: What is to be known about it later; becomes job.json.
            drop: Folders inside that are no longer wanted.

        Raises:
            ClientError: The disk refuses.
        """
        self.discard(*drop)
        write_json(f"{self.folder}/{_NOTE}", note)
        _rename(self.folder, self.final)
        self._lock.release()

    def leave(self) -> None:
        """Stop here; what is finished stays for the next run of the same job."""
        self._lock.release()


def claim(base: str, fingerprint: str) -> Version:
    """A version to work in: the unfinished one of the same job, or a new one.

    What is left of unfinished other jobs, which nobody works on, is removed.

    Raises:
        ClientError: The folder cannot be written.
    """
    try:
        os.makedirs(base, exist_ok=True)
        resumed = _resume(base, fingerprint)
        if resumed is not None:
            return resumed
        version = _lock_version(base, max([number for number, _ in _found(base)], default=0) + 1)
        if version is None:
            raise ClientError(f"{base} is in use by another Nuke or Natron: try again when it has finished.")
        os.mkdir(version.folder)
        write_json(f"{version.folder}/{_NOTE}", {"fingerprint": fingerprint})
        return version
    except OSError as error:
        raise ClientError(
            f"The cache folder {base} cannot be written ({error.strerror}): choose another on the tab Files."
        ) from error


def finished(base: str) -> list[int]:
    """The versions that are complete, in ascending order."""
    return sorted(number for number, unfinished in _found(base) if not unfinished)


def read_note(base: str, version: int) -> dict[str, Any]:
    """What job.json of a version says, {} where it cannot be read."""
    return _read_json(f"{base}/{name(version)}/{_NOTE}")


def remove(base: str, version: int) -> None:
    """Delete a finished version."""
    shutil.rmtree(f"{base}/{name(version)}", ignore_errors=True)


def write_json(path: str, value: dict[str, Any]) -> None:
    """Write a file whole or not at all."""
    temporary = path + ".part"
    with open(temporary, "w", encoding="utf-8") as file:
        json.dump(value, file, indent=1, sort_keys=True)
    _rename(temporary, path)


def _resume(base: str, fingerprint: str) -> Version | None:
    for number, unfinished in sorted(_found(base)):
        if not unfinished:
            continue
        version = _lock_version(base, number)
        if version is None:
            continue
        if _read_json(f"{version.folder}/{_NOTE}").get("fingerprint") == fingerprint:
            return version
        shutil.rmtree(version.folder, ignore_errors=True)
        version.leave()
    return None


def _lock_version(base: str, number: int) -> Version | None:
    lock = FolderLock(f"{base}/.{name(number)}.lock")
    return Version(base, number, lock) if lock.take() else None


def _found(base: str) -> list[tuple[int, bool]]:
    try:
        names = os.listdir(base)
    except OSError:
        return []
    matches = [match for match in map(_NAME.match, names) if match]
    return [(int(match.group(1)), bool(match.group(2))) for match in matches]


def _read_json(path: str) -> dict[str, Any]:
    try:
        with open(path, encoding="utf-8") as file:
            value = json.load(file)
    except (OSError, ValueError):
        return {}
    return value if isinstance(value, dict) else {}


def _rename(source: str, target: str) -> None:
    for attempt in range(6):
        try:
            os.replace(source, target)
            return
        except OSError as error:
            if attempt == 5:
                raise ClientError(f"{source} cannot be renamed to {target}: {error.strerror}.") from error
            time.sleep(0.3)  # Windows: a virus scanner holds a file for a moment
