"""An example to load: a plate, two references held at their frames, and the node."""

from __future__ import annotations

from gizmo_source.group import group_text
from gizmo_source.script_text import Node, Stack


def text() -> str:
    """The toolset as a script that is loaded into another."""
    stack = Stack()
    lines = [line for node in _nodes() for line in stack.node(node)]
    lines += stack.push(["Plate", "Ref1", "Ref2", None, None, None])
    values = {"range_first": "1001", "range_last": "1120", "ref1_frame": "1001", "ref2_frame": "1060"}
    return "".join(f"{line}\n" for line in lines) + group_text(values=values)


def _nodes() -> list[Node]:
    painted = {"file": "", "label": "a coloured frame of the plate"}
    return [
        Node("Read", "Painted1", (), {**painted}, x=220, y=0),
        Node("FrameHold", "Ref1", ("Painted1",), {"first_frame": 1001}, x=220, y=120),
        Node("Read", "Painted2", (), {**painted}, x=440, y=0),
        Node("FrameHold", "Ref2", ("Painted2",), {"first_frame": 1060}, x=440, y=120),
        Node("Read", "Plate", (), {"file": "", "label": "the black-and-white plate"}, x=0, y=0),
    ]
