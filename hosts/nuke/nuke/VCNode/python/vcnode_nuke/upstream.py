"""Everything upstream as text, to see whether a result still shows what the script says."""

from __future__ import annotations

from typing import Any

import nuke
from vcnode_client.patterns import FramePattern

#: Knobs that change how a node looks, not what it does.
_LOOKS = (
    "bdheight",
    "bdwidth",
    "bookmark",
    "cached",
    "dope_sheet",
    "gl_color",
    "help",
    "hide_input",
    "icon",
    "label",
    "name",
    "note_font",
    "note_font_color",
    "note_font_size",
    "postage_stamp",
    "selected",
    "tile_color",
    "xpos",
    "ypos",
    "z_order",
)


def upstream_text(node: Any, inputs: list[int], views: list[str]) -> str:
    """What is connected to some inputs, nodes that expressions refer to, and files as far as their dates tell.

    Args:
        node: The node whose inputs are looked at; it does not count itself.
        inputs: Their numbers.
        views: Those whose files count.
    """
    numbers: dict[str | None, int] = {None: -1, node.fullName(): 0}  # by when a node was met: a name changes no pixel
    waiting: list[Any] = []

    def number_of(each: Any) -> int:
        name = None if each is None else each.fullName()
        if name not in numbers:
            numbers[name] = len(numbers)
            waiting.append(each)
        return numbers[name]

    found = [f"input {number} {number_of(node.input(number))}" for number in inputs]
    while waiting:
        each = waiting.pop(0)
        found += [_node_text(each, views), f"after {[number_of(one) for one in _before(each)]}"]
    return "\n".join(found)


def _before(node: Any) -> list[Any]:
    if node.Class() == "Input":  # inside a Group: go on outside
        return [node.parent().input(int(node["number"].value()))]
    found = [node.input(number) for number in range(node.inputs())]
    found += node.dependencies(nuke.HIDDEN_INPUTS | nuke.EXPRESSIONS)
    return found + (node.nodes() if isinstance(node, nuke.Group) else [])


def _node_text(node: Any, views: list[str]) -> str:
    lines = node.writeKnobs(nuke.TO_SCRIPT | nuke.WRITE_NON_DEFAULT_ONLY | nuke.WRITE_USER_KNOB_DEFS).splitlines()
    kept = [line.strip() for line in lines if line.split() and line.split()[0] not in _LOOKS]
    return "\n".join([node.Class(), *kept, *_file_stamps(node, views)])


def _file_stamps(node: Any, views: list[str]) -> list[str]:
    """Sizes and dates of a Read's files: a frame rendered anew under the same name counts as a change."""
    if node.Class() != "Read":
        return []
    pattern = FramePattern(nuke.filename(node) or "")
    first, last = (int(node[name].value()) for name in ("first", "last"))  # as files count, wherever they are shifted
    return [f"files {pattern.for_view(view).stamps(first, last)}" for view in views]
