"""`vcnode evaluate`: how good a model is on clips whose colours are known, beside baselines."""

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from vcnode.cli.failures import Stopped
from vcnode.cli.messages import progress_bar, say
from vcnode.cli.parser import Commands, UsageError, command_parser
from vcnode.cli.stopping import StopRequest, stop_request
from vcnode.counted import counted
from vcnode.errors import Cancelled, InputError
from vcnode.evaluation import (
    GRAYS,
    PROTOCOLS,
    SIZES,
    Clip,
    Evaluation,
    EvaluationOptions,
    LeftOut,
    Progress,
    Watch,
    evaluate,
    find_clips,
    write_json,
)
from vcnode.evaluation.report_html import html_page
from vcnode.evaluation.report_table import number, table
from vcnode.rendering.output_format import same_place
from vcnode.report_file import check_writable, write_report
from vcnode.sequence import load


def add_parser(commands: Commands) -> None:
    """Add the command and its options."""
    parser = command_parser(
        commands,
        "evaluate",
        "score a model on clips in colour, beside baselines",
        "Colours clips whose colours are known after their first frame, or after another scene, and scores the result "
        "beside baselines that are given the same frames. Clips that cannot be scored are named and left out.",
    )
    parser.add_argument("folder", type=Path, metavar="DIR", help="videos, and sub-folders of numbered frames")
    parser.add_argument("--model", default="lite", metavar="NAME", help="a model's name or its weights file (lite)")
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda, cuda:1 ... (auto)")
    parser.add_argument(
        "--protocol",
        choices=[*PROTOCOLS, "all"],
        default="first-frame",
        help="what the colours come from (first-frame); pictures in NAME_refs beside a clip are its other scene",
    )
    parser.add_argument("--frames", type=int, metavar="N", help="frames to use of each clip at most (all)")
    parser.add_argument(
        "--size", choices=SIZES, default="full", help="score at the clip's own size or the network's (full)"
    )
    parser.add_argument(
        "--gray",
        choices=GRAYS,
        default="lightness",
        help="give methods the true L, a video's Y', or that of a worn film: flicker, flashes, grain (lightness)",
    )
    parser.add_argument("--clips", nargs="+", default=[], metavar="NAME", help="only these clips of the folder")
    parser.add_argument("--quick", action="store_true", help="only ab-PSNR, flicker and colourfulness")
    parser.add_argument("--lpips", type=Path, metavar="FILE", help="AlexNet with LPIPS's heads, as safetensors")
    # Named apart from the `--json` of other commands, which asks for JSON on stdout.
    parser.add_argument("--json", dest="figures", type=Path, metavar="FILE", help="all figures, kept after each clip")
    parser.add_argument("--html", type=Path, metavar="FILE", help="a page with figures, curves and pictures")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> None:
    """Evaluate, and print the table.

    Raises:
        Stopped: By a signal; what was finished is written and printed.
        UsageError: Both reports are to be one file.
        VcnodeError: Whatever cannot be done.
    """
    chosen = EvaluationOptions(
        protocols=PROTOCOLS if options.protocol == "all" else (options.protocol,),
        frames=options.frames,
        size=options.size,
        gray=options.gray,
        quick=options.quick,
        lpips=options.lpips,
        label=Path(options.model).name,
    )
    clips = find_clips(options.folder, options.clips)
    _check_reports(options, clips)
    with stop_request() as stop:
        display = _Display(stop, options.figures)
        try:
            evaluate(clips, load(options.model, options.device), chosen, display)
        except (Cancelled, KeyboardInterrupt) as error:
            kept = 0 if display.evaluation is None else len(display.evaluation.clips)
            raise Stopped(
                f"Stopped, as asked; {counted(kept, 'clip')} finished before that.", stop.exit_code
            ) from error
        finally:
            display.close()
            _report(display.evaluation, options.html)


def _check_reports(options: argparse.Namespace, clips: Sequence[Clip]) -> None:
    """Refuse reports that cannot be written, or would replace an input or each other."""
    reports = [report for report in (options.figures, options.html) if report is not None]
    if len(reports) == 2 and same_place(*reports):
        raise UsageError(f"--json and --html both name {options.html}: give two files.")
    inputs = [path for clip in clips for path in (clip.path, *clip.references)]
    inputs += [Path(options.model), *([] if options.lpips is None else [options.lpips])]
    for report in reports:
        if any(same_place(report, path) for path in inputs):
            raise InputError(f"The report {report} is an input: give another name, inputs are never replaced.")
        check_writable(report)


class _Display(Watch):
    """A bar on stderr and a line for each clip; keeps what is finished."""

    def __init__(self, stop: StopRequest, figures: Path | None) -> None:
        self.evaluation: Evaluation | None = None
        self._stop, self._figures = stop, figures
        self._bar: Any = None

    def left_out(self, left_out: LeftOut) -> None:
        where = f" of {left_out.protocol}" if left_out.protocol else ""
        say(f"{left_out.clip} is left out{where}: {left_out.reason}")

    def progress(self, progress: Progress) -> None:
        if self._bar is None:
            self._bar = progress_bar(progress.total, " frames")
        self._bar.set_description(f"{progress.clip} ({progress.clip_number} of {progress.clips})", refresh=False)
        self._bar.update(progress.done - self._bar.n)

    def finished(self, evaluation: Evaluation) -> None:
        if self._figures is not None:
            write_json(evaluation, self._figures)
        done = 0 if self.evaluation is None else len(self.evaluation.clips)
        for clip in evaluation.clips[done:]:
            scores = ", ".join(
                f"{name} {number(metrics['ab_psnr'])} dB"
                for name, metrics in clip.scores.items()
                if "ab_psnr" in metrics
            )
            ratios = f"flicker x{number(clip.ratio('warp_error'))}, colour x{number(clip.ratio('colourfulness'))}"
            say(f"{clip.clip} ({clip.protocol}): {scores + '; ' if scores else ''}{ratios}")
        self.evaluation = evaluation

    def cancelled(self) -> bool:
        return self._stop.asked()

    def close(self) -> None:
        """Remove the bar."""
        if self._bar is not None:
            self._bar.close()


def _report(evaluation: Evaluation | None, page: Path | None) -> None:
    if evaluation is None or not evaluation.clips:
        return
    if page is not None:
        write_report(page, html_page(evaluation))
    print(table(evaluation), flush=True)
