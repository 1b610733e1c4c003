"""New nodes."""

from __future__ import annotations

from typing import Any

from vcnode_natron.graph import make_graph
from vcnode_natron.panel import make_controls


def make_node(app: Any, group: Any) -> None:
    """Fill the empty group that Natron has made for a new VCNode."""
    make_controls(group)
    make_graph(app, group)
    group.setColor(0.44, 0.37, 0.72)
    group.getParam("onParamChanged").set("VCNode.param_changed")
