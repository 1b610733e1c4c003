"""What the actions of a farm job run: `python -m vcnode.farm begin|shot|end SESSION`; users need none of it."""

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from vcnode.cli.messages import tolerant_streams
from vcnode.counted import counted
from vcnode.errors import VcnodeError
from vcnode.farm.session import begin_worker, connect, end_worker
from vcnode.farm.shot_jobs import shot_job
from vcnode.sequence import load_shots
from vcnode.worker.protocol import Message


def main(arguments: Sequence[str] | None = None) -> int:
    """Run an action; returns its exit code."""
    tolerant_streams()
    options = _parser().parse_args(arguments)
    try:
        return int(options.run(options))
    except VcnodeError as error:
        print(f"openjd_fail: {error}", flush=True)
        return 1


def begin(options: argparse.Namespace) -> int:
    """Start the session's worker."""
    begin_worker(options.session)
    return 0


def shot(options: argparse.Namespace) -> int:
    """Have one shot coloured, with its progress as Open Job Description's runtimes read it."""
    job = shot_job(
        load_shots(options.shots),
        options.number,
        Path(os.path.abspath(options.source_folder / options.source_name)),
        Path(os.path.abspath(options.target_folder / options.target_name)),
        encoding=None if options.encoding == "default" else options.encoding,
        confidence=options.confidence == "yes",
    )
    job["options"] = {"model": options.model, "device": options.device, "direction": options.direction}
    frames = job["frames"]
    print(f"shot {options.number}: frames {frames['first']} to {frames['last']} of {frames['pattern']}", flush=True)
    ending: Message = {}
    with connect(options.session) as worker:
        for ending in worker.run(job):
            _report(ending)
    return 0 if ending.get("type") == "done" else 1


def end(options: argparse.Namespace) -> int:
    """End the session's worker and show its log, which goes with the session's folder."""
    print(end_worker(options.session), flush=True)
    return 0


def _report(message: Message) -> None:
    kind = message["type"]
    if kind == "accepted":
        line = (
            f"{message['to_do']} of {message['frames']} frames to do, model {message['model']} on {message['device']}"
        )
    elif kind == "progress":
        print(f"openjd_progress: {100 * float(str(message['done'])) / float(str(message['total'])):.1f}")
        speed = f"{message['fps']} fps, {message['seconds_left']} s left"
        line = f"openjd_status: frame {message['frame']}, {'backward' if message['backward'] else speed}"
    elif kind == "done":
        line = f"{counted(int(str(message['rendered'])), 'frame')} made, {message['frames']} in {message['output']}"
    elif kind == "rejected":
        problems = message["problems"]
        assert isinstance(problems, list)
        lines = [f"{problem['field']}: {problem['problem']}" for problem in problems]
        line = "openjd_fail: " + " ".join(lines)
    else:
        line = f"openjd_fail: {message.get('problem', kind)}"
    print(line, flush=True)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m vcnode.farm", allow_abbrev=False)
    actions = parser.add_subparsers(required=True)
    for run in (begin, shot, end):
        action = actions.add_parser(run.__name__)
        action.add_argument("session", type=Path)
        action.set_defaults(run=run)
        if run is shot:
            action.add_argument("--number", type=int, required=True)
            for name in ("shots", "source-folder", "target-folder"):
                action.add_argument(f"--{name}", type=Path, required=True)
            for name in ("source-name", "target-name", "model", "device", "encoding", "confidence", "direction"):
                action.add_argument(f"--{name}", required=True)
    return parser


if __name__ == "__main__":
    sys.exit(main())
