"""Colours a VCNode of a saved Natron project, without a user and with an exit code that can be trusted.

    python vcnode_bake.py --project shot.ntp --node VCNode1 --range 1001-1120

Any Python from 3.7 on will do, with nothing installed. The range is one job: colours run on from frame to frame.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile

_HERE = os.path.dirname(os.path.realpath(__file__))


def main(arguments: list[str] | None = None) -> int:
    """Start NatronRenderer, wait for it, say what came of it; gives the exit code."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):  # names that the console cannot show are no failure
            stream.reconfigure(errors="backslashreplace")
    chosen = _parser().parse_args(arguments)
    renderer = shutil.which(chosen.natron)
    if renderer is None:
        return _failed(f"{chosen.natron} does not exist or cannot be run: give NatronRenderer's place with --natron.")
    if not os.path.isfile(chosen.project):
        return _failed(f"There is no project {chosen.project}.")
    with tempfile.TemporaryDirectory(prefix="vcnode-") as folder:
        task = os.path.join(folder, "task.json")
        with open(task, "w", encoding="utf-8") as file:
            json.dump(_task(chosen), file)
        stopped = _run([renderer, "-t", os.path.join(_HERE, "bake_in_natron.py")], _environment(task))
        try:
            with open(task + ".outcome", encoding="utf-8") as file:
                outcome = json.load(file)
        except OSError:
            if stopped:
                return _failed("Stopped.", code=130)
            return _failed("NatronRenderer ended before its time; what it printed above says why.")
    if "result" not in outcome:
        return _failed(outcome["problem"], code=130 if outcome.get("cancelled") else 1)
    print(f"{chosen.node}: result {outcome['result']}")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="vcnode_bake.py", description="Colour the range of a VCNode in Natron.")
    parser.add_argument("--project", required=True, help="the saved project (.ntp)")
    parser.add_argument("--node", required=True, help="the node's full name, such as VCNode1 or Group1.VCNode1")
    parser.add_argument("--range", help="frames to colour, such as 1001-1120; the node's own where it is left out")
    parser.add_argument("--python", help="the worker's Python; the node's own, or VCNODE_PYTHON, where it is left out")
    parser.add_argument("--cache-dir", help="where results go; the node's own folder where it is left out")
    parser.add_argument("--save-as", help="save the project with the result under this name instead of its own")
    parser.add_argument(
        "--natron",
        default=os.environ.get("NATRON_RENDERER", "NatronRenderer"),
        help="NatronRenderer; the environment variable NATRON_RENDERER, or the one on the PATH, where it is left out",
    )
    return parser


def _task(chosen: argparse.Namespace) -> dict[str, str | None]:
    return {
        "project": _absolute(chosen.project),
        "node": chosen.node,
        "range": chosen.range,
        "python": chosen.python,
        "cache_dir": chosen.cache_dir and _absolute(chosen.cache_dir),
        "save_as": chosen.save_as and _absolute(chosen.save_as),
    }


def _absolute(path: str) -> str:
    return os.path.abspath(path).replace("\\", "/")


def _environment(task: str) -> dict[str, str]:
    """Ours, with the node's folder where Natron looks for nodes."""
    folders = [os.path.join(_HERE, "VCNode"), os.environ.get("NATRON_PLUGIN_PATH", "")]
    path = os.pathsep.join(each for each in folders if each)
    environment = dict(os.environ, VCNODE_BAKE=task, NATRON_PLUGIN_PATH=path)
    chosen = [os.environ.get(name) for name in ("LC_ALL", "LC_CTYPE", "LANG")]
    if next(filter(None, chosen), "C") in ("C", "POSIX"):
        environment["LC_ALL"] = "C.UTF-8"  # else Natron's Python finds no file with a letter beyond ASCII in its path
    return environment


def _run(command: list[str], environment: dict[str, str]) -> bool:
    """Run to the end; asked to stop, have Natron stop, which keeps finished frames; asked again, end it at once.

    Returns:
        Whether it was asked to stop.
    """
    process = subprocess.Popen(command, env=environment, stdin=subprocess.DEVNULL, start_new_session=True)
    asked: list[bool] = []

    def stop(*_: object) -> None:
        if asked:
            process.kill()
        else:
            process.terminate()
        asked.append(True)

    names = ("SIGINT", "SIGTERM", "SIGBREAK")  # the last is Windows' alone
    numbers = [getattr(signal, name) for name in names if hasattr(signal, name)]
    before = {number: signal.signal(number, stop) for number in numbers}
    try:
        process.wait()
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    return bool(asked)


def _failed(problem: str, code: int = 1) -> int:
    print(f"vcnode_bake: {problem}", file=sys.stderr)
    return code


if __name__ == "__main__":
    sys.exit(main())
