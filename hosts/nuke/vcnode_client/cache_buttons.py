"""What the buttons about the cache folder do, the same in both programs."""

from __future__ import annotations

import glob
import os
from typing import Callable

from vcnode_client.launching import log_tail
from vcnode_client.problems import ClientError
from vcnode_client.versions import finished, remove


def check_there(folder: str) -> None:
    """Look whether it can be opened.

    Raises:
        ClientError: It does not exist yet.
    """
    if not os.path.isdir(folder):
        raise ClientError(f"There is no folder {folder or 'for results'} yet: it comes with the first run.")


def newest_log(folder: str) -> str:
    """Where the newest worker's log is, and how it ends.

    Raises:
        ClientError: There is none.
    """
    logs = glob.glob(glob.escape(folder) + "/v*/worker.log")
    if not logs:
        raise ClientError("There is no log yet: it comes with the first run.")
    newest = max(logs, key=os.path.getmtime)
    return f"{newest}\n\n{log_tail(newest) or 'It is empty.'}"


def clear(folder: str, shown: int | None, confirmed: Callable[[str], bool]) -> None:
    """Delete all versions but one.

    Args:
        folder: The cache folder.
        shown: The version that stays.
        confirmed: Asked with a question first.

    Raises:
        ClientError: There is nothing to delete.
    """
    others = [each for each in finished(folder) if each != shown]
    if not others:
        raise ClientError("There is nothing to delete: only the version that is shown, or none.")
    if confirmed(f"Delete {len(others)} versions in {folder}? The one that is shown stays."):
        for each in others:
            remove(folder, each)
