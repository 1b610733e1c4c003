"""The nodes inside the Group: what is rendered for the worker, and what is made of its result."""

from __future__ import annotations

from dataclasses import dataclass

from gizmo_source.backdrops import around
from gizmo_source.script_text import Node, Raw, expression

REFERENCES = ("Ref1", "Ref2", "Ref3", "Ref4")
_SRGB, _OCIO = 6, 7  # places in the choices of the knob encoding

_ONLY_SRGB = Raw(expression(f"parent.encoding != {_SRGB}"))
_ONLY_OCIO = Raw(expression(f"parent.encoding != {_OCIO}"))
_COLOR = {"Achannels": "none", "Bchannels": "none", "output": "none", "also_merge": "rgb"}


@dataclass(frozen=True)
class Block:
    """Nodes that belong together, on a backdrop that says what for."""

    backdrop: Node
    nodes: list[Node]


def blocks() -> list[Block]:
    """All of them, in an order in which each comes after those that it takes its pictures from."""
    contents = (
        ("Inputs", "Inputs", "0x4c5a52ff", _inputs()),
        ("ForWorker", "Source for the worker", "0x5a5346ff", _plate()),
        ("ReferencesForWorker", "References for the worker", "0x5a5346ff", _references()),
        ("Colors", "Colours, on Source's luminance", "0x4d4769ff", _result()),
        ("Blend", "Mask, mix, confidence", "0x4d4769ff", _blend()),
        ("Choice", "What is shown; outside the range, Source", "0x46525aff", _choice()),
    )
    return [Block(around(f"Backdrop{name}", label, color, inner), inner) for name, label, color, inner in contents]


def nodes() -> list[Node]:
    """All of them: backdrops, then each node after its inputs."""
    found = blocks()
    return [*(block.backdrop for block in found), *(node for block in found for node in block.nodes)]


def _inputs() -> list[Node]:
    names = ("Source", *REFERENCES, "mask")
    return [
        Node("Input", name, (), {"number": number} if number else {}, x=220 * number, y=0)
        for number, name in enumerate(names)
    ]


def _plate() -> list[Node]:
    """The source in the worker's space, padded to the same rectangle on every frame."""
    box = Raw(
        expression(
            "0 - parent.overscan",
            "0 - parent.overscan",
            "input.width + parent.overscan",
            "input.height + parent.overscan",
        )
    )
    return [
        Node("Dot", "Plate", ("Source",), x=0, y=140),
        Node("Colorspace", "ToLinear", ("Plate",), {"colorspace_in": "sRGB", "disable": _ONLY_SRGB}, x=0, y=200),
        Node(
            "OCIOColorSpace",
            "ToWorker",
            ("ToLinear",),
            {"in_colorspace": "scene_linear", "out_colorspace": "scene_linear", "disable": _ONLY_OCIO},
            x=0,
            y=260,
        ),
        Node("BlackOutside", "PlateEdge", ("ToWorker",), x=-220, y=320),
        Node(
            "Crop",
            "PlateToRender",
            ("PlateEdge",),
            {"box": box, "crop": False, "label": "Colorize writes this"},
            x=-220,
            y=380,
        ),
    ]


def _references() -> list[Node]:
    """The reference that Colorize is about to write, in the worker's space."""
    box = Raw(expression("0", "0", "input.width", "input.height"))
    spaces = {name: Raw(expression(f"ToWorker.{name}")) for name in ("in_colorspace", "out_colorspace")}
    return [
        Node("Switch", "RefSwitch", REFERENCES, {"which": 0}, x=440, y=140),
        Node(
            "Colorspace", "RefToLinear", ("RefSwitch",), {"colorspace_in": "sRGB", "disable": _ONLY_SRGB}, x=440, y=200
        ),
        Node("OCIOColorSpace", "RefToWorker", ("RefToLinear",), {**spaces, "disable": _ONLY_OCIO}, x=440, y=260),
        Node("BlackOutside", "RefEdge", ("RefToWorker",), x=440, y=320),
        Node(
            "Crop",
            "RefToRender",
            ("RefEdge",),
            {"box": box, "crop": False, "label": "Colorize writes this"},
            x=440,
            y=380,
        ),
    ]


def _result() -> list[Node]:
    """The worker's colours on the plate's own luminance, back in the script's space.

    With weights that add up to 1, adding (colour - its luminance) to the plate's luminance leaves that as it is,
    whatever the saturation: above 1, below 0, and where half floats have rounded.
    """
    luminance = "parent.luminance_r*{0}r + parent.luminance_g*{0}g + parent.luminance_b*{0}b"
    chroma = "(parent.keep_luminance ? plate : colored) + parent.saturation*(A{0} - colored)"
    back = {
        "in_colorspace": Raw(expression("ToWorker.out_colorspace")),
        "out_colorspace": Raw(expression("ToWorker.in_colorspace")),
    }
    return [
        Node("Read", "Result", (), {"file": "", "raw": True, "on_error": "error"}, x=220, y=520),
        Node(
            "MergeExpression",
            "Recombine",
            ("ToWorker", "Result"),
            {
                "temp_name0": "plate",
                "temp_expr0": luminance.format("B"),
                "temp_name1": "colored",
                "temp_expr1": luminance.format("A"),
                "expr0": chroma.format("r"),
                "expr1": chroma.format("g"),
                "expr2": chroma.format("b"),
                "channel3": "none",
            },
            x=0,
            y=580,
        ),
        Node("OCIOColorSpace", "FromWorker", ("Recombine",), {**back, "disable": _ONLY_OCIO}, x=0, y=640),
        Node(
            "Colorspace", "FromLinear", ("FromWorker",), {"colorspace_out": "sRGB", "disable": _ONLY_SRGB}, x=0, y=700
        ),
    ]


def _blend() -> list[Node]:
    """Mix and mask; every other layer, alpha and the bounding box are the source's."""
    shared = {name: Raw(expression(f"Mix.{name}")) for name in ("inject", "invert_mask", "fringe", "mix")}
    copy = {"operation": "copy", "bbox": "B", **_COLOR}
    confidence = "vcn_confidence.confidence"
    return [
        Node("Merge2", "Mix", ("Plate", "FromLinear"), copy, x=0, y=840),
        Node(
            "Merge2",
            "Masked",
            ("Plate", "FromLinear", "mask"),
            {**copy, "maskChannelMask": "rgba.alpha", **shared},
            x=220,
            y=840,
            mask=True,
        ),
        Node(
            "Switch", "MaskSwitch", ("Mix", "Masked"), {"which": Raw(expression("[exists parent.input5]"))}, x=0, y=900
        ),
        Node(
            "Copy",
            "WithConfidence",
            ("MaskSwitch", "Result"),
            {
                "from0": confidence,
                "to0": confidence,
                "bbox": "B",
                "disable": Raw(expression("!parent.confidence_out || !parent.result_confidence")),
            },
            x=0,
            y=960,
        ),
    ]


def _choice() -> list[Node]:
    """What the node gives: outside the coloured range, the source."""
    confidence = {f"expr{number}": "vcn_confidence.confidence" for number in range(3)}
    # cx goes from -1 at the left edge of the format to 1 at its right edge, whatever its size and the proxy scale.
    halves = {
        f"expr{place}": f"(cx + 1)/2 < parent.split_at ? A{letter} : B{letter}" for place, letter in enumerate("rgb")
    }
    there = "parent.result_there && frame >= parent.result_first && frame <= parent.result_last"
    return [
        Node("Expression", "ShowConfidence", ("WithConfidence",), confidence, x=220, y=1100),
        Node("MergeExpression", "Split", ("WithConfidence", "Plate"), {**halves, "channel3": "none"}, x=-220, y=1100),
        Node(
            "Switch",
            "OutputSwitch",
            ("WithConfidence", "Plate", "ShowConfidence", "Split"),
            {"which": Raw(expression("parent.output"))},
            x=0,
            y=1160,
        ),
        Node("Switch", "RangeSwitch", ("Plate", "OutputSwitch"), {"which": Raw(expression(there))}, x=0, y=1220),
        Node("Output", "Output1", ("RangeSwitch",), x=0, y=1280),
    ]
