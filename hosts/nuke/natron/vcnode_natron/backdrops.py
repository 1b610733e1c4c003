"""Backdrops: what each block of nodes inside the group is for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

#: Room for a node in the node graph: Reads are the largest, with their preview.
_TILE = (120, 90)
_EDGE, _HEADING = 25, 60

#: Script name, what it says, and the nodes on it.
BLOCKS = (
    ("BackdropInputs", "Inputs", ("Source", "Ref1", "Ref2", "Ref3", "Ref4", "Mask")),
    (
        "BackdropForWorker",
        "For the worker",
        ("SourceRange", "ToWorker", "PlateToRender", "RefSwitch", "RefToWorker", "RenderSwitch", "ForWorker"),
    ),
    (
        "BackdropColours",
        "Colours",
        (
            *("ResultRead", "Result", "Margin", "Saturation", "LuminanceSwitch", "Difference", "Luminance"),
            *("Recombine", "FromWorker"),
        ),
    ),
    (
        "BackdropShown",
        "What is shown",
        (
            *("Mix", "Nothing", "SplitMask", "Split", "ShowConfidence", "OutputSwitch", "RangeSwitch", "Confidence"),
            *("WithConfidence", "Output1"),
        ),
    ),
)


def make_backdrops(create: Callable[[str], Any], places: dict[str, tuple[float, float]]) -> None:
    """Put a backdrop behind each block.

    Args:
        create: Makes a node of a plugin inside the group.
        places: Where the nodes stand.
    """
    for name, label, inside in BLOCKS:
        across, down = zip(*(places[each] for each in inside))
        left, top = min(across) - _EDGE, min(down) - _HEADING
        made = create("Backdrop")
        made.setScriptName(name)
        made.setLabel(label)
        made.setPosition(left, top)
        made.setSize(max(across) + _TILE[0] + _EDGE - left, max(down) + _TILE[1] + _EDGE - top)
        made.setColor(0.36, 0.34, 0.46)
