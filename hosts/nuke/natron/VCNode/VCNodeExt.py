"""What VCNode.py hands over to: where our modules are, and the callbacks that Natron calls by name."""

import inspect
import os
import sys

if not hasattr(inspect, "getargspec"):
    # Natron up to 2.6 asks for it before every callback; Python 3.11 no longer has it. Without, no button works.
    inspect.getargspec = inspect.getfullargspec

# vcnode_natron lies beside this folder and vcnode_client beside that one: not here, as Natron puts every folder inside
# this one on sys.path.
_natron = os.path.dirname(os.path.dirname(os.path.realpath(__file__)))
for _folder in (_natron, os.path.dirname(_natron)):
    if _folder not in sys.path:
        sys.path.append(_folder)


def make_node(app, group):
    """Fill a fresh group."""
    from vcnode_natron import creation

    creation.make_node(app, group)


def param_changed(thisParam, thisNode, thisGroup, app, userEdited):
    """A control was changed or a button pressed."""
    from vcnode_natron import actions

    actions.param_changed(thisParam, thisNode, app, userEdited)


def after_render(aborted, thisNode, app):
    """The Write inside a node has ended; perhaps on another thread."""
    from vcnode_natron import rendering

    rendering.after_render(aborted, thisNode)


def new_node():
    """The menu's command."""
    from vcnode_natron import menu

    menu.new_node()


def look_for_changes():
    """The menu's command."""
    from vcnode_natron import menu

    menu.look_for_changes()
