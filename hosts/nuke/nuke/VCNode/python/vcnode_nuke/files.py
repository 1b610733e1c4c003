"""The buttons of the tab Files."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import Any

import nuke
from vcnode_client.problems import ClientError
from vcnode_client.versions import finished, remove
from vcnode_nuke.knob_values import cache_folder
from vcnode_nuke.nodes import controller_of


def open_folder(node: Any) -> None:
    """Show the cache folder in the system's file browser.

    Raises:
        ClientError: It does not exist yet.
    """
    folder = cache_folder(node)
    if not os.path.isdir(folder):
        raise ClientError(f"There is no folder {folder or 'for results'} yet: it comes with the first run.")
    if sys.platform == "win32":
        os.startfile(folder)
    else:
        subprocess.Popen(["open" if sys.platform == "darwin" else "xdg-open", folder])


def clear_cache(node: Any) -> None:
    """Delete all versions but the one that is shown, after asking."""
    folder = cache_folder(node)
    shown = controller_of(node).host.load_state().get("version")
    others = [each for each in finished(folder) if each != shown]
    if not others:
        raise ClientError("There is nothing to delete: only the version that is shown, or none.")
    question = f"Delete {len(others)} versions in {folder}? The one that is shown stays."
    if nuke.GUI and not nuke.ask(question):
        return
    for each in others:
        remove(folder, each)
