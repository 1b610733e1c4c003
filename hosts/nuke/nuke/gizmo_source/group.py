"""The whole Group as text."""

from __future__ import annotations

from gizmo_source import graph, panel
from gizmo_source.knobs import AUTOLABEL, KNOB_CHANGED
from gizmo_source.script_text import Stack, quoted

_HELP = """Colours a black-and-white plate after reference pictures, without flicker.

Connect the plate to Source and a coloured picture to Ref1, set the frame it belongs to, press Colorize. The result is \
written as an EXR sequence and shown by a Read inside this Group: a saved script renders anywhere without Python, \
worker or GPU."""


def group_text(name: str = "VCNode1", values: dict[str, str] | None = None) -> str:
    """The Group.

    Args:
        name: The node's name.
        values: Further lines' values by knob, as they stand in a script.
    """
    lines = [
        "Group {",
        f" name {name}",
        " inputs 6",
        f" help {quoted(_HELP)}",
        f" knobChanged {quoted(KNOB_CHANGED)}",
        f" tile_color {panel.TILE_COLOR}",
        f" autolabel {quoted(AUTOLABEL)}",
    ]
    for knob in panel.knobs():
        lines += [" " + line for line in knob.lines()]
    lines += [f" {knob} {value}" for knob, value in (values or {}).items()]
    lines.append("}")
    lines.append(" add_layer {vcn_confidence vcn_confidence.confidence}")
    stack = Stack()
    lines += [" " + line for node in graph.nodes() for line in stack.node(node)]
    lines.append("end_group")
    return "\n".join(lines) + "\n"
