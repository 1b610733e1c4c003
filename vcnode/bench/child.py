"""Running a program and watching what it takes."""

import os
import shlex
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import IO

from vcnode.bench.memory import peak_memory
from vcnode.errors import Cancelled, InputError

_LOOK = 0.02  # seconds between two looks at a program


@dataclass(frozen=True)
class ChildRun:
    """What one run of a program took.

    Attributes:
        seconds: From its start to its end.
        cpu_seconds: Processor time, all threads together; None where the system does not tell.
        memory: Greatest resident memory in bytes, up to a fiftieth of a second before its end; None as above.
    """

    seconds: float
    cpu_seconds: float | None
    memory: int | None


def run_child(
    command: Sequence[str], environment: Mapping[str, str], cancelled: Callable[[], bool] = lambda: False
) -> ChildRun:
    """Run a program to its end.

    Args:
        command: Program and arguments; no shell is involved.
        environment: Added to this process's own.
        cancelled: Asked now and then; True ends the program.

    Raises:
        InputError: It cannot be started, or fails.
        Cancelled: `cancelled` said so.
    """
    name = subprocess.list2cmdline(command) if os.name == "nt" else shlex.join(command)
    with tempfile.TemporaryFile() as output:
        began = time.perf_counter()
        try:
            child = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env={**os.environ, **environment},
            )
        except OSError as error:
            raise InputError(f"The program {name} cannot be started ({error}): check its name and path.") from error
        try:
            memory, cpu = _watch(child, cancelled)
            seconds = time.perf_counter() - began
        finally:
            if child.returncode is None:
                child.kill()
                child.wait()
        if child.returncode != 0:
            raise InputError(
                f"The program {name} failed with code {child.returncode} and said last: {_last_words(output)}"
            )
    return ChildRun(seconds, cpu, memory)


def _watch(child: "subprocess.Popen[bytes]", cancelled: Callable[[], bool]) -> tuple[int | None, float | None]:
    """Wait for a program's end; return its greatest memory and its processor time."""
    memory: int | None = None
    while True:
        if cancelled():
            raise Cancelled("Stopped while another program was running, as asked.")
        memory = max(memory or 0, peak_memory(child.pid) or 0) or None
        if os.name == "nt":
            if child.poll() is not None:
                return memory, None
        else:
            found, status, usage = os.wait4(child.pid, os.WNOHANG)
            if found:
                child.returncode = os.waitstatus_to_exitcode(status)
                return memory, usage.ru_utime + usage.ru_stime
        time.sleep(_LOOK)


def _last_words(output: IO[bytes]) -> str:
    output.seek(0)
    lines = output.read().decode("utf-8", "replace").split("\n")
    return " / ".join(line.strip() for line in lines if line.strip())[-400:] or "nothing"
