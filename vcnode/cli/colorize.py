"""`vcnode colorize`: a file in, a coloured file out."""

import argparse
from pathlib import Path
from typing import get_args

from vcnode.cli.display import JsonLines, Terminal
from vcnode.cli.failures import Stopped
from vcnode.cli.parser import Commands, UsageError, command_parser
from vcnode.cli.stopping import stop_request
from vcnode.color import Enlarging
from vcnode.color.encodings import ENCODINGS
from vcnode.errors import Cancelled
from vcnode.rendering import RenderJob, render
from vcnode.sequence import (
    CUT_THRESHOLD,
    Direction,
    Precision,
    Reference,
    Settings,
    load_shots,
    parse_reference_argument,
    references_in_folder,
)


def add_parser(commands: Commands) -> None:
    """Add the command and its options."""
    parser = command_parser(
        commands,
        "colorize",
        "colour a video or an image sequence after reference images",
        "Colours a video or an image sequence after reference images. The luma stays as it is; frame times, sound, "
        "rotation and colour tags are kept. A render that was stopped goes on where it was when called again.",
    )
    parser.add_argument("input", type=Path, metavar="INPUT", help="a video, shot.####.png, or a folder of pictures")
    parser.add_argument(
        "--frames", type=_stretch, metavar="FIRST-LAST", help="render only these, counted from 0; 100- is to the end"
    )
    parser.add_argument("-o", "--output", type=Path, required=True, help="a video by its ending, or shot.####.png")
    colors = parser.add_argument_group("colours")
    colors.add_argument(
        "--reference",
        action="append",
        default=[],
        metavar="IMAGE[@FRAME]",
        help="an image with the colours wanted, and the frame it shows if it is one; may be repeated",
    )
    colors.add_argument("--references", type=Path, metavar="FOLDER", help="a folder with ref_000123.png and so on")
    colors.add_argument(
        "--cuts",
        type=_cuts,
        default=(),
        metavar="N,N|auto",
        help="first frames of new shots; auto looks for them (auto:0.3 finds more than the usual 0.4)",
    )
    colors.add_argument("--shots", type=Path, metavar="YAML", help="a file with shots and their references")
    colors.add_argument(
        "--direction",
        choices=get_args(Direction.__value__),
        default="forward",
        help="where colours run from references with a frame; both blends what comes from either side (forward)",
    )
    colors.add_argument("--saturation", type=float, default=1.0, metavar="X", help="factor on the chroma (1)")
    colors.add_argument(
        "--upsampling",
        choices=get_args(Enlarging.__value__),
        default="adaptive",
        help="how colours are brought to full size (adaptive)",
    )
    _add_network_options(parser.add_argument_group("network"))
    _add_output_options(parser.add_argument_group("output"))
    parser.set_defaults(run=run)


def _add_network_options(group: argparse._ArgumentGroup) -> None:
    group.add_argument("--model", default="lite", metavar="NAME", help="a model's name or its weights file (lite)")
    group.add_argument("--device", default="auto", help="auto, cpu, cuda, cuda:1 ... (auto)")
    group.add_argument("--size", type=int, metavar="PIXELS", help="short side at which the network works")
    group.add_argument("--look-ahead", type=int, metavar="N", help="frames prepared as one batch (CUDA: 4, else 1)")
    group.add_argument(
        "--precision",
        choices=get_args(Precision.__value__),
        help="of the convolutions (float16 for lite on CUDA, else float32); bfloat16 is for CPUs that compute it at "
        "twice the rate: Intel's with AMX, AMD's with AVX-512",
    )
    group.add_argument("--compat", choices=["devc"], help="colour as the authors' script does")
    group.add_argument("--cache", type=Path, metavar="DIR", help="keep states there, so that a second run is quick")


def _add_output_options(group: argparse._ArgumentGroup) -> None:
    group.add_argument(
        "--codec",
        choices=["h264", "hevc", "ffv1", "prores"],
        help="by default ffv1 (lossless) in .mkv, prores in .mov, h264 in .mp4",
    )
    group.add_argument("--depth", type=int, metavar="BITS", help="bits of a code (the input's)")
    group.add_argument("--chroma", choices=["420", "422", "444"], help="subsampling (the codec's usual)")
    group.add_argument("--quality", type=int, metavar="CRF", help="of h264 and hevc, 0 (lossless) to 51")
    group.add_argument("--encoding", choices=list(ENCODINGS), help="of EXR frames, references and result (linear-srgb)")
    group.add_argument("--layer", help="of EXR frames, the layer to colour (the main picture)")
    group.add_argument("--confidence-layer", action="store_true", help="put the confidence into EXR frames as a layer")
    group.add_argument("--frame-rate", type=float, default=24.0, metavar="FPS", help="of an image sequence (24)")
    group.add_argument("--no-audio", action="store_true", help="leave the sound out")
    group.add_argument("--confidence", type=Path, metavar="OUT", help="a second, gray film of the confidence")
    group.add_argument("--overwrite", action="store_true", help="replace the output if it exists")
    group.add_argument("--no-resume", action="store_true", help="start anew instead of going on")
    group.add_argument("--json", action="store_true", help="progress, result and failures as JSON lines on stdout")
    group.add_argument("--quiet", action="store_true", help="nothing but failures and the output's path")


def run(options: argparse.Namespace) -> None:
    """Render.

    Raises:
        Stopped: By a signal.
        UsageError: Options that do not go together.
        VcnodeError: Whatever cannot be done.
    """
    display = JsonLines() if options.json else Terminal(quiet=options.quiet)
    with stop_request() as stop:
        try:
            result = render(
                job_of(options),
                on_search=display.search,
                on_start=display.start,
                on_frame=display.frame,
                on_backward=display.backward,
                cancelled=stop.asked,
            )
        except (Cancelled, KeyboardInterrupt) as error:
            notes = getattr(error, "__notes__", ["Nothing was finished yet."])
            raise Stopped(" ".join([str(error) or "Stopped, as asked.", *notes]), stop.exit_code) from error
        finally:
            display.close()
    display.result(result)


def job_of(options: argparse.Namespace) -> RenderJob:
    """Turn options into a job.

    Raises:
        UsageError: References are missing or given in two ways.
        InputError: A reference, the shots file or a setting cannot be used.
    """
    has_references = bool(options.reference) or options.references is not None
    if has_references == (options.shots is not None):
        raise UsageError("give --reference or --references, or else --shots: colours come from one of them.")
    if options.cuts and options.shots is not None:
        raise UsageError("--cuts go with references; a shots file says itself where shots begin.")
    return RenderJob(
        source=options.input,
        output=options.output,
        references=_references(options),
        cuts=options.cuts if isinstance(options.cuts, tuple) else (),
        cut_threshold=options.cuts if isinstance(options.cuts, float) else None,
        shots=load_shots(options.shots) if options.shots is not None else None,
        frames=options.frames,
        model=options.model,
        device=options.device,
        settings=Settings(
            working_size=options.size,
            look_ahead=options.look_ahead,
            saturation=options.saturation,
            upsampling=options.upsampling,
            compat=options.compat,
            precision=options.precision,
            direction=options.direction,
        ),
        encoding=options.encoding,
        layer=options.layer,
        confidence_layer=options.confidence_layer,
        codec=options.codec,
        depth=options.depth,
        chroma=options.chroma,
        quality=options.quality,
        frame_rate=options.frame_rate,
        audio=not options.no_audio,
        confidence=options.confidence,
        cache=options.cache,
        resume=not options.no_resume,
        overwrite=options.overwrite,
    )


def _references(options: argparse.Namespace) -> tuple[Reference, ...]:
    references = [parse_reference_argument(argument) for argument in options.reference]
    if options.references is not None:
        references += references_in_folder(options.references)
    return tuple(references)


def _cuts(text: str) -> tuple[int, ...] | float:
    """Frames, or the threshold to find them with."""
    name, colon, threshold = text.partition(":")
    if name != "auto":
        return _frames(text)
    try:
        return float(threshold) if colon else CUT_THRESHOLD
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is neither auto nor auto with a number such as auto:0.3") from None


def _stretch(text: str) -> tuple[int, int | None]:
    first, dash, last = text.partition("-")
    try:
        if not dash:
            return int(first), int(first)
        return int(first), int(last) if last else None
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a range of frames such as 100-250 or 100-") from None


def _frames(text: str) -> tuple[int, ...]:
    try:
        frames = tuple(int(part) for part in text.split(","))
    except ValueError:
        frames = (-1,)
    if min(frames) < 0:
        raise argparse.ArgumentTypeError(f"{text!r} is not a list of frames such as 100,250, nor auto")
    return frames
