"""The buttons of the tab Files."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import Any

import nuke
from vcnode_client.cache_buttons import check_there, clear
from vcnode_nuke.knob_values import cache_folder
from vcnode_nuke.nodes import controller_of


def open_folder(node: Any) -> None:
    """Show the cache folder in the system's file browser.

    Raises:
        ClientError: It does not exist yet.
    """
    folder = cache_folder(node)
    check_there(folder)
    if sys.platform == "win32":
        os.startfile(folder)
    else:
        subprocess.Popen(["open" if sys.platform == "darwin" else "xdg-open", folder])


def clear_cache(node: Any) -> None:
    """Delete all versions but the one that is shown, after asking.

    Raises:
        ClientError: There is nothing to delete.
    """
    shown = controller_of(node).host.load_state().get("version")
    clear(cache_folder(node), shown, lambda question: not nuke.GUI or nuke.ask(question))
