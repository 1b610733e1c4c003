"""The nodes inside the group: what is rendered for the worker, and what is made of its result.

With luminance weights that add up to 1, adding (colour - its luminance) to the plate's luminance leaves that exactly as
it is, whatever the saturation: above 1, below 0, and for what half floats have rounded. With s the saturation and Y the
luminance, the nodes compute s * colour + Y(plate - s * colour).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from vcnode_natron.backdrops import make_backdrops
from vcnode_natron.controls import ENCODINGS, OCIO

_PLUGINS = {
    "Input": "fr.inria.built-in.Input",
    "Output": "fr.inria.built-in.Output",
    "Dot": "fr.inria.built-in.Dot",
    "Write": "fr.inria.built-in.Write",
    "OCIOColorSpace": "fr.inria.openfx.OCIOColorSpace",
    "AdjustRoD": "net.sf.openfx.AdjustRoDPlugin",
    "Backdrop": "fr.inria.built-in.BackDrop",
    "ColorMatrix": "net.sf.openfx.ColorMatrixPlugin",
    "Crop": "net.sf.openfx.CropPlugin",
    "FrameRange": "net.sf.openfx.FrameRange",
    "Merge": "net.sf.openfx.MergePlugin",
    "Multiply": "net.sf.openfx.MultiplyPlugin",
    "Ramp": "net.sf.openfx.Ramp",
    "Shuffle": "net.sf.openfx.ShufflePlugin",
    "Switch": "net.sf.openfx.switchPlugin",
}

REFERENCES = ("Ref1", "Ref2", "Ref3", "Ref4")
INPUTS = ("Source", *REFERENCES, "Mask")

#: The layer that the worker writes.
LAYER, CHANNEL = "vcn_confidence", "confidence"

#: Places in RenderSwitch and in RangeSwitch.
RENDER_SOURCE, RENDER_REFERENCE = 0, 1
UNCOLOURED, COLOURED = 0, 1

#: Pixels around the result over which its colours at the edge go on: into a plate's own overscan.
_MARGIN = 1000

#: Pixels from white to black at the split.
_EDGE = 0.001

#: Where the Read of the result stands, which is made with the first one.
READ_AT = (400, 100)


@dataclass(frozen=True)
class _Node:
    """A node inside the group.

    Attributes:
        name: Its script name.
        plugin: Its plugin, a key of _PLUGINS.
        inputs: Which node is on which of its inputs, by the input's label.
        values: What differs from the plugin's defaults.
        at: Where it stands in the node graph.
    """

    name: str
    plugin: str
    inputs: dict[str, str]
    values: dict[str, Any] = field(default_factory=dict)
    at: tuple[float, float] = (0, 0)


_OFF = {"disableNode": True}
_LUMINANCE = {"clampBlack": False, "NatronOfxParamProcessA": False}
_MERGE_B = {"bbox": "b", "OutputChannelsA": False}

_NODES = (
    _Node("SourceRange", "FrameRange", {"Source": "Source"}, at=(-300, 100)),
    _Node("ToWorker", "OCIOColorSpace", {"Source": "Source"}, at=(0, 200)),
    _Node("PlateToRender", "Crop", {"Source": "ToWorker"}, _OFF, at=(-300, 300)),
    _Node("RefSwitch", "Switch", {str(number): name for number, name in enumerate(REFERENCES)}, at=(-600, 100)),
    _Node("RefToWorker", "OCIOColorSpace", {"Source": "RefSwitch"}, at=(-600, 200)),
    _Node("RenderSwitch", "Switch", {"0": "PlateToRender", "1": "RefToWorker"}, at=(-450, 400)),
    _Node("ForWorker", "Write", {"Source": "RenderSwitch"}, _OFF, at=(-450, 500)),
    _Node("Result", "Dot", {}, at=(400, 200)),
    _Node("Margin", "AdjustRoD", {"Source": "Result"}, at=(400, 250)),
    _Node("Saturation", "Multiply", {"Source": "Margin"}, at=(400, 300)),
    _Node("LuminanceSwitch", "Switch", {"0": "Margin", "1": "ToWorker"}, at=(200, 300)),
    _Node(
        "Difference",
        "Merge",
        {"A": "LuminanceSwitch", "B": "Saturation"},
        {"operation": "minus", **_MERGE_B},
        at=(200, 400),
    ),
    _Node("Luminance", "ColorMatrix", {"Source": "Difference"}, _LUMINANCE, at=(200, 500)),
    _Node(
        "Recombine", "Merge", {"A": "Luminance", "B": "Saturation"}, {"operation": "plus", **_MERGE_B}, at=(400, 500)
    ),
    _Node("FromWorker", "OCIOColorSpace", {"Source": "Recombine"}, at=(400, 600)),
    _Node(
        "Mix",
        "Merge",
        {"A": "FromWorker", "B": "Source", "Mask": "Mask"},
        {"operation": "copy", **_MERGE_B},
        at=(0, 850),
    ),
    _Node("ShowConfidence", "Shuffle", {"A": "Result", "B": "Source"}, at=(200, 950)),
    # A ramp over next to nothing is an edge. Not a Crop or a Constant: a change of those makes Natron look anew at
    # formats, for which it waits for what is rendering, and that for our Python: for ever.
    _Node("Nothing", "Multiply", {"Source": "Source"}, at=(-400, 850)),
    # Without alpha: Ramp would add one to a plate that has none, and read its pixels as if they had it.
    _Node("SplitMask", "Ramp", {"Source": "Nothing"}, {"NatronOfxParamProcessA": False}, at=(-400, 950)),
    _Node(
        "Split",
        "Merge",
        {"A": "Source", "B": "Mix", "Mask": "SplitMask"},
        {"operation": "copy", **_MERGE_B},
        at=(-200, 950),
    ),
    _Node("OutputSwitch", "Switch", {"0": "Mix", "1": "Source", "2": "ShowConfidence", "3": "Split"}, at=(0, 1050)),
    _Node("RangeSwitch", "Switch", {"0": "Source", "1": "OutputSwitch"}, at=(0, 1150)),
    _Node("Confidence", "Multiply", {"Source": "Result"}, {"NatronOfxParamProcessA": True}, at=(200, 1150)),
    # The last node works on every frame, also where there is no confidence: a Write of all layers below a node that
    # only passes on gets wrong colours from Natron 2.6, or hangs.
    _Node(
        "WithConfidence",
        "Merge",
        {"A": "Confidence", "B": "RangeSwitch"},
        {"operation": "copy", "bbox": "b"},
        at=(0, 1250),
    ),
)

#: Inner parameters that follow a control: node, parameter, its dimensions, control.
_LINKS = (
    ("Saturation", "value", 3, "saturation"),
    ("Mix", "mix", 1, "mix"),
    ("Mix", "maskInvert", 1, "invert_mask"),
    ("ToWorker", "ocioInputSpace", 1, "ocio_in"),
    ("ToWorker", "ocioOutputSpace", 1, "ocio_out"),
    ("RefToWorker", "ocioInputSpace", 1, "ocio_in"),
    ("RefToWorker", "ocioOutputSpace", 1, "ocio_out"),
    ("FromWorker", "ocioInputSpace", 1, "ocio_out"),
    ("FromWorker", "ocioOutputSpace", 1, "ocio_in"),
)

_CONFIDENT = "float(thisGroup.confidence_out.get() and thisGroup.result_confidence.get())"
_SPLIT_AT = "thisGroup.result_left.get() + thisGroup.split_at.get() * thisGroup.result_width.get()"
_NO_OCIO = f"thisGroup.encoding.get() != {ENCODINGS.index(OCIO)}"

#: Inner parameters that are computed from controls, by Natron itself.
_EXPRESSIONS = (
    ("OutputSwitch", "which", "thisGroup.output.get()"),
    ("LuminanceSwitch", "which", "int(thisGroup.keep_luminance.get() and thisGroup.result_linear.get())"),
    ("Confidence", "value", _CONFIDENT),
    ("Mix", "maskChannel_Mask", "1 + thisGroup.mask_channel.get()"),
    ("Split", "maskChannel_Mask", "1"),  # red
    # Numbers as they are, not divided by alpha on the way. An expression, as plugins set this when an input changes.
    *(
        (name, "premult", "False")
        for name in ("ToWorker", "RefToWorker", "FromWorker", "Saturation", "Luminance", "Confidence")
    ),
    ("ToWorker", "disableNode", _NO_OCIO),
    ("RefToWorker", "disableNode", _NO_OCIO),
    ("FromWorker", "disableNode", _NO_OCIO),
)


def make_graph(app: Any, group: Any) -> None:
    """Give a fresh group, which has its controls, its inner nodes."""
    places = {name: (-900.0 + 300 * number, -140.0) for number, name in enumerate(INPUTS)}
    for name in INPUTS:
        _make_input(app, group, name, places[name])
    for node in _NODES:
        _make(app, group, node)
    output = _create(app, group, "Output")
    places[str(output.getScriptName())] = (0, 1350)
    output.setPosition(0, 1350)
    connect(output, 0, group.getNode("WithConfidence"))
    places.update({node.name: node.at for node in _NODES}, ResultRead=READ_AT)
    make_backdrops(lambda plugin: _create(app, group, plugin), places)
    group.getNode("Margin").getParam("addPixels").set(_MARGIN, _MARGIN)
    _make_split(group)
    for name in ("Confidence", "WithConfidence"):
        group.getNode(name).addUserPlane(LAYER, [CHANNEL])
        if chosen(group.getNode(name).getParam("channels")) != LAYER:
            raise RuntimeError(f"This Natron does not take the layer {LAYER}.")  # it would go into the colours
    for name, parameter, dimensions, control in _LINKS:
        for dimension in range(dimensions):
            group.getNode(name).getParam(parameter).slaveTo(group.getParam(control), dimension, 0)
    for name, parameter, expression in _EXPRESSIONS:
        param = group.getNode(name).getParam(parameter)
        for dimension in range(param.getNumDimensions()):
            param.setExpression(expression, False, dimension)


def _make_split(group: Any) -> None:
    """White left of the split, black right of it."""
    group.getNode("Nothing").getParam("value").set(0.0, 0.0, 0.0, 0.0)
    mask = group.getNode("SplitMask")
    mask.getParam("color0").set(1.0, 1.0, 1.0, 1.0)
    mask.getParam("color1").set(0.0, 0.0, 0.0, 0.0)
    for name, beyond in (("point0", ""), ("point1", f" + {_EDGE}")):
        mask.getParam(name).set(0.0, 0.0)
        mask.getParam(name).setExpression(_SPLIT_AT + beyond, False, 0)


def chosen(param: Any) -> str:
    """The chosen option's name."""
    return str(param.getOption(param.getValue()))


def connect(node: Any, number: int, source: Any) -> None:
    """Put a node on an input, in place of what was there: Natron refuses to replace."""
    node.disconnectInput(number)
    node.connectInput(number, source)


def _make_input(app: Any, group: Any, name: str, at: tuple[float, float]) -> None:
    node = _create(app, group, "Input")
    node.setScriptName(name)
    node.setLabel(name)
    node.setPosition(*at)
    node.getParam("optional").set(name != "Source")
    node.getParam("isMask").set(name == "Mask")


def _make(app: Any, group: Any, node: _Node) -> None:
    made = _create(app, group, node.plugin)
    made.setScriptName(node.name)
    made.setLabel(node.name)
    made.setPosition(*node.at)
    for name, value in node.values.items():
        made.getParam(name).set(value)
    for label, source in node.inputs.items():
        connect(made, _input_number(made, label), group.getNode(source))


def _create(app: Any, group: Any, plugin: str) -> Any:
    made = app.createNode(_PLUGINS[plugin], -1, group)
    if made is None:
        raise RuntimeError(f"VCNode needs the plugin {_PLUGINS[plugin]}, which this Natron does not have.")
    return made


def _input_number(node: Any, label: str) -> int:
    for number in range(node.getMaxInputCount()):
        if node.getInputLabel(number) == label:
            return number
    raise RuntimeError(f"{node.getScriptName()} has no input {label}.")
