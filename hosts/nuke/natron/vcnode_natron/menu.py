"""The commands of Natron's menu VCNode."""

from __future__ import annotations

import importlib
from typing import Any

import NatronEngine

from vcnode_natron.actions import look_for_changes as look
from vcnode_natron.nodes import all_nodes


def new_node() -> None:
    """Make a node on the one that is selected."""
    app = _app()
    selected = list(app.getSelectedNodes())
    opened = {"CreateNodeArgsPropSettingsOpened": NatronEngine.BoolNodeCreationProperty(True)}
    node = app.createNode("vcnode.VCNode", -1, None, opened)
    if selected:
        node.connectInput(0, selected[0])
        node.getParam("range_reset").trigger()


def look_for_changes() -> None:
    """Say on every node whether its result is there and still fits."""
    app = _app()
    for node in all_nodes(app):
        look(app, node)


def _app() -> Any:
    """The project on the screen."""
    gui = importlib.import_module("NatronGui").natron
    return gui.getGuiInstance(0)
