"""New nodes from the menu."""

from __future__ import annotations

import os
from typing import Any

import nuke
from vcnode_client.patterns import forward_slashes
from vcnode_nuke.nodes import source_range

_HERE = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


def create() -> Any:
    """Make a VCNode below the selection; range and reference frames begin with the plate's."""
    node = nuke.createNode("VCNode")
    found = source_range(node)
    if found is not None:
        node["range_first"].setValue(found[0])
        node["range_last"].setValue(found[1])
        for number in range(1, 5):
            node[f"ref{number}_frame"].setValue(found[0])
    return node


def load_example() -> None:
    """Load the example with two references into the script."""
    nuke.loadToolset(forward_slashes(os.path.join(_HERE, "toolsets", "VCNode_two_references.nk")))
