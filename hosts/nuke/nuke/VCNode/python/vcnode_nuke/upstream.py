"""Everything upstream as text, to see whether a result still shows what the script says."""

from __future__ import annotations

import os
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


def upstream_text(node: Any, inputs: list[int]) -> str:
    """What is connected to some inputs, nodes that expressions refer to, and files as far as their dates tell.

    Args:
        node: The node whose inputs are looked at; it does not count itself.
        inputs: Their numbers.
    """
    found: list[str] = []
    seen = {node.fullName()}
    for number in inputs:
        found.append(f"input {number}")
        waiting = [node.input(number)]
        while waiting:
            each = waiting.pop(0)
            if each is None or each.fullName() in seen:
                continue
            seen.add(each.fullName())
            found.append(_node_text(each))
            waiting += _before(each)
    return "\n".join(found)


def _before(node: Any) -> list[Any]:
    if node.Class() == "Input":  # inside a Group: go on outside
        return [node.parent().input(int(node["number"].value()))]
    found = [node.input(number) for number in range(node.inputs())]
    found += node.dependencies(nuke.HIDDEN_INPUTS | nuke.EXPRESSIONS)
    return found + (node.nodes() if isinstance(node, nuke.Group) else [])


def _node_text(node: Any) -> str:
    lines = node.writeKnobs(nuke.TO_SCRIPT | nuke.WRITE_NON_DEFAULT_ONLY | nuke.WRITE_USER_KNOB_DEFS).splitlines()
    kept = [line.strip() for line in lines if line.split() and line.split()[0] not in _LOOKS]
    return "\n".join([node.Class(), *kept, *_file_dates(node)])


def _file_dates(node: Any) -> list[str]:
    """Size and date of a Read's first file: a new delivery under the same name counts as a change."""
    if node.Class() != "Read":
        return []
    path = FramePattern(nuke.filename(node) or "").path(int(node.firstFrame()))
    try:
        status = os.stat(path)
    except OSError:
        return []
    return [f"file {status.st_size} {int(status.st_mtime)}"]
