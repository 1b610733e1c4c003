"""The node's controls: every tab, name, label, default and tooltip, as data. Names are those of the Nuke node."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from vcnode_client import VERSION
from vcnode_client.encodings import LUMINANCE
from vcnode_client.settings import DIRECTIONS, QUALITIES

REFERENCES = (1, 2, 3, 4)

#: What the node gives, in the order of the inner Switch.
OUTPUTS = ("result", "source", "confidence", "split")

#: Choices of the control encoding, beside the worker's own names.
AUTO, OCIO = "auto", "ocio"
ENCODINGS = (AUTO, *LUMINANCE, OCIO)


@dataclass(frozen=True)
class Control:
    """One control.

    Attributes:
        name: As scripts call it.
        label: As artists see it.
        kind: "int", "double", "bool", "choice", "string", "text", "file", "folder", "button" or "line"; a text is not
            for editing.
        hint: The tooltip.
        default: First value; None for the kind's own.
        options: Of a choice.
        least: Of a number.
        most: Of a number's slider.
        beside: Whether it stands on the line of the control before it.
        live: Whether the picture changes with it at once; all others count at the next run.
        visible: Whether artists see it.
        saved: Whether the project keeps it.
    """

    name: str
    label: str
    kind: str
    hint: str = ""
    default: Any = None
    options: tuple[str, ...] = ()
    least: float = float("-inf")
    most: float = float("inf")
    beside: bool = False
    live: bool = False
    visible: bool = True
    saved: bool = True


def _line(name: str) -> Control:
    return Control("line_" + name, "", "line")


def _reference(number: int) -> tuple[Control, ...]:
    name = f"ref{number}"
    return (
        Control(
            name + "_use",
            f"Ref{number}",
            "bool",
            f"Use reference {number}, if something is connected or a file is given.",
            default=True,
        ),
        Control(
            name + "_frame",
            "frame",
            "int",
            f"Frame at which the input Ref{number} is looked at.",
            default=1,
            beside=True,
        ),
        Control(name + "_here", "here", "button", "Take the timeline's frame.", beside=True),
        Control(
            name + "_keyframe",
            "shows it",
            "bool",
            "On: the picture is this very frame of Source in colour, a keyframe from which colours run on. Off: it "
            "shows similar things, at no particular frame.",
            default=True,
            beside=True,
        ),
        Control(
            name + "_weight",
            "weight",
            "double",
            "How much it counts beside the other references.",
            default=1.0,
            least=0.0,
            most=4.0,
            beside=True,
        ),
        Control(
            name + "_file",
            "file",
            "file",
            f"A picture on disk instead of the input Ref{number}: PNG, JPEG, TIFF or EXR.",
        ),
    )


MAIN = (
    Control("range_first", "range", "int", "First frame to colour. Colours run on from frame to frame.", default=1),
    Control("range_last", "to", "int", "Last frame to colour.", default=100, beside=True),
    Control("range_reset", "Source range", "button", "Take the range of the clip on Source.", beside=True),
    _line("references"),
    *(control for number in REFERENCES for control in _reference(number)),
    Control(
        "shots_file",
        "shots file",
        "file",
        "A shots.yaml instead of Ref1 to Ref4, which are then ignored: several shots in the range, each with "
        "references of its own. It counts frames from 0, and 0 is the first frame of the clip on Source, whatever "
        "the range is: with a plate of 1001-1120, its frame 20 is 1021. The status line says so. Pictures in it "
        "are named relative to its own folder. Frames that no shot has stay gray.",
    ),
    _line("colour"),
    Control(
        "direction",
        "direction",
        "choice",
        "Which way colours run. forward: from each reference that shows a frame, to the frames after it. backward: "
        "to the frames before it. both: to either side, and between two references both runs are blended, by how "
        "near and how certain each is. References that show no frame, or a single one at the first frame, give "
        "the same as forward. Takes up to twice the time.",
        default="both",
        options=DIRECTIONS,
    ),
    Control(
        "quality",
        "quality",
        "choice",
        "Size at which the network works. normal suits most plates; draft is for a first look; high finds smaller "
        "things and takes longer. Colours are brought to full size along the plate's own edges.",
        default="normal",
        options=tuple(QUALITIES),
    ),
    Control(
        "run",
        "Colorize",
        "button",
        "Render Source and references, have the worker colour the range, show the result. Runs again after a "
        "change; what an interrupted run has finished is kept.",
    ),
    Control("cancel", "Cancel", "button", "Stop the run. Finished frames are kept for the next one.", beside=True),
    Control(
        "look",
        "Look for changes",
        "button",
        "Say below whether the result is there and still shows what the project says: Natron does not tell nodes what "
        "changes upstream.",
        beside=True,
    ),
    Control("status", "", "text", "Where the node is.", default="nothing coloured yet"),
    _line("result"),
    Control(
        "output",
        "output",
        "choice",
        "What the node gives: the coloured plate, the plate as it came in, how similar each pixel's best match in "
        "the references was, or the plate on the left beside the result on the right.",
        default="result",
        options=OUTPUTS,
        live=True,
    ),
    Control(
        "split_at",
        "split at",
        "double",
        "With output split: where the plate ends and the result begins, from the left edge of the format (0) to "
        "its right edge (1). Live, and it may be animated.",
        default=0.5,
        least=0.0,
        most=1.0,
        live=True,
    ),
    Control(
        "keep_luminance",
        "keep luminance",
        "bool",
        "Take luminance from Source on every frame, live, and colour alone from the result. Values above 1 and "
        "below 0 are kept. Has no effect where the working space is srgb: there the result has the luminance that "
        "was rendered.",
        default=True,
        live=True,
    ),
    Control(
        "saturation",
        "saturation",
        "double",
        "Strength of the colours, live, without another run. Luminance stays as it is.",
        default=1.0,
        least=0.0,
        most=2.0,
        live=True,
    ),
    Control(
        "confidence_out",
        "confidence layer",
        "bool",
        "Fills the layer vcn_confidence: 1 where a reference shows the same thing, near 0 where nothing fits and a "
        "further reference would help.",
        default=True,
        live=True,
    ),
    _line("mask"),
    Control(
        "mask_channel",
        "mask",
        "choice",
        "Channel of the input Mask; where it is black, Source shows.",
        default="alpha",
        options=("red", "green", "blue", "alpha"),
        live=True,
    ),
    Control("invert_mask", "invert", "bool", "Invert the mask.", default=False, beside=True, live=True),
    Control(
        "mix",
        "mix",
        "double",
        "Blend between Source (0) and the result (1).",
        default=1.0,
        least=0.0,
        most=1.0,
        live=True,
    ),
)

COLOR = (
    Control(
        "encoding",
        "Source is",
        "choice",
        "What the numbers on Source and on the references mean. auto: the working space, as the OCIO "
        "configuration's role scene_linear names it. srgb: the sRGB curve was left in. ocio: convert from and to a "
        "space that vcnode knows, below.",
        default=AUTO,
        options=ENCODINGS,
    ),
    Control("encoding_found", "", "text", "What auto stands for here."),
    Control("ocio_in", "from", "string", "With ocio only: the space of Source and references.", default="scene_linear"),
    Control(
        "ocio_out",
        "to",
        "string",
        "With ocio only: the space that the worker gets, by its name in the configuration: ACEScg, or linear with "
        "sRGB, Rec.2020 or P3 primaries.",
        default="scene_linear",
    ),
    Control(
        "color_note",
        "",
        "text",
        "How colours travel.",
        default="The worker gets these numbers as they are, and is told what they mean. Nothing is clipped.",
    ),
)

FILES = (
    Control(
        "cache_dir",
        "cache folder",
        "folder",
        "Where results go, one folder a version. Empty: the folder vcnode beside the saved project, then project "
        "and node. Farm machines must see it under the same path.",
    ),
    Control(
        "version",
        "version",
        "int",
        "The version that is shown. A run makes a new one; set an older one to go back.",
        default=0,
        least=0,
    ),
    Control("version_latest", "latest", "button", "Show the newest version.", beside=True),
    Control("result_file", "result", "text", "The frames that are shown."),
    Control("reload", "Reload", "button", "Read the frames from disk again."),
    Control(
        "bit_depth",
        "files",
        "choice",
        "half suits nearly everything; float keeps every bit of 32-bit plates on disk. Luminance comes from Source "
        "live, so half does not cost any.",
        default="half",
        options=("half", "float"),
    ),
    Control(
        "overscan",
        "overscan",
        "int",
        "Pixels outside the format, on each side, that are coloured too.",
        default=0,
        least=0,
    ),
    Control(
        "keep_input", "keep rendered source", "bool", "Leave the rendered source on disk after a run.", default=False
    ),
    Control("open_folder", "Open folder", "button", "Show the cache folder in the system's file browser."),
    Control(
        "clear_cache",
        "Clear cache",
        "button",
        "Delete all versions but the one that is shown. Asks first.",
        beside=True,
    ),
)

WORKER = (
    Control(
        "worker_mode",
        "worker",
        "choice",
        "start: one for each run, ended afterwards. attach: one that runs already, kept warm and shared.",
        default="start",
        options=("start", "attach"),
    ),
    Control(
        "python",
        "python",
        "file",
        "The Python that has vcnode installed, to start a worker with. Empty: the environment variable VCNODE_PYTHON.",
    ),
    Control("worker_address", "address", "string", "Of a running worker on this machine: 127.0.0.1 and its port."),
    Control(
        "worker_token",
        "token",
        "string",
        "What the running worker printed. Not saved with the project. Empty: the environment variable "
        "VCNODE_WORKER_TOKEN.",
        saved=False,
    ),
    Control(
        "model",
        "model",
        "string",
        "lite is built in; devc is the network of the paper; or a weights file.",
        default="lite",
    ),
    Control("device", "device", "string", "auto, cpu, cuda, or cuda:1 and so on.", default="auto"),
    Control(
        "half_precision",
        "half precision",
        "bool",
        "Faster on GPUs, with tiny differences in colour. lite has it by itself on newer CUDA GPUs.",
        default=False,
    ),
    Control("check", "Check worker", "button", "Start or reach the worker and say what it has."),
    Control("show_log", "Show log", "button", "Show the end of the last run's log.", beside=True),
    Control("worker_said", "", "text", "What the worker answered.", default="not asked yet"),
)

INFO = (
    Control(
        "about",
        "",
        "text",
        "What this is.",
        default=f"VCNode {VERSION}: deep exemplar-based video colorization (Zhang et al., CVPR 2019) with vcnode. "
        "MIT licence; each model has its own, shown by Check worker.",
    ),
    Control("manual", "", "text", "Where to read on.", default="Manual: docs/natron.md of vcnode"),
    Control("result_linear", "", "bool", default=False, live=True, visible=False),
    Control("result_confidence", "", "bool", default=False, live=True, visible=False),
    Control("result_left", "", "double", default=0.0, live=True, visible=False),
    Control("result_width", "", "double", default=0.0, live=True, visible=False),
    Control("label_text", "", "string", visible=False),
    Control("vcn_state", "", "string", visible=False),
)

#: Tabs, in order: their name, label and controls.
TABS = (
    ("vcnode_tab", "VCNode", MAIN),
    ("color_tab", "Colour", COLOR),
    ("files_tab", "Files", FILES),
    ("worker_tab", "Worker", WORKER),
    ("info_tab", "Info", INFO),
)
