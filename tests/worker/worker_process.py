"""A real worker process, talked to as a host does it."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).parents[2]


def environment() -> dict[str, str]:
    """So that the worker is the one of this checkout."""
    paths = [str(REPOSITORY), *filter(None, [os.environ.get("PYTHONPATH")])]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(paths), "OMP_NUM_THREADS": "1"}


class WorkerProcess:
    """Started with pipes; a test reads and writes messages."""

    def __init__(self, *arguments: str, log: Path) -> None:
        self.log = log
        with log.open("wb") as stderr:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "vcnode", "worker", *arguments],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=stderr,
                env=environment(),
            )
        self.hello = self.read()

    def send(self, **message: Any) -> None:
        self.send_bytes(json.dumps(message).encode() + b"\n")

    def send_bytes(self, data: bytes) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(data)
        self.process.stdin.flush()

    def read(self) -> dict[str, Any]:
        """The next message; fails with the worker's log where there is none."""
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert line.endswith(b"\n"), self.log.read_text()
        message: dict[str, Any] = json.loads(line)
        return message

    def ask(self, **message: Any) -> dict[str, Any]:
        self.send(**message)
        return self.read()

    def messages(self, identifier: str) -> Iterator[dict[str, Any]]:
        """What it says of a job from now on, up to its end."""
        while True:
            message = self.read()
            assert message.get("id") == identifier, message
            yield message
            if message["type"] not in ("accepted", "progress"):
                return

    def run(self, job: dict[str, Any], identifier: str = "j") -> list[dict[str, Any]]:
        """Run a job to its end."""
        self.send(type="job", id=identifier, job=job)
        return list(self.messages(identifier))

    def start_and_reach(self, job: dict[str, Any], frames: int, identifier: str = "j") -> list[dict[str, Any]]:
        """Begin a job; return when so many of its frames are there."""
        self.send(type="job", id=identifier, job=job)
        seen = []
        for message in self.messages(identifier):
            seen.append(message)
            if message["type"] == "progress" and message["done"] >= frames:
                return seen
        raise AssertionError(seen)

    def end(self) -> int:
        """Close its stdin, as a dead host does, and wait for it."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.close()
        code = self.process.wait(60)
        self.process.stdout.close()
        return code

    def kill(self) -> None:
        self.process.kill()
        self.process.wait(60)
