"""The panel: tabs, knobs, tooltips. The Python part reads these knobs by name."""

from __future__ import annotations

from gizmo_source.knobs import Knob, button, divider, hidden, tab

VERSION = "0.1.0"
TILE_COLOR = "0x6f5fb8ff"


def knobs() -> list[Knob]:
    """All of them, in the panel's order."""
    return [*_main(), *_color(), *_files(), *_worker(), *_info(), *_kept()]


def _main() -> list[Knob]:
    found = [
        tab("vcnode_tab", "VCNode"),
        Knob(3, "range_first", "range", "First frame to colour. Colours run on from frame to frame.", value=1),
        Knob(3, "range_last", "", "Last frame to colour.", flags=("-STARTLINE",), value=100),
        button("range_reset", "Source range", "Take the range of the clip on Source.", same_line=True),
        divider("references"),
    ]
    for number in range(1, 5):
        found += _reference(number)
    return [
        *found,
        Knob(
            2,
            "shots_file",
            "shots file",
            "A shots.yaml instead of Ref1 to Ref4, which are then ignored: several shots in the range, each with "
            "references of its own. It counts frames from 0, and 0 is the first frame of the clip on Source, whatever "
            "the range is: with a plate of 1001-1120, its frame 20 is 1021. The status line says so. Pictures in it "
            "are named relative to its own folder. Frames that no shot has stay gray.",
        ),
        divider("colour"),
        Knob(
            4,
            "direction",
            "direction",
            "Which way colours run. forward: from each reference that shows a frame, to the frames after it. backward: "
            "to the frames before it. both: to either side, and between two references both runs are blended, by how "
            "near and how certain each is. References that show no frame, or a single one at the first frame, give "
            "the same as forward. Takes up to twice the time.",
            choices=("forward", "backward", "both"),
            value="both",
        ),
        Knob(
            4,
            "quality",
            "quality",
            "Size at which the network works. normal suits most plates; draft is for a first look; high finds smaller "
            "things and takes longer. Colours are brought to full size along the plate's own edges.",
            choices=("draft", "normal", "high"),
            value="normal",
        ),
        button(
            "run",
            "Colorize",
            "Render Source and references, have the worker colour the range, show the result. Press it again after a "
            "change; what an interrupted run has finished is kept.",
        ),
        button("cancel", "Cancel", "Stop the run. Finished frames are kept for the next one.", same_line=True),
        Knob(26, "status", "", "Where the node is.", target="nothing coloured yet", flags=("+STARTLINE",)),
        divider("result"),
        Knob(
            4,
            "output",
            "output",
            "What the node gives: the coloured plate, the plate as it came in, how similar each pixel's best match in "
            "the references was, or the plate on the left beside the result on the right.",
            choices=("result", "source", "confidence", "split"),
            value="result",
        ),
        Knob(
            7,
            "split_at",
            "split at",
            "With output split: where the plate ends and the result begins, from the left edge of the format (0) to "
            "its right edge (1). Live, and it may be animated.",
            reach=(0, 1),
            value=0.5,
        ),
        Knob(
            6,
            "keep_luminance",
            "keep luminance",
            "Take luminance from Source on every frame, live, and colour alone from the result. Values above 1 and "
            "below 0 are kept.",
            flags=("+STARTLINE",),
            value=True,
        ),
        Knob(
            7,
            "saturation",
            "saturation",
            "Strength of the colours, live, without another run. Luminance stays as it is.",
            reach=(0, 2),
            value=1.0,
        ),
        Knob(
            6,
            "confidence_out",
            "confidence layer",
            "Adds the layer vcn_confidence: 1 where a reference shows the same thing, near 0 where nothing fits and a "
            "further reference would help.",
            flags=("+STARTLINE",),
            value=True,
        ),
        divider("mask"),
        Knob(
            41,
            "maskChannelMask",
            "mask",
            "Channel of the mask input; where it is black, Source shows.",
            target="Masked.maskChannelMask",
        ),
        Knob(
            41,
            "maskChannelInput",
            "or of Source",
            "Channel of Source as a mask, where nothing is connected to the mask input.",
            target="Mix.maskChannelInput",
            flags=("-STARTLINE",),
        ),
        Knob(41, "inject", None, "Copy the mask into the layer mask.", target="Mix.inject", flags=("-STARTLINE",)),
        Knob(41, "invert_mask", "invert", "Invert the mask.", target="Mix.invert_mask", flags=("-STARTLINE",)),
        Knob(41, "fringe", None, "Only on the mask's soft edge.", target="Mix.fringe", flags=("-STARTLINE",)),
        Knob(41, "mix", None, "Blend between Source (0) and the result (1).", target="Mix.mix"),
    ]


def _reference(number: int) -> list[Knob]:
    name = f"ref{number}"
    return [
        Knob(
            6,
            f"{name}_use",
            f"Ref{number}",
            f"Use reference {number}, if something is connected or a file is given.",
            flags=("+STARTLINE",),
            value=True,
        ),
        Knob(
            3,
            f"{name}_frame",
            "frame",
            f"Frame at which the input Ref{number} is looked at.",
            flags=("-STARTLINE",),
            value=1,
        ),
        button(f"{name}_here", "this frame", "Take the current frame.", same_line=True),
        Knob(
            6,
            f"{name}_keyframe",
            "shows it",
            "On: the picture is this very frame of Source in colour, a keyframe from which colours run on. Off: it "
            "shows similar things, at no particular frame.",
            flags=("-STARTLINE",),
            value=True,
        ),
        Knob(
            7,
            f"{name}_weight",
            "weight",
            "How much it counts beside the other references.",
            reach=(0.1, 4),
            flags=("-STARTLINE",),
            value=1.0,
        ),
        Knob(2, f"{name}_file", "file", f"A picture on disk instead of the input Ref{number}: PNG, JPEG, TIFF or EXR."),
    ]


def _color() -> list[Knob]:
    return [
        tab("color_tab", "Colour"),
        Knob(
            4,
            "encoding",
            "Source is",
            "What the numbers on Source and on the references mean. auto: the script's working space, where its name "
            "tells. srgb: the sRGB curve was left in. ocio: convert from and to a space that vcnode knows, below. The "
            "order of choices is fixed: nodes inside the Group go by it.",
            choices=("auto", "linear-srgb", "acescg", "aces2065-1", "linear-rec2020", "linear-p3-d65", "srgb", "ocio"),
            value="auto",
        ),
        divider("with ocio only"),
        Knob(41, "ocio_in", "from", "The space of Source and references.", target="ToWorker.in_colorspace"),
        Knob(
            41,
            "ocio_out",
            "to",
            "The space that the worker gets: ACEScg, or linear with sRGB, Rec.2020 or P3 primaries.",
            target="ToWorker.out_colorspace",
        ),
        Knob(
            26,
            "color_note",
            "",
            "How colours travel.",
            target="The worker gets these numbers as they are, and is told what they mean. Nothing is clipped.",
            flags=("+STARTLINE",),
        ),
    ]


def _files() -> list[Knob]:
    return [
        tab("files_tab", "Files"),
        Knob(
            2,
            "cache_dir",
            "cache folder",
            "Where results go, one folder a version. Empty: the folder vcnode beside the saved script, then script and "
            "node. Farm machines must see it under the same path.",
        ),
        Knob(
            3,
            "version",
            "version",
            "The version that is shown. A run makes a new one; set an older one to go back.",
            value=0,
        ),
        button("version_latest", "latest", "Show the newest version.", same_line=True),
        Knob(
            41,
            "result_file",
            "result",
            "The frames that are shown; read-only.",
            target="Result.file",
            flags=("+DISABLED",),
        ),
        button("reload", "Reload", "Read the frames from disk again.", same_line=True),
        Knob(
            4,
            "bit_depth",
            "files",
            "half suits nearly everything; float keeps every bit of 32-bit plates on disk. Luminance comes from Source "
            "live, so half does not cost any.",
            choices=("half", "float"),
            value="half",
        ),
        Knob(3, "overscan", "overscan", "Pixels outside the format, on each side, that are coloured too.", value=0),
        Knob(
            4,
            "views",
            "views",
            "Colour the view that the viewer shows, or each view of the script on its own. With current, other "
            "views are in error inside the range.",
            choices=("current", "all"),
            value="current",
        ),
        Knob(
            6,
            "keep_input",
            "keep rendered source",
            "Leave the rendered source on disk after a run.",
            flags=("+STARTLINE",),
        ),
        button("open_folder", "Open folder", "Show the cache folder in the system's file browser."),
        button(
            "clear_cache", "Clear cache", "Delete all versions but the one that is shown. Asks first.", same_line=True
        ),
    ]


def _worker() -> list[Knob]:
    return [
        tab("worker_tab", "Worker"),
        Knob(
            4,
            "worker_mode",
            "worker",
            "start: one for each run, ended afterwards. attach: one that runs already, kept warm and shared.",
            choices=("start", "attach"),
            value="start",
        ),
        Knob(
            2,
            "python",
            "python",
            "The Python that has vcnode installed, to start a worker with. Empty: the environment variable "
            "VCNODE_PYTHON.",
        ),
        Knob(1, "worker_address", "address", "Of a running worker on this machine: 127.0.0.1 and its port."),
        Knob(
            1,
            "worker_token",
            "token",
            "What the running worker printed. Not saved with the script. Empty: the environment variable "
            "VCNODE_WORKER_TOKEN.",
            flags=("+DO_NOT_WRITE",),
        ),
        Knob(
            1, "model", "model", "lite is built in; devc is the network of the paper; or a weights file.", value="lite"
        ),
        Knob(1, "device", "device", "auto, cpu, cuda, or cuda:1 and so on.", value="auto"),
        Knob(
            6,
            "half_precision",
            "half precision",
            "Faster on GPUs, with tiny differences in colour. lite has it by itself on newer CUDA GPUs.",
            flags=("+STARTLINE",),
        ),
        button("check", "Check worker", "Start or reach the worker and say what it has."),
        button("show_log", "Show log", "Show the end of the last run's log.", same_line=True),
        Knob(26, "worker_said", "", "What the worker answered.", target="not asked yet", flags=("+STARTLINE",)),
    ]


def _info() -> list[Knob]:
    about = (
        f"VCNode {VERSION}: deep exemplar-based video colorization (Zhang et al., CVPR 2019) with vcnode. MIT licence; "
        "each model has its own, shown by Check worker."
    )
    return [
        tab("info_tab", "Info"),
        Knob(26, "about", "", "What this is.", target=about, flags=("+STARTLINE",)),
        Knob(26, "manual", "", "Where to read on.", target="Manual: docs/nuke.md of vcnode", flags=("+STARTLINE",)),
    ]


def _kept() -> list[Knob]:
    """What the Python part writes: how the result is shown without it."""
    return [
        hidden(6, "result_there", False),
        hidden(3, "result_first", 0),
        hidden(3, "result_last", 0),
        hidden(6, "result_confidence", False),
        hidden(7, "luminance_r", 0.2126390059),
        hidden(7, "luminance_g", 0.7151686788),
        hidden(7, "luminance_b", 0.0721923154),
        hidden(1, "label_text"),
        hidden(1, "vcn_state"),
    ]
