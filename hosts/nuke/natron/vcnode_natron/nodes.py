"""The nodes of this Natron and their controllers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from vcnode_client.controller import Controller
from vcnode_client.problems import ClientError
from vcnode_natron.natron_host import NatronHost

#: Only nodes that run: everything else that is known of a node is on it, and survives Natron's end.
_running: dict[tuple[int, str], Controller] = {}


def controller_of(app: Any, group: Any) -> Controller:
    """The controller of a node: the one of its run, or a fresh one."""
    key = (int(app.getAppID()), str(group.getScriptName()))
    for each in [each for each, controller in _running.items() if not controller.running]:
        del _running[each]
    if key not in _running:
        _running[key] = Controller(NatronHost(app, group))
    return _running[key]


def all_nodes(collection: Any) -> Iterator[Any]:
    """Every VCNode of a project or of a group, also inside groups."""
    for child in collection.getChildren():
        if child.getParam("vcn_state") is not None:
            yield child
        else:
            yield from all_nodes(child)


def find_node(app: Any, name: str) -> Any:
    """A VCNode by its full name, such as VCNode1 or Group1.VCNode1.

    Raises:
        ClientError: There is none.
    """
    found = app.getNode(name)
    if found is None or found.getParam("vcn_state") is None:
        known = ", ".join(str(each.getScriptName()) for each in all_nodes(app)) or "none"
        raise ClientError(f"There is no VCNode called {name} in this project; there is {known}.")
    return found
