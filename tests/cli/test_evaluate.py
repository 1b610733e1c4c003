"""`vcnode evaluate` as people run it."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from evaluation.conftest import frames, write_frames, write_video

from vcnode.cli import main

pytest.importorskip("cv2", reason="flow needs the extra 'evaluate'")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two clips in colour and one in gray."""
    for number, name in enumerate(("first", "second")):
        write_frames(tmp_path / "clips" / name, frames(3, seed=number))
    write_frames(tmp_path / "clips" / "old", frames(3, color=False))
    return tmp_path / "clips"


@pytest.fixture
def evaluate(weights: Path) -> Callable[..., int]:
    """Run the command in this process."""

    def run(*arguments: object) -> int:
        return main(["evaluate", *map(str, arguments), "--model", str(weights), "--device", "cpu"])

    return run


def test_the_table_goes_to_stdout_and_everything_else_to_stderr_and_files(
    evaluate: Callable[..., int], folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    figures, page = tmp_path / "out" / "figures.json", tmp_path / "page.html"
    assert evaluate(folder, "--json", figures, "--html", page, "--protocol", "all") == 0
    out, err = capsys.readouterr()
    assert "untrained composition" in out
    assert "left out of first-frame: old" in out
    assert "old is left out of first-frame: it is gray" in err
    assert "first (first-frame): vcnode" in err
    read = json.loads(figures.read_text(encoding="utf-8"))
    assert read["status"] == "complete"
    assert {(row["clip"], row["protocol"]) for row in read["clips"]} == {
        (clip, protocol) for clip in ("first", "second") for protocol in ("first-frame", "other-scene")
    }
    assert page.read_text(encoding="utf-8").startswith("<!doctype html>")


def test_options_reach_the_run(
    evaluate: Callable[..., int], folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    figures = tmp_path / "figures.json"
    chosen = ["--size", "working", "--gray", "luma", "--clips", "second"]
    assert evaluate(folder, "--json", figures, "--quick", "--frames", 2, *chosen) == 0
    read = json.loads(figures.read_text(encoding="utf-8"))
    assert [(row["clip"], row["frames"]) for row in read["clips"]] == [("second", 1)]
    assert "(1 clip, 1 frame)" in capsys.readouterr().out
    assert read["summary"]["options"] == {
        "protocols": ["first-frame"],
        "frames": 2,
        "size": "working",
        "gray": "luma",
        "quick": True,
        "baselines": True,
        "lpips": None,
        "label": "tiny.safetensors",
    }


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["CLIPS", "--clips", "old"], "No clip can be scored (old: it is gray"),
        (["CLIPS", "--clips", "third"], "has no clip 'third'"),
        (["CLIPS", "--frames", "1"], "give 2 or more"),
        (["CLIPS/nowhere"], "cannot be read"),
        (["CLIPS", "--json", "CLIPS"], "is a folder"),
        (["CLIPS", "--lpips", "CLIPS/none.safetensors"], "does not exist"),
    ],
)
def test_what_cannot_be_done_is_one_sentence(
    evaluate: Callable[..., int],
    folder: Path,
    arguments: list[str],
    sentence: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert evaluate(*(each.replace("CLIPS", str(folder)) for each in arguments)) == 1
    out, err = capsys.readouterr()
    assert sentence in err
    assert "Traceback" not in err
    assert not out


def test_reports_replace_neither_each_other_nor_an_input(
    evaluate: Callable[..., int], folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    report, film = tmp_path / "report", write_video(folder / "film.mkv", frames(3))
    assert evaluate(folder, "--json", report, "--html", folder / ".." / "report") == 2
    assert f"--json and --html both name {folder / '..' / 'report'}" in capsys.readouterr().err
    before = film.read_bytes()
    assert evaluate(folder, "--html", film) == 1
    assert f"{film} is an input" in capsys.readouterr().err
    assert film.read_bytes() == before
    assert not report.exists()


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such signals for other processes")
def test_a_signal_keeps_the_finished_clips_and_the_file_says_so(weights: Path, tmp_path: Path) -> None:
    write_frames(tmp_path / "clips" / "a_short", frames(2))
    write_frames(tmp_path / "clips" / "b_long", frames(200))
    figures, root = tmp_path / "figures.json", Path(__file__).parents[2]
    path = os.pathsep.join([str(root), *filter(None, [os.environ.get("PYTHONPATH")])])
    process = subprocess.Popen(
        [
            *(sys.executable, "-m", "vcnode", "evaluate", str(tmp_path / "clips"), "--quick"),
            *("--json", str(figures), "--model", str(weights), "--device", "cpu"),
        ],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": path},
    )
    while not figures.is_file():
        assert process.poll() is None, process.communicate()
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate()
    assert process.returncode == 130
    read = json.loads(figures.read_text(encoding="utf-8"))
    assert read["status"] == "interrupted"
    assert [row["clip"] for row in read["clips"]] == ["a_short"]
    assert "Interrupted" in out
    assert "1 clip finished" in err
