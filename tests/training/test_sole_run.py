"""Two processes that train in one folder."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from training.runs import settings, trainer
from vcnode.errors import InputError
from vcnode.training.sole_run import sole_run

ROOT = Path(__file__).parents[2]
TRAINING = """
import os, sys, time
from pathlib import Path
from vcnode.training.sole_run import sole_run

with sole_run(Path(sys.argv[1])):
    helper = os.fork() if hasattr(os, "fork") else None
    if helper != 0:
        print(helper, flush=True)
    time.sleep(600)
"""


@pytest.fixture
def other(tmp_path):
    """A process that trains in the folder, and one that reads pictures for it, as systems that fork have it."""
    path = os.pathsep.join([str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])])
    process = subprocess.Popen(
        [sys.executable, "-c", TRAINING, str(tmp_path)], stdout=subprocess.PIPE, env=os.environ | {"PYTHONPATH": path}
    )
    helper = process.stdout.readline().strip()
    yield process
    process.kill()
    if helper != b"None":
        os.kill(int(helper), signal.SIGKILL)
    process.communicate()


def test_a_second_run_in_a_folder_is_refused_and_changes_nothing(tmp_path, other):
    (tmp_path / "log.jsonl").write_text('{"step": 1}\n')
    (tmp_path / ".lite.safetensors.0f.tmp").write_bytes(b"half")  # what the other process is writing
    before = sorted(tmp_path.iterdir())
    with pytest.raises(InputError, match=r"Another process is training in .* now: wait until it has ended, or give"):
        trainer(settings(), tmp_path).run()
    assert sorted(tmp_path.iterdir()) == before
    assert (tmp_path / "log.jsonl").read_text() == '{"step": 1}\n'


def test_a_killed_runs_folder_is_free_at_once(tmp_path, other):
    with pytest.raises(InputError), sole_run(tmp_path):
        pass
    other.kill()
    other.wait()
    with sole_run(tmp_path):  # though what it forked still lives
        pass


def test_a_run_that_ended_leaves_its_folder_to_the_next(tmp_path):
    config = settings({"optimization": {"steps": 1}})
    trainer(config, tmp_path).run()
    trainer(config, tmp_path, resume=True).run()


def test_a_disk_that_knows_no_locks_keeps_nobody_out(tmp_path, monkeypatch):
    def unknown(descriptor):
        raise OSError("no locks available")

    monkeypatch.setattr("vcnode.training.sole_run._lock", unknown)
    with sole_run(tmp_path / "new" / "run"):
        assert (tmp_path / "new" / "run").is_dir()
