"""VCNode in Nuke: what its buttons do.

The node itself is a Group, gizmos/VCNode.gizmo, and shows results without this.
"""

from vcnode_nuke.buttons import knob_changed, press
from vcnode_nuke.creation import create, load_example

__all__ = ["create", "knob_changed", "load_example", "press"]
