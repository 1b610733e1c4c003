"""Backdrops: what each block of nodes inside the Group is for."""

from __future__ import annotations

from collections.abc import Sequence

from gizmo_source.script_text import Node, Raw, Value

#: What a node takes up in the node graph, with a second line of label.
TILE_WIDTH, TILE_HEIGHT = 80, 34

_EDGE, _HEADING, _LEAST_WIDTH = 20, 36, 300


def around(name: str, label: str, color: str, nodes: Sequence[Node]) -> Node:
    """A backdrop that encloses nodes, with room for its label above them.

    Args:
        name: The backdrop's name.
        label: What the block is for.
        color: Of the backdrop, as Nuke writes it.
        nodes: Those to enclose.
    """
    left, right = min(each.x for each in nodes) - _EDGE, max(each.x for each in nodes) + TILE_WIDTH + _EDGE
    top, bottom = min(each.y for each in nodes) - _HEADING, max(each.y for each in nodes) + TILE_HEIGHT + _EDGE
    spare = max(0, _LEAST_WIDTH - (right - left))
    knobs: dict[str, Value] = {
        "tile_color": Raw(color),
        "label": label,
        "note_font_size": 18,
        "bdwidth": right - left + spare,
        "bdheight": bottom - top,
    }
    return Node("BackdropNode", name, (), knobs, x=left - spare // 2, y=top)
