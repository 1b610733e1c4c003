"""Signals and sudden death, with the program in a process of its own."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from rendering.films import luma, planes, same_film, write_film

from cli.conftest import command
from vcnode.cli import main
from vcnode.cli.stopping import StopRequest, stop_request

needs_signals = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such signals for other processes")
FRAMES = 110  # two stretches of 50 and a rest


@pytest.fixture
def long_film(arguments: dict[str, Any], tmp_path: Path) -> dict[str, Any]:
    return arguments | {"INPUT": write_film(tmp_path / "long.mkv", luma(FRAMES))}


def started(arguments: dict[str, Any]) -> subprocess.Popen[str]:
    root = Path(__file__).parents[2]
    path = os.pathsep.join([str(root), *filter(None, [os.environ.get("PYTHONPATH")])])
    return subprocess.Popen(
        [sys.executable, "-m", "vcnode", *command(arguments | {"--json": True})],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": path},
    )


def wait_for(condition: Callable[[], bool], process: subprocess.Popen[str]) -> None:
    while not condition():
        assert process.poll() is None, process.communicate()
        time.sleep(0.01)


def finished_as_if_never_stopped(arguments: dict[str, Any], tmp_path: Path) -> bool:
    assert main(command(arguments)) == 0
    assert main(command(arguments | {"--output": tmp_path / "straight.mkv"})) == 0
    return same_film(tmp_path / "out.mkv", tmp_path / "straight.mkv")


@needs_signals
@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_keeps_the_finished_frames(
    long_film: dict[str, Any], tmp_path: Path, number: signal.Signals, code: int
) -> None:
    process = started(long_film)
    assert process.stdout is not None
    while json.loads(process.stdout.readline())["event"] != "progress":
        pass
    process.send_signal(number)
    out, err = process.communicate()
    assert process.returncode == code
    told = json.loads(out.splitlines()[-1])["error"]
    assert told.startswith("Stopped before frame")
    assert f"{tmp_path / 'out.partial.mkv'}; the same command goes on from there" in told
    assert "Traceback" not in err
    assert 0 < len(planes(tmp_path / "out.partial.mkv")) < FRAMES
    assert not (tmp_path / "out.mkv").exists()


@needs_signals
def test_a_killed_render_is_resumed_and_equals_an_uninterrupted_one(
    long_film: dict[str, Any], tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    process = started(long_film)
    wait_for((tmp_path / ".out.mkv.part" / "segment_00000000.json").exists, process)
    process.kill()
    process.communicate()
    assert not (tmp_path / "out.mkv").exists()
    assert finished_as_if_never_stopped(long_film, tmp_path)
    assert "resuming at frame 50" in capsys.readouterr().err


@needs_signals
def test_a_signal_before_work_begins_ends_at_once() -> None:
    with stop_request() as request:
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
        assert request.exit_code == 130


def test_while_somebody_asks_the_first_signal_is_noted_and_the_second_interrupts() -> None:
    request = StopRequest()
    assert not request.asked()
    request.receive(signal.SIGTERM, None)
    assert request.asked()
    assert request.exit_code == 143
    with pytest.raises(KeyboardInterrupt):
        request.receive(signal.SIGINT, None)


def test_handlers_are_put_back() -> None:
    before = signal.getsignal(signal.SIGINT)
    with stop_request():
        assert signal.getsignal(signal.SIGINT) is not before
    assert signal.getsignal(signal.SIGINT) is before


@pytest.mark.parametrize("module", ["torch", "yaml"])
def test_ctrl_c_while_libraries_are_imported_is_one_line(tmp_path: Path, module: str) -> None:
    (tmp_path / f"{module}.py").write_text("raise KeyboardInterrupt")
    path = os.pathsep.join([str(tmp_path), str(Path(__file__).parents[2])])
    for arguments in (["models", "list"], ["--help"], ["colorize", "film.mkv"]):
        line = [sys.executable, "-m", "vcnode", *arguments]
        done = subprocess.run(line, capture_output=True, text=True, env=os.environ | {"PYTHONPATH": path}, check=False)
        assert (done.returncode, done.stdout, done.stderr) == (130, "", "vcnode: Stopped, as asked.\n")
