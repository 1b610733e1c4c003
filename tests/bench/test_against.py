import os
import shlex
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from vcnode.bench import Case, Comparison, ProgramTiming, Rival
from vcnode.bench.against import write_frames
from vcnode.bench.child import ChildRun
from vcnode.errors import InputError
from vcnode.media import read_image

CASE = Case(96, 64, 64)
COPY = """
import shutil, sys
from pathlib import Path
frames, reference, output, name = map(Path, sys.argv[1:5])
assert reference.is_file()
for path in frames.iterdir():
    shutil.copy(path, output / path.name)
with name.open("a") as log:
    print(*sys.argv[5:], file=log)
"""


@pytest.fixture
def copier(tmp_path):
    """A program that copies the frames and notes what else it was given."""
    script = tmp_path / "copy frames.py"
    script.write_text(COPY)
    return script


def quote(text):
    return subprocess.list2cmdline([text]) if os.name == "nt" else shlex.quote(text)


def command(script, log):
    quoted = " ".join(quote(str(part)) for part in (sys.executable, script))
    return f"{quoted} {{frames}} {{reference}} {{output}} {quote(str(log))} {{count}} {{width}} {{height}}"


def ours(tmp_path):
    """The fastest program of all; it has the paths last."""
    script = tmp_path / "ours.py"
    script.write_text("import shutil, sys; shutil.copytree(sys.argv[1], sys.argv[3], dirs_exist_ok=True)")
    return [sys.executable, str(script)]


def test_both_programs_get_the_same_pictures_in_turns(copier, tmp_path):
    log, told = tmp_path / "log", []
    found = Rival(command(copier, log), (1, 3), rounds=2).compare(CASE, ours(tmp_path), {}, on_run=told.append)
    assert log.read_text().split("\n") == ["1 96 64", "3 96 64"] * 2 + [""]
    assert [what.split(",")[0] for what in told] == ["vcnode", "the other program"] * 4
    assert (found.counts, found.rounds) == ((1, 3), 2)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("run {frames}", "needs the frames' folder and the output's"),
        ("run {frames} {output} {colour}", r"names \{colour\}"),
    ],
)
def test_what_a_command_must_name_is_said(text, sentence):
    with pytest.raises(InputError, match=sentence):
        Rival(text)


@pytest.mark.parametrize(("counts", "rounds"), [((2, 2), 1), ((0, 2), 1), ((1, 2), 0)])
def test_numbers_that_compare_nothing_are_refused(counts, rounds):
    with pytest.raises(InputError, match="cannot be compared"):
        Rival("run {frames} {output}", counts, rounds)


def test_a_program_that_writes_nothing_is_not_called_fast(tmp_path):
    idle = f"{quote(sys.executable)} -c pass {{frames}} {{output}}"
    with pytest.raises(InputError, match="wrote 0 files"):
        Rival(idle, (1, 2), 1).compare(CASE, ours(tmp_path), {})


def test_starting_is_left_out():
    few = [ChildRun(12.0, 20.0, 5), ChildRun(11.0, 19.0, 7)]
    many = [ChildRun(15.0, 30.0, 9), ChildRun(14.0, 27.0, 8)]
    assert ProgramTiming.of(few, many, (2, 4)) == ProgramTiming(1.5, 4.0, 8.0, 9)


@pytest.mark.parametrize(("ours", "theirs", "ratio"), [(2.0, 6.0, 3.0), (2.0, None, None), (-0.1, 6.0, None)])
def test_only_what_was_measured_is_compared(ours, theirs, ratio):
    timings = [ProgramTiming(seconds or 0.0, seconds, 0.0, None) for seconds in (ours, theirs)]
    found = Comparison(CASE, "other", (1, 2), 1, *timings)
    assert found.less_processor == found.faster == ratio
    assert found.less_memory is None


def test_what_a_system_does_not_tell_stays_open():
    timing = ProgramTiming.of([ChildRun(2.0, None, None)], [ChildRun(3.0, None, None)], (1, 2))
    assert (timing.cpu_seconds, timing.memory) == (None, None)


def test_frames_are_gray_numbered_and_move(tmp_path: Path):
    write_frames(tmp_path / "frames", CASE, 2)
    first, second = (read_image(tmp_path / "frames" / f"{number:05d}.png").rgb for number in range(2))
    assert first.shape == (64, 96, 3)
    assert np.ptp(first, axis=2).max() == 0
    assert np.abs(first - second).mean() > 0.01
