"""The worker of a farm session: a process of its own that outlives the action which started it."""

import json
import os
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

from vcnode.errors import VcnodeError
from vcnode.worker.client import WorkerClient

_IDLE_MINUTES = 60  # should a session die without its end, the GPU is free again then
_LOG_BYTES = 20_000  # of a worker's log that are shown at its end

# Windows: no console, and no part in the signals of the action's process group.
_DETACHED = getattr(subprocess, "DETACHED_PROCESS", 0) | getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0)


def begin_worker(folder: Path) -> None:
    """Start a worker and note in the session's folder how to reach it.

    Raises:
        VcnodeError: It did not start.
    """
    with _log(folder).open("ab") as log:
        worker = subprocess.Popen(
            [sys.executable, "-P", "-m", "vcnode", "worker", "--tcp=127.0.0.1:0", f"--idle-minutes={_IDLE_MINUTES}"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=log,
            start_new_session=True,
            creationflags=_DETACHED,
        )
    assert worker.stdout is not None
    with worker.stdout:
        hello = worker.stdout.readline()
    if not hello:
        raise VcnodeError(f"The worker did not start. {log_tail(folder)}")
    # The token is for this user alone.
    note = os.open(_note(folder), os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(note, "wb") as file:
        file.write(hello)


def connect(folder: Path) -> WorkerClient:
    """Reach the session's worker; one that has died, as for want of memory, is started again.

    Raises:
        VcnodeError: There is none, and none can be started.
    """
    with suppress(VcnodeError):
        return _connect(folder)
    begin_worker(folder)
    return _connect(folder)


def end_worker(folder: Path) -> str:
    """End the session's worker; returns what it logged."""
    with suppress(VcnodeError), _connect(folder) as client:
        client.send(type="shutdown")
        while client.receive()["type"] != "error":  # until it is gone; it stays where somebody else has jobs
            pass
    return log_tail(folder)


def log_tail(folder: Path) -> str:
    """The end of the worker's log."""
    try:
        return _log(folder).read_bytes()[-_LOG_BYTES:].decode("utf-8", "replace")
    except OSError:
        return ""


def _connect(folder: Path) -> WorkerClient:
    try:
        hello = json.loads(_note(folder).read_text("utf-8"))
        return WorkerClient(int(hello["port"]), str(hello["token"]))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise VcnodeError(f"{_note(folder)} does not say how to reach a worker: begin a session first.") from error


def _note(folder: Path) -> Path:
    return folder / "vcnode_worker.json"


def _log(folder: Path) -> Path:
    return folder / "vcnode_worker.log"
