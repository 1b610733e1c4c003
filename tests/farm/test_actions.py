"""What a job's actions do, with a worker in this process."""

import json
import os
import threading
from pathlib import Path

import pytest
from rendering.films import read_pictures

from vcnode.errors import VcnodeError
from vcnode.farm.__main__ import main
from vcnode.farm.session import begin_worker, connect, end_worker
from vcnode.worker import JobQueue, TcpServer


@pytest.fixture
def session(tmp_path):
    """A session's folder with a worker that is reached as one in a process of its own."""
    folder = tmp_path / "session"
    folder.mkdir()
    jobs = JobQueue()
    server = TcpServer(("127.0.0.1", 0), jobs)
    (folder / "vcnode_worker.json").write_text(json.dumps(server.hello()))
    thread = threading.Thread(target=server.serve)
    thread.start()
    yield folder
    jobs.stop()
    thread.join(60)
    assert not thread.is_alive()


def arguments(job, session, number, **changes):
    named = {
        "number": number,
        "shots": job.shots,
        "source-folder": job.source.parent,
        "source-name": job.source.name,
        "target-folder": job.target.parent,
        "target-name": job.target.name,
        "model": "lite",
        "device": "cpu",
        "encoding": "default",
        "confidence": "no",
        "direction": "both",
        **changes,
    }
    return ["shot", str(session), *(f"--{name}={value}" for name, value in named.items())]


def test_a_shot_is_coloured_and_told_of(job, session, capsys):
    assert main(arguments(job, session, 1)) == 0
    said = capsys.readouterr().out
    assert "openjd_progress: 25.0" in said
    assert "openjd_progress: 100.0" in said
    assert "openjd_status: frame 1004" in said
    frames = read_pictures(job.target.parent, "out")
    assert len(frames) == 4
    assert [bool((frame[..., 0] != frame[..., 2]).any()) for frame in frames] == [False, True, True, False]


def test_names_may_be_long(job, session, capsys):
    assert main(arguments(job, session, 1, **{"target-name": f"{'x' * 201}.####.png"})) == 0, capsys.readouterr().out
    assert len(list(job.target.parent.glob("x*.png"))) == 4


def test_folders_may_climb(job, session, capsys):
    above = f"{job.source.parent}/../in"
    assert main(arguments(job, session, 1, **{"source-folder": above, "target-folder": f"{above}/../out"})) == 0
    assert len(read_pictures(job.target.parent, "out")) == 4


def test_a_shot_that_is_done_is_not_done_again(job, session, capsys):
    assert main(arguments(job, session, 2)) == 0
    said = capsys.readouterr().out
    assert "openjd_status: frame 1005, backward\n" in said
    assert "None" not in said
    assert main(arguments(job, session, 2)) == 0
    assert "0 frames made, 3 in" in capsys.readouterr().out


def test_a_shot_that_cannot_be_coloured_fails_with_every_reason(job, session, capsys):
    assert main(arguments(job, session, 1, model="lita", confidence="yes")) == 1
    said = capsys.readouterr().out
    assert "openjd_fail: " in said
    assert "options.model" in said
    assert "output.confidence" in said
    assert main(arguments(job, session, 9)) == 1
    assert "openjd_fail: There is no shot 9" in capsys.readouterr().out


def test_the_end_ends_the_worker(session):
    end_worker(session)
    with pytest.raises(VcnodeError, match="No worker"):
        _connect_without_starting(session)
    assert end_worker(session) == ""  # ended already


def test_a_worker_imports_nothing_from_the_folder_that_it_is_begun_in(tmp_path, monkeypatch):
    for name in ("yaml.py", "vcnode.py"):
        (tmp_path / name).write_text("raise SystemExit('a file of the film was run')")
    monkeypatch.chdir(tmp_path)
    paths = (str(Path(__file__).parents[2]), os.environ.get("PYTHONPATH"))
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(filter(None, paths)))
    begin_worker(tmp_path)
    with connect(tmp_path):
        pass
    assert "was run" not in end_worker(tmp_path)


def _connect_without_starting(session):
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("vcnode.farm.session.begin_worker", lambda folder: None)
        connect(session)


def test_a_session_that_was_never_begun_says_so(tmp_path):
    with pytest.raises(VcnodeError, match="begin a session"):
        _connect_without_starting(tmp_path)
