"""Starting a worker as a child process, which ends when this one does."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
import tempfile
from typing import Callable

from vcnode_client.connection import Connection
from vcnode_client.problems import ClientError

_TAIL = 12  # lines of the log that an artist is shown
_PATIENCE = 5.0  # seconds for a worker to end by itself before it is made to
_PYTHON_OF_HOST = ("PYTHONHOME", "PYTHONPATH", "PYTHONSTARTUP", "PYTHONEXECUTABLE", "__PYVENV_LAUNCHER__")
_LIBRARIES_OF_HOST = ("LD_LIBRARY_PATH", "LD_PRELOAD", "DYLD_LIBRARY_PATH", "DYLD_FRAMEWORK_PATH", "QT_PLUGIN_PATH")


def find_python(chosen: str) -> str:
    """The interpreter to start a worker with: the one chosen, or VCNODE_PYTHON's.

    Raises:
        ClientError: There is none, or it does not exist.
    """
    python = chosen.strip() or os.environ.get("VCNODE_PYTHON", "").strip()
    if not python:
        raise ClientError(
            "No Python is chosen for the worker: on the tab Worker, choose the one that has vcnode, "
            "or set the environment variable VCNODE_PYTHON."
        )
    found = shutil.which(os.path.expanduser(python))
    if found is None:
        raise ClientError(f"The worker's Python {python} does not exist or cannot be run: choose another.")
    return found


def start(python: str, log: str) -> tuple[Connection, Callable[[], None]]:
    """Start a worker that talks through its standard input and output.

    Args:
        python: The interpreter that has vcnode.
        log: File for its messages, begun anew; "" for one in the temporary folder.

    Returns:
        The connection, and what ends the worker.

    Raises:
        ClientError: The interpreter cannot be started, or the log not written.
    """
    log = log or os.path.join(tempfile.gettempdir(), f"vcnode-worker-{os.getpid()}.log")
    try:
        with open(log, "wb") as messages:
            process = subprocess.Popen(
                [python, "-m", "vcnode", "worker"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=messages,
                # Nothing is imported from the host's folder; the log is UTF-8 whatever the system's code page.
                env=dict(clean_environment(), PYTHONSAFEPATH="1", PYTHONIOENCODING="utf-8:backslashreplace"),
                creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),  # Windows: no console flashes up
            )
    except OSError as error:
        raise ClientError(f"The worker cannot be started with {python}: {error}.") from None
    assert process.stdin is not None
    assert process.stdout is not None
    connection = Connection(process.stdout, process.stdin, lambda: _how_it_ended(process, log))
    return connection, lambda: _end(process)


def clean_environment() -> dict[str, str]:
    """This process's environment without what a host sets for its own Python and its own libraries."""
    home = os.path.dirname(os.path.realpath(sys.executable)) if sys.executable else ""
    environment = {name: value for name, value in os.environ.items() if name not in _PYTHON_OF_HOST}
    for name in _LIBRARIES_OF_HOST:
        if name in environment and home:
            kept = [each for each in environment[name].split(os.pathsep) if not _is_inside(each, home)]
            environment[name] = os.pathsep.join(kept)
            if not environment[name]:
                del environment[name]
    return environment


def log_tail(log: str) -> str:
    """The last lines of a log, "" where there are none."""
    try:
        with open(log, "rb") as file:
            file.seek(0, os.SEEK_END)
            file.seek(max(0, file.tell() - 16384))
            lines = file.read().decode("utf-8", "replace").splitlines()
    except OSError:
        return ""
    return "\n".join([line for line in lines if line.strip()][-_TAIL:])


def _is_inside(path: str, folder: str) -> bool:
    return bool(path) and (os.path.realpath(path) + os.sep).startswith(folder + os.sep)


def _how_it_ended(process: subprocess.Popen[bytes], log: str) -> str:
    code: int | None = None
    with contextlib.suppress(subprocess.TimeoutExpired):
        code = process.wait(timeout=_PATIENCE)
    ended = "it closed its output" if code is None else f"it ended with code {code}"
    tail = log_tail(log)
    said = f"Its last words:\n{tail}" if tail else "It said nothing."
    return f"The worker is gone: {ended}. {said}\nIts log is {log}"


def _end(process: subprocess.Popen[bytes]) -> None:
    """Let a worker end, which it does when its input ends; make it, where it does not."""
    assert process.stdin is not None
    with contextlib.suppress(OSError):
        process.stdin.close()
    insistence: tuple[Callable[[], None], ...] = (process.terminate, process.kill)
    for insist in insistence:
        try:
            process.wait(timeout=_PATIENCE)
            return
        except subprocess.TimeoutExpired:
            insist()
    process.wait()
