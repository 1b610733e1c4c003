"""`vcnode farm`: a film's shots as a job for a render farm."""

import argparse
from pathlib import Path
from typing import get_args

from vcnode.cli.parser import Commands, command_parser
from vcnode.color.encodings import ENCODINGS
from vcnode.farm import FarmJob, write_farm_job
from vcnode.sequence import Direction


def add_parser(commands: Commands) -> None:
    """Add the command and its options."""
    parser = command_parser(
        commands,
        "farm",
        "write a job for a render farm, one task a shot",
        "Writes a job in Open Job Description's form: one task for each shot of a shots file. `openjd run` runs it on "
        "this machine, farms take the same folder; see docs/farm.md.",
    )
    parser.add_argument("shots", type=Path, metavar="SHOTS.yaml", help="a file with shots and their references")
    parser.add_argument("--source", type=Path, required=True, help="the film: shot.####.exr, or a video")
    parser.add_argument(
        "--target", type=Path, required=True, help="shot.####.exr for all shots' frames, or a video's name"
    )
    parser.add_argument("-o", "--output", type=Path, required=True, metavar="FOLDER", help="the job's folder")
    parser.add_argument("--model", default="lite", metavar="NAME", help="a model's name or its weights file (lite)")
    parser.add_argument("--device", default="auto", help="of the farm's machines: auto, cpu, cuda (auto)")
    parser.add_argument("--encoding", choices=list(ENCODINGS), help="how the numbers of EXR files are meant")
    parser.add_argument("--confidence", action="store_true", help="add the layer of the confidence to EXR frames")
    parser.add_argument(
        "--direction",
        choices=get_args(Direction.__value__),
        default="forward",
        help="where colours run from references with a frame; both blends what comes from either side (forward)",
    )
    parser.add_argument(
        "--python", default="python", metavar="PATH", help="the interpreter with vcnode on the farm's machines (python)"
    )
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> None:
    """Write the job and print the template's path.

    Raises:
        InputError: The shots file cannot be used or does not fit the film.
        MediaError: The film cannot be read, or the folder not be written.
    """
    job = FarmJob(
        shots=options.shots,
        source=options.source,
        target=options.target,
        model=options.model,
        device=options.device,
        encoding=options.encoding,
        confidence=options.confidence,
        direction=options.direction,
        python=options.python,
    )
    print(write_farm_job(job, options.output))
