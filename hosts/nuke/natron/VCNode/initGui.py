"""Run by Natron when it starts with a user. Never stops Natron from starting."""

try:
    import NatronGui

    NatronGui.natron.addMenuCommand("VCNode/New node", "VCNode.new_node")
    NatronGui.natron.addMenuCommand("VCNode/Look for changes", "VCNode.look_for_changes")
except Exception as _error:
    print(f"VCNode: its menu cannot be added: {_error}")
