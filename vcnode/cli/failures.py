"""How a command fails: one sentence, an exit code, and a report where nobody foresaw the failure."""

import json
import os
import platform
import sys
import time
import traceback
from pathlib import Path

import platformdirs

from vcnode import __version__
from vcnode.cli.messages import say
from vcnode.cli.parser import UsageError
from vcnode.errors import VcnodeError

INTERRUPTED = 130  # 128 + SIGINT, as shells have it


class Stopped(Exception):
    """The user or the system asked to stop; carries the exit code."""

    def __init__(self, message: str, code: int = INTERRUPTED) -> None:
        super().__init__(message)
        self.code = code


def report_failure(error: BaseException, *, as_json: bool, debug: bool) -> int:
    """Say what went wrong and return the exit code.

    Args:
        error: What ended the command; its notes are part of the sentence.
        as_json: Say it on stdout as an object instead of on stderr.
        debug: Print the traceback as well.
    """
    if isinstance(error, BrokenPipeError):  # whoever read our output has gone, as `head` does
        sys.stdout = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115 - Python flushes it at exit
        return 1
    if debug:
        traceback.print_exception(error, file=sys.stderr)
    parts = [_sentence(error), *getattr(error, "__notes__", [])]
    sentence = " ".join(part if part.endswith((".", "!", "?")) else f"{part}." for part in parts)
    if as_json:
        print(json.dumps({"error": sentence}), flush=True)
    else:
        say(sentence)
    if isinstance(error, Stopped):
        return error.code
    if isinstance(error, KeyboardInterrupt):
        return INTERRUPTED
    return 2 if isinstance(error, UsageError) else 1


def _sentence(error: BaseException) -> str:
    if isinstance(error, KeyboardInterrupt):
        return "Stopped, as asked."
    if isinstance(error, VcnodeError | UsageError | Stopped):
        return str(error)
    return (
        f"An unforeseen failure ended the command ({type(error).__name__}: {_one_line(error)}); {_report(error)}, "
        "please send it to the developers."
    )


def _one_line(error: BaseException) -> str:
    return " ".join(str(error).split())[:300] or "no message"


def _report(error: BaseException) -> str:
    """Write the full report and say where it is."""
    folder = Path(platformdirs.user_log_dir("vcnode", appauthor=False))
    path = folder / f"failure-{time.strftime('%Y%m%d-%H%M%S')}-{os.getpid()}.log"
    torch = getattr(sys.modules.get("torch"), "__version__", "not imported")
    lines = [
        f"vcnode {__version__}, torch {torch}, Python {platform.python_version()}, {platform.platform()}",
        f"arguments: {sys.argv[1:]}",
        *traceback.format_exception(error),
    ]
    try:
        folder.mkdir(parents=True, exist_ok=True)
        path.write_text("\n".join(lines), encoding="utf-8")
    except OSError:
        return "run it again with --debug for the full report"
    return f"the full report is in {path}"
