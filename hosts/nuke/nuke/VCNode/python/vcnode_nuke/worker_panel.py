"""The buttons of the tab Worker."""

from __future__ import annotations

import glob
import os
from typing import Any

import nuke
from vcnode_client.launching import log_tail
from vcnode_client.panel_words import worker_in_words
from vcnode_client.problems import ClientError
from vcnode_nuke.knob_values import cache_folder
from vcnode_nuke.nodes import controller_of


def check(node: Any) -> None:
    """Ask the worker what it has, and write that on the panel."""
    node["worker_said"].setValue("asking ...")
    controller_of(node).check_worker(lambda answer: node["worker_said"].setValue(worker_in_words(answer)))


def show_log(node: Any) -> None:
    """Show the end of the newest log.

    Raises:
        ClientError: There is none.
    """
    logs = glob.glob(glob.escape(cache_folder(node)) + "/v*/worker.log")
    if not logs:
        raise ClientError("There is no log yet: it comes with the first run.")
    newest = max(logs, key=os.path.getmtime)
    text = f"{newest}\n\n{log_tail(newest) or 'It is empty.'}"
    if nuke.GUI:
        nuke.message(text)
    else:
        nuke.tprint(text)
