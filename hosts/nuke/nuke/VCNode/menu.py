"""Run by Nuke when its windows are there. Never stops Nuke from starting."""

import sys

import nuke

try:
    _menu = nuke.menu("Nodes").addMenu("VCNode", icon="VCNode.png")
    _menu.addCommand("VCNode", "import vcnode_nuke; vcnode_nuke.create()", icon="VCNode.png")
    _menu.addCommand("Example with two references", "import vcnode_nuke; vcnode_nuke.load_example()")
except Exception as _error:
    sys.stderr.write(f"VCNode: its menu cannot be made: {_error}\n")
