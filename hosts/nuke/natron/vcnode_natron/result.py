"""Showing a result: everything that a saved project needs to render it without us."""

from __future__ import annotations

from typing import Any

import NatronEngine

from vcnode_client.host import Result
from vcnode_client.patterns import FramePattern
from vcnode_natron.graph import CHANNEL, COLOURED, LAYER, READ_AT, UNCOLOURED, chosen, connect

_READ = "ResultRead"


def attach(app: Any, group: Any, result: Result) -> None:
    """Have the node show a result.

    Args:
        app: The project.
        group: The node.
        result: Its files exist: a Read made before them would have no range, and keep it.
    """
    read = group.getNode(_READ) or _make_read(app, group, result)
    _point(read, result)
    _set_weights(group, result.luminance)
    _set_split(group)
    _set_range(group.getNode("RangeSwitch").getParam("which"), result.first, result.last)
    group.getParam("result_linear").set(result.encoding != "srgb")
    group.getParam("result_confidence").set(result.confidence and _set_layer(group))
    group.getParam("result_file").set(result.pattern)
    group.getParam("version").set(result.version)


def reload(group: Any) -> None:
    """Read the shown files from disk again."""
    read = group.getNode(_READ)
    if read is not None:
        read.getParam("filename").reloadFile()


def _make_read(app: Any, group: Any, result: Result) -> Any:
    read = app.createReader(_files(result), group, _without_preview())
    if read is None:
        raise RuntimeError("This Natron cannot read EXR: the plugin ReadOIIO is missing.")
    read.setScriptName(_READ)
    read.setLabel(_READ)
    read.setPosition(*READ_AT)
    connect(group.getNode("Result"), 0, read)
    return read


def _without_preview() -> dict[str, Any]:
    """How to create a Read without the small picture on it in the node graph.

    Natron 2.6 draws that in a thread, which holds on to nodes below while it waits for our Python to compute their
    expressions; our Python waits for it at the next change of theirs: for ever.
    """
    name = "enablePreview"
    return {
        "CreateNodeArgsPropNodeInitialParamValues": NatronEngine.StringNodeCreationProperty(name),
        f"CreateNodeArgsPropParamValue_{name}": NatronEngine.BoolNodeCreationProperty(False),
    }


def _point(read: Any, result: Result) -> None:
    """Files, range and raw numbers; a frame that is gone is an error, not its neighbour."""
    if read.getParam("filename").getValue() != _files(result):
        read.getParam("filename").set(_files(result))
    else:
        read.getParam("filename").reloadFile()
    read.getParam("ocioOutputSpace").set(read.getParam("ocioInputSpace").getValue())
    read.getParam("onMissingFrame").set("error")
    for name in ("before", "after"):
        read.getParam(name).set("black")
    # Set by hand: Natron takes a lone file for frame 1.
    read.getParam("firstFrame").set(result.first)
    read.getParam("lastFrame").set(result.last)
    read.getParam("startingTime").set(result.first)
    read.getParam("timeOffset").set(0)


def _files(result: Result) -> str:
    """The pattern; of a single frame its file, in which Natron would otherwise find no layers."""
    if result.first == result.last:
        return FramePattern(result.pattern).path(result.first)
    return result.pattern


def _set_weights(group: Any, weights: tuple[float, float, float]) -> None:
    luminance = group.getNode("Luminance")
    for name in ("outputRed", "outputGreen", "outputBlue"):
        luminance.getParam(name).set(weights[0], weights[1], weights[2], 0.0)


def _set_split(group: Any) -> None:
    """Where the plate's format lies, which is that of the result: the place of the split goes by it."""
    source = group.getInput(0)
    if source is not None:
        size, aspect = source.getOutputFormat(), source.getPixelAspectRatio()
        group.getParam("result_left").set(float(size.x1 * aspect))
        group.getParam("result_width").set(float(size.width() * aspect))


def _set_layer(group: Any) -> bool:
    """Take the confidence from the result's layer; gives whether Natron offers it."""
    wanted = [(group.getNode("Confidence").getParam("Source_channels"), LAYER)]
    wanted += [(group.getNode("WithConfidence").getParam("A_channels"), LAYER)]
    shown = group.getNode("ShowConfidence")
    wanted += [(shown.getParam(name), f"A.{LAYER}.{CHANNEL}") for name in ("outputR", "outputG", "outputB")]
    for param, layer in wanted:
        param.set(layer)
    group.getNode("WithConfidence").getParam("B_channels").set("None")
    return all(chosen(param) == layer for param, layer in wanted)


def _set_range(which: Any, first: int, last: int) -> None:
    """Key a Switch: the lifetime of nodes would do, but Natron ignores it inside groups."""
    which.removeAnimation()
    for frame, value in ((first - 1, UNCOLOURED), (first, COLOURED), (last + 1, UNCOLOURED)):
        which.setValueAtTime(value, frame)
