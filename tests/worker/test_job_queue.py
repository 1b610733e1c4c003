"""Who ends what, in this process: a conversation over pipes of its own."""

import json
import os
import threading

import pytest

from vcnode.worker import JobQueue, Pipes, serve_stdio


class Host:
    """Talks to a worker that runs in a thread."""

    def __init__(self):
        self.jobs = JobQueue()
        incoming, self.outgoing = os.pipe()
        answers, outgoing = os.pipe()
        self.answers = os.fdopen(answers, "rb")
        pipes = Pipes(lambda size: os.read(incoming, size), lambda data: os.write(outgoing, data))

        def work():
            serve_stdio(pipes, self.jobs)
            os.close(outgoing)

        self.worker = threading.Thread(target=work)
        self.worker.start()
        self.read()

    def send(self, **message):
        os.write(self.outgoing, json.dumps(message).encode() + b"\n")

    def read(self):
        return json.loads(self.answers.readline() or "{}")

    def wait_for(self, kind):
        while (message := self.read())["type"] != kind:
            assert message["type"] in ("accepted", "progress")
        return message

    def has_ended(self):
        self.worker.join(60)
        return not self.worker.is_alive()


@pytest.fixture
def host():
    host = Host()
    yield host
    host.jobs.stop()
    assert host.has_ended()


def elsewhere(job, folder):
    return {**job, "output": {"pattern": str(folder / "out.%04d.png"), "depth": 8}}


def test_quit_cancels_what_runs_and_what_waits(host, job, tmp_path):
    host.send(type="job", id="a", job=job)
    host.wait_for("progress")
    host.send(type="job", id="b", job=elsewhere(job, tmp_path / "b"))
    host.send(type="quit")
    endings = {}
    while len(endings) < 2:
        message = host.read()
        assert message, endings
        if message["type"] in ("done", "cancelled"):
            endings[message["id"]] = message["type"]
    assert endings["b"] == "cancelled"
    assert host.has_ended()
    assert not (tmp_path / "b").exists()


def test_jobs_run_in_the_order_they_came(host, job, tmp_path):
    for name in ("a", "b", "c"):
        host.send(type="job", id=name, job=elsewhere(job, tmp_path / name))
    assert [host.wait_for("done")["id"] for _ in range(3)] == ["a", "b", "c"]


def test_an_id_under_way_and_frames_being_written_are_problems_of_their_fields(host, job, tmp_path):
    host.send(type="job", id="writing", job=job)
    host.wait_for("progress")
    fields = []
    for identifier, other in (("writing", elsewhere(job, tmp_path / "b")), ("b", job)):
        host.send(type="job", id=identifier, job=other)
        while (message := host.read())["type"] != "rejected":
            assert message["type"] in ("progress", "done"), message
        fields += [problem["field"] for problem in message["problems"]]
    assert fields == ["id", "output.pattern"]


def test_a_job_that_fails_unforeseen_leaves_the_worker_alive(host, job, monkeypatch):
    def break_down(*arguments, **options):
        raise ZeroDivisionError("one divided by none")

    with monkeypatch.context() as patched:
        patched.setattr("vcnode.worker.running.render", break_down)
        host.send(type="job", id="a", job=job)
        failed = host.wait_for("failed")
    assert "ZeroDivisionError" in failed["problem"]
    host.send(type="job", id="a", job=job)
    assert host.wait_for("done")["rendered"] == 8
