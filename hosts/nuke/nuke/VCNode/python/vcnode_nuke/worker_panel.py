"""The buttons of the tab Worker."""

from __future__ import annotations

from typing import Any

import nuke
from vcnode_client.cache_buttons import newest_log
from vcnode_nuke.knob_values import cache_folder
from vcnode_nuke.nodes import controller_of


def check(node: Any) -> None:
    """Ask the worker what it has, and write that on the panel."""
    controller_of(node).check_worker(node["worker_said"].setValue)


def show_log(node: Any) -> None:
    """Show the end of the newest log.

    Raises:
        ClientError: There is none.
    """
    text = newest_log(cache_folder(node))
    if nuke.GUI:
        nuke.message(text)
    else:
        nuke.tprint(text)
