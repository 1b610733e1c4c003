"""`vcnode bench` as people run it."""

import errno
import json
import os
import shlex
import subprocess
import sys
from collections.abc import Callable
from functools import partialmethod
from pathlib import Path
from typing import Any

import pytest
import torch

from vcnode.bench import Case
from vcnode.bench.child import ChildRun
from vcnode.bench.measure import CaseResult, measure_case
from vcnode.cli import main
from vcnode.errors import Cancelled, InputError

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
    run = [sys.executable, "-c", COPY]
    other = f"{subprocess.list2cmdline(run) if os.name == 'nt' else shlex.join(run)} {{frames}} {{output}}"
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


class Small:
    """Stands for programs: they write as many pictures as they are given, or fail at frames of some width."""

    def __init__(self, fails_at: int | None = None) -> None:
        self.fails_at = str(fails_at)
        self.seen: list[tuple[list[str], dict[str, str]]] = []

    def __call__(self, command: list[str], environment: dict[str, str], cancelled: object) -> ChildRun:
        self.seen.append((command, environment))
        if self.fails_at in command:
            raise InputError("The program other failed.")
        frames, output = (next(Path(part) for part in command if name in Path(part).name) for name in PLACES)
        for path in frames.iterdir():
            (output / path.name).touch()
        return ChildRun(float(len(list(frames.iterdir()))), None, None)


def test_both_programs_get_as_many_threads(
    bench: Callable[..., int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    programs = Small()
    monkeypatch.setattr("vcnode.bench.against.run_child", programs)
    other = "other {frames} {output} {reference}"
    assert bench("--threads", 3, "--against", other, "--against-frames", 1, 2, "--rounds", 1) == 0
    assert len(programs.seen) == 4
    assert all(environment == {"OMP_NUM_THREADS": "3", "MKL_NUM_THREADS": "3"} for _, environment in programs.seen)
    ours = [part for part in programs.seen[0][0] if part.startswith("--")]
    assert ours == ["--model", "--device", "--precision", "--look-ahead", "--size"]


def read(figures: Path) -> dict[str, Any]:
    values: dict[str, Any] = json.loads(figures.read_text(encoding="utf-8"))
    return values


def test_another_program_that_fails_at_a_later_size_loses_nothing_measured_before(
    bench: Callable[..., int], tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("vcnode.bench.against.run_child", Small(fails_at=128))
    other, figures = "other {frames} {output} {width}", tmp_path / "figures.json"
    line = ("--sizes", "96x64", "128x64", "--against", other, "--against-frames", 1, 2, "--rounds", 1)
    assert bench(*line, "--json", figures) == 1
    out, err = capsys.readouterr()
    assert "96x64, beside other" in out
    assert err == "vcnode: The program other failed. That was at the size 128x64.\n"
    found = read(figures)
    assert [each["size"] for each in found["comparisons"]] == ["96x64"]
    assert (found["cases"], found["peak"], found["complete"]) == ([], None, False)


@pytest.mark.parametrize(
    ("failure", "sentence", "code"),
    [
        (torch.OutOfMemoryError("tried to allocate 3 GiB"), "ran out of memory when 3072 MiB more were needed", 1),
        (Cancelled("Stopped before all was timed, as asked."), "Stopped before all was timed", 130),
        (InputError("It is so."), "It is so. That was at the size 128x64.", 1),
    ],
    ids=["memory", "stopped", "other"],
)
def test_a_later_size_that_fails_loses_nothing_measured_before(
    bench: Callable[..., int],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    failure: Exception,
    sentence: str,
    code: int,
) -> None:
    def measure(case: Case, *arguments: Any) -> CaseResult:
        if case.width == 128:
            raise failure
        return measure_case(case, *arguments)

    monkeypatch.setattr("vcnode.bench.benchmark.measure_case", measure)
    assert bench("--sizes", "128x64", "96x64", "--json", tmp_path / "figures.json") == code
    out, err = capsys.readouterr()
    assert "96x64: the network works at 96x64" in out
    assert sentence in err
    assert len(err.splitlines()) == 1
    found = read(tmp_path / "figures.json")
    assert [each["size"] for each in found["cases"]] == ["96x64"]
    assert not found["complete"]


def test_a_full_disk_costs_neither_the_file_before_nor_the_tables(
    bench: Callable[..., int], tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    figures = tmp_path / "figures.json"
    figures.write_text("before", encoding="utf-8")

    write = {name: getattr(Path, name) for name in ("write_text", "write_bytes")}

    def full(path: Path, *arguments: Any, name: str, **names: Any) -> Any:
        if path.parent != tmp_path:
            return write[name](path, *arguments, **names)
        path.open("w").close()
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    for name in write:
        monkeypatch.setattr(Path, name, partialmethod(full, name=name))
    assert bench("--json", figures) == 1
    out, err = capsys.readouterr()
    assert "whole frame" in out
    assert "figures.json cannot be written (No space left on device)" in err
    assert figures.read_text(encoding="utf-8") == "before"


@pytest.mark.parametrize(
    ("arguments", "sentence", "code"),
    [
        (["--sizes", "64"], "1920x1080@432; `vcnode bench --help`", 2),
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
