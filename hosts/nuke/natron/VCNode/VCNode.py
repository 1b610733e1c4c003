# Natron PyPlug
"""The node VCNode: colours a black-and-white plate after reference pictures. Natron asks for these names."""

from VCNodeExt import after_render, look_for_changes, make_node, new_node, param_changed

__all__ = ["after_render", "look_for_changes", "new_node", "param_changed"]  # callbacks, which Natron looks for here


def getPluginID():
    """What projects call it."""
    return "vcnode.VCNode"


def getLabel():
    """What artists call it."""
    return "VCNode"


def getVersion():
    """Raised when saved nodes are to be made anew."""
    return 1


def getIconPath():
    """Beside this file."""
    return "VCNode.png"


def getGrouping():
    """Where it stands in the toolbar."""
    return "Color"


def getPluginDescription():
    """What the node's ? shows."""
    return (
        "Colours a black-and-white plate after reference pictures, without flicker.\n\n"
        "Connect the plate to Source and a coloured picture to Ref1, set the frame it belongs to, press Colorize. The "
        "result is written as an EXR sequence and shown by a Read inside this group: a saved project renders anywhere "
        "without this node's Python, worker or GPU."
    )


def createInstance(app, group):
    """Fill a fresh group."""
    make_node(app, group)
