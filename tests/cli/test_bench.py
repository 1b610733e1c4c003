"""`vcnode bench` as people run it."""

import json
import os
import shlex
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from vcnode.bench.child import ChildRun
from vcnode.cli import main

PLACES = ("frames", "output")
COPY = "import shutil, sys; shutil.copytree(sys.argv[1], sys.argv[2], dirs_exist_ok=True)"


@pytest.fixture
def bench(weights: Path) -> Callable[..., int]:
    """Run the command in this process."""

    def run(*arguments: object) -> int:
        fixed = ["--model", str(weights), "--device", "cpu", "--sizes", "96x64", "--repeats", "1"]
        return main(["bench", *fixed, *map(str, arguments)])

    return run


def test_tables_go_to_stdout_and_figures_to_a_file(
    bench: Callable[..., int], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    threads = torch.get_num_threads()
    assert bench("--json", tmp_path / "new" / "figures.json", "--threads", 1, "--look-ahead", 2) == 0
    out, err = capsys.readouterr()
    assert "whole frame" in out
    assert "Traceback" not in err
    read = json.loads((tmp_path / "new" / "figures.json").read_text(encoding="utf-8"))
    assert (read["threads"], read["look_ahead"], [case["size"] for case in read["cases"]]) == (1, 2, ["96x64"])
    assert torch.get_num_threads() == threads


def test_another_program_is_timed_on_the_same_pictures(
    bench: Callable[..., int], tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    root = str(Path(__file__).parents[2])
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([root, *filter(None, [os.environ.get("PYTHONPATH")])]))
    other = f"{shlex.quote(sys.executable)} -c {shlex.quote(COPY)} {{frames}} {{output}}"
    figures = tmp_path / "figures.json"
    line = ("--against", other, "--against-frames", 1, 2, "--rounds", 1, "--json", figures)
    assert bench(*line) == 0, capsys.readouterr().err
    assert "96x64, beside " in capsys.readouterr().out
    (comparison,) = json.loads(figures.read_text(encoding="utf-8"))["comparisons"]
    assert comparison["frames"] == [1, 2]
    assert comparison["rounds"] == 1
    for program in ("ours", "theirs"):
        assert comparison[program].keys() == {"seconds", "cpu_seconds", "startup", "memory"}
    assert {"faster", "less_processor", "less_memory"} < comparison.keys()


def test_both_programs_get_as_many_threads(
    bench: Callable[..., int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = []

    def run_child(command: list[str], environment: dict[str, str], cancelled: object) -> ChildRun:
        seen.append((command, environment))
        frames, output = (next(Path(part) for part in command if name in Path(part).name) for name in PLACES)
        for path in frames.iterdir():
            (output / path.name).touch()
        return ChildRun(float(len(list(frames.iterdir()))), None, None)

    monkeypatch.setattr("vcnode.bench.against.run_child", run_child)
    other = "other {frames} {output} {reference}"
    assert bench("--threads", 3, "--against", other, "--against-frames", 1, 2, "--rounds", 1) == 0
    assert len(seen) == 4
    assert all(environment == {"OMP_NUM_THREADS": "3", "MKL_NUM_THREADS": "3"} for _, environment in seen)
    ours = [part for part in seen[0][0] if part.startswith("--")]
    assert ours == ["--model", "--device", "--precision", "--look-ahead", "--size"]


@pytest.mark.parametrize(
    ("arguments", "sentence", "code"),
    [
        (["--sizes", "64"], "WIDTHxHEIGHT", 2),
        (["--threads", "0"], "give 1 or more", 2),
        (["--repeats", "0"], "give 1 or more", 1),
        (["--against", "other"], "does not name {frames}", 1),
        (["--against", "no-such-program {frames} {output}"], "cannot be started", 1),
        (["--model", "no-such-model"], "no-such-model", 1),
        (["--json", "FOLDER"], "is a folder", 1),
    ],
)
def test_what_cannot_be_done_is_one_sentence(
    bench: Callable[..., int],
    tmp_path: Path,
    arguments: list[str],
    sentence: str,
    code: int,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("vcnode.bench.benchmark.sys.executable", "no-such-program")
    assert bench(*(each.replace("FOLDER", str(tmp_path)) for each in arguments)) == code
    out, err = capsys.readouterr()
    assert sentence in err
    assert "Traceback" not in err
    assert not out
