"""Nodes of this script and their controllers."""

from __future__ import annotations

from typing import Any

from vcnode_client.controller import Controller
from vcnode_nuke.nuke_host import NukeHost

_controllers: dict[str, Controller] = {}  # those with a run: a node keeps everything else itself


def controller_of(node: Any) -> Controller:
    """The node's controller: the one with a run, or a new one, since states are kept on the node."""
    name = node.fullName()
    found = _controllers.get(name)
    if found is None or not found.running:
        found = _controllers[name] = Controller(NukeHost(node))
    return found


def source_range(node: Any) -> tuple[int, int] | None:
    """First and last frame of what is connected to Source."""
    source = node.input(0)
    return None if source is None else (int(source.firstFrame()), int(source.lastFrame()))
