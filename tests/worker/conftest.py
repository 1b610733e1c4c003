import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from rendering.films import luma, write_pictures, write_reference

from worker.worker_process import WorkerProcess

FIRST = 1001
FRAMES = 8


@pytest.fixture(scope="session")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a sequence and a reference, to be copied."""
    folder = tmp_path_factory.mktemp("plates")
    write_pictures(folder / "in", luma(FRAMES), first=FIRST)
    write_reference(folder / "reference.png")
    return folder


@pytest.fixture
def plates(pictures: Path, tmp_path: Path) -> Path:
    """The same, for one test to spoil."""
    return Path(shutil.copytree(pictures, tmp_path / "plates"))


@pytest.fixture
def job(plates: Path, tmp_path: Path) -> dict[str, Any]:
    """A job that works; tests change one thing of it."""
    return {
        "clip": "sh010",
        "frames": {"pattern": str(plates / "in" / "in.%04d.png"), "first": FIRST, "last": FIRST + FRAMES - 1},
        "references": [{"file": str(plates / "reference.png")}],
        "options": {"model": "lite", "device": "cpu", "working_size": 64},
        "output": {"pattern": str(tmp_path / "out" / "out.%04d.png"), "depth": 8},
    }


def lasting(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WorkerProcess]:
    worker = WorkerProcess(log=tmp_path_factory.mktemp("log") / "worker.log")
    yield worker
    assert worker.end() == 0


# Two workers for all tests that leave them alive: each takes seconds to start.
shared = pytest.fixture(lasting, scope="session", name="shared")
second = pytest.fixture(lasting, scope="session", name="second")


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., WorkerProcess]]:
    """Workers of a test's own, ended with it."""
    workers: list[WorkerProcess] = []

    def start(*arguments: str) -> WorkerProcess:
        workers.append(WorkerProcess(*arguments, log=tmp_path / f"worker{len(workers)}.log"))
        return workers[-1]

    yield start
    for worker in workers:
        worker.kill()
