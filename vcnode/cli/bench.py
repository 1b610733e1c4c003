"""`vcnode bench`: where the time of a frame goes on this machine, and how another program compares."""

import argparse
import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, get_args

import torch
from tqdm import tqdm

from vcnode.bench import USUAL_CASES, Benchmark, BenchOptions, Case, Rival, as_text, as_values, run_benchmark
from vcnode.cli.failures import Stopped
from vcnode.cli.parser import Commands, UsageError, command_parser
from vcnode.cli.stopping import stop_request
from vcnode.errors import Cancelled, InputError
from vcnode.report_file import check_writable, write_report
from vcnode.sequence import Precision, Settings


def add_parser(commands: Commands) -> None:
    """Add the command and its options."""
    parser = command_parser(
        commands,
        "bench",
        "time every step of a frame on this machine",
        "Times every step of a frame, counts what it computes, and says which share of the machine's peak that is; the "
        "peak is measured in the same run. On a machine that others use too, look at the fastest run and the CPU time.",
    )
    usual = " ".join(map(str, USUAL_CASES))
    parser.add_argument("--model", default="lite", metavar="NAME", help="a model's name or its weights file (lite)")
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda, cuda:1 ... (auto)")
    parser.add_argument(
        "--precision",
        choices=get_args(Precision.__value__),
        help="of convolutions (float16 for the light network on CUDA, else float32)",
    )
    parser.add_argument("--threads", type=int, metavar="N", help="of the CPU (all cores)")
    parser.add_argument("--look-ahead", type=int, metavar="N", help="frames prepared as one batch (CUDA: 4, else 1)")
    parser.add_argument(
        "--sizes",
        nargs="+",
        default=list(USUAL_CASES),
        type=_case,
        metavar="WxH[@SIDE]",
        help=f"frames, and the short side at which the network works ({usual})",
    )
    parser.add_argument("--repeats", type=int, default=5, metavar="N", help="runs of each step at most (5)")
    # Named apart from the `--json` of other commands, which asks for JSON on stdout.
    parser.add_argument("--json", dest="figures", type=Path, metavar="FILE", help="all figures, kept after each size")
    group = parser.add_argument_group("comparing with another program")
    group.add_argument(
        "--against",
        metavar="COMMAND",
        help="a program that colours the folder {frames} (00000.png ...) after {reference} and writes as many pictures "
        "to the folder {output}; {count}, {width} and {height} can be named too",
    )
    group.add_argument(
        "--against-frames",
        nargs=2,
        type=int,
        default=(2, 6),
        metavar=("FEW", "MANY"),
        help="frames of a short and a long run, whose difference leaves starting out (2 6)",
    )
    group.add_argument("--rounds", type=int, default=2, metavar="N", help="how often both programs are run (2)")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> None:
    """Measure, and print the tables.

    Raises:
        Stopped: By a signal; what was measured is written and printed.
        UsageError: A number of threads below 1.
        VcnodeError: Whatever cannot be done.
    """
    chosen = BenchOptions(
        model=options.model,
        device=options.device,
        cases=tuple(options.sizes),
        settings=Settings(look_ahead=options.look_ahead, precision=options.precision),
        repeats=options.repeats,
        rival=None
        if options.against is None
        else Rival(options.against, tuple(options.against_frames), options.rounds),
    )
    if options.figures is not None:
        check_writable(options.figures)
    measured = _Measured(options.figures)
    try:
        with stop_request() as stop, _threads(options.threads), _line() as line:
            try:
                run_benchmark(chosen, line.set_description_str, stop.asked, measured.keep)
            except (Cancelled, KeyboardInterrupt) as error:
                raise Stopped(str(error) or "Stopped, as asked.", stop.exit_code) from error
    finally:
        if measured.found is not None:
            print(as_text(measured.found), flush=True)


class _Measured:
    """What was found so far; its figures are kept after each size."""

    def __init__(self, figures: Path | None) -> None:
        self.found: Benchmark | None = None
        self._figures = figures

    def keep(self, found: Benchmark) -> None:
        self.found = found
        if self._figures is not None:
            write_report(self._figures, json.dumps(as_values(found), indent=1) + "\n")


@contextmanager
def _threads(count: int | None) -> Iterator[None]:
    """Within the block, let PyTorch use so many threads."""
    if count is not None and count < 1:
        raise UsageError(f"{count} threads cannot work: give 1 or more.")
    before = torch.get_num_threads()
    torch.set_num_threads(before if count is None else count)
    try:
        yield
    finally:
        torch.set_num_threads(before)


@contextmanager
def _line() -> Iterator[Any]:
    """A line on the terminal that says what is being timed."""
    with tqdm(bar_format="{desc}", file=sys.stderr, leave=False, disable=None) as line:
        yield line


def _case(text: str) -> Case:
    try:
        return Case.parse(text)
    except InputError as error:
        raise argparse.ArgumentTypeError(str(error)) from None
