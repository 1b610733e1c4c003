"""One worker for several programs of a machine: the real process, over its loopback."""

import json
import socket
import threading
import time

import pytest
from rendering.films import luma, read_pictures, write_pictures

from vcnode.cli import main
from vcnode.errors import InputError, VcnodeError
from vcnode.worker import JobQueue, TcpServer, parse_address
from vcnode.worker.client import WorkerClient

from .conftest import FIRST, FRAMES
from .worker_process import WorkerProcess


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    worker = WorkerProcess("--debug", "--tcp", "127.0.0.1:0", log=tmp_path_factory.mktemp("log") / "tcp.log")
    yield worker
    with WorkerClient(worker.hello["port"], worker.hello["token"]) as client:
        client.send(type="shutdown")
        assert worker.process.wait(60) == 0
    worker.end()


@pytest.fixture
def connect(server):
    clients = []

    def connect():
        clients.append(WorkerClient(server.hello["port"], server.hello["token"]))
        return clients[-1]

    yield connect
    for client in clients:
        client.close()


@pytest.fixture
def long_job(job, tmp_path):
    write_pictures(tmp_path / "long", luma(40, height=64, width=64), first=FIRST)
    job["frames"] = {"pattern": str(tmp_path / "long" / "in.%04d.png"), "first": FIRST, "last": FIRST + 39}
    return job


def elsewhere(job, folder):
    return {**job, "output": {"pattern": str(folder / "out.%04d.png"), "depth": 8}}


def raw(server, *lines):
    """Say something without the client's manners; return all that comes back."""
    with socket.create_connection(("127.0.0.1", server.hello["port"])) as connection:
        connection.settimeout(60)
        connection.sendall(b"".join(lines))
        connection.shutdown(socket.SHUT_WR)
        answer = b""
        while piece := connection.recv(4096):
            answer += piece
    return [json.loads(line) for line in answer.splitlines()]


@pytest.mark.parametrize(
    "address",
    [
        "0.0.0.0:0",
        "192.168.1.7:5000",
        "[::]:0",
        "example.com:80",
        ":0",
        "5000",
        "127.0.0.1",
        "127.0.0.1:x",
        "[::1]:70000",
    ],
)
def test_an_address_that_others_could_reach_is_refused(address, capsys):
    with pytest.raises(InputError, match=r"\.$"):
        parse_address(address)
    assert main(["worker", "--tcp", address]) == 2
    assert "127.0.0.1" in capsys.readouterr().err


def test_loopback_is_read():
    assert parse_address("127.0.0.1:5000") == ("127.0.0.1", 5000)
    assert parse_address("localhost:0") == ("127.0.0.1", 0)
    assert parse_address("[::1]:80") == ("::1", 80)


def test_it_listens_on_loopback_alone(server):
    assert server.hello["port"] > 0
    assert len(bytes.fromhex(server.hello["token"])) == 32


@pytest.mark.parametrize(
    ("greeting", "sentence"),
    [
        (b'{"type": "hello", "protocol": 1, "token": "00"}\n', "token"),
        (b'{"type": "hello", "protocol": 1}\n', "token"),
        (b'{"type": "hello", "protocol": 1, "token": ["\\ud800"]}\n', "token"),
        (b'{"type": "hello", "protocol": 2, "token": "00"}\n', "version 1"),
        (b'{"type": "check"}\n', "first message"),
        (b"GET / HTTP/1.1\r\n\r\n", "no message"),
        (b"", "first message"),
    ],
)
def test_who_does_not_know_the_token_gets_nothing(server, greeting, sentence):
    (answer,) = raw(server, greeting, b'{"type": "check"}\n')[:1]
    assert answer["type"] == "error"
    assert sentence in answer["problem"]
    assert server.hello["token"] not in json.dumps(answer)
    assert len(raw(server, greeting, b'{"type": "check"}\n')) == 1


def test_the_client_says_why_it_is_refused(server):
    with pytest.raises(VcnodeError, match="token"):
        WorkerClient(server.hello["port"], "00")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with pytest.raises(VcnodeError, match="No worker"):
        WorkerClient(port, "00")


def test_a_second_client_waits_for_its_turn(connect, job, long_job, tmp_path):
    first, second = connect(), connect()
    running = first.run(long_job)
    assert [next(running)["type"] for _ in range(2)] == ["accepted", "progress"]
    waiting = second.run(elsewhere(job, tmp_path / "second"))
    assert next(waiting)["jobs_before"] == 1
    assert list(running)[-1]["type"] == "done"
    messages = list(waiting)
    assert {message["id"] for message in messages} == {"job"}
    assert messages[-1]["type"] == "done"
    assert len(read_pictures(tmp_path / "second", "out")) == 40


def test_each_client_has_its_own_jobs(connect, job, long_job, tmp_path):
    first, second = connect(), connect()
    running = first.run(long_job)
    assert [next(running)["type"] for _ in range(2)] == ["accepted", "progress"]
    second.send(type="cancel", id="job")
    assert second.receive()["type"] == "error"
    assert list(second.run(long_job))[-1]["type"] == "rejected"  # the same frames
    waiting = second.run(elsewhere(long_job, tmp_path / "second"))
    assert next(waiting)["type"] == "accepted"
    second.send(type="cancel", id="job")
    assert next(waiting) == {"type": "cancelled", "id": "job", "kept": 0}  # at once, not at its turn
    second.send(type="shutdown")
    assert "Others have jobs" in str(second.receive()["problem"])
    assert list(running)[-1]["type"] == "done"


def test_a_client_that_dies_leaves_its_frames_and_makes_room(connect, job, long_job, tmp_path):
    first, second = connect(), connect()
    running = first.run(long_job)
    assert [next(running)["type"] for _ in range(3)] == ["accepted", "progress", "progress"]
    first.close()
    job = elsewhere(job, tmp_path / "second") | {"frames": {**job["frames"], "last": FIRST + FRAMES - 1}}
    assert list(second.run(job))[-1]["type"] == "done"
    assert 2 <= len(read_pictures(tmp_path / "out", "out")) < 40


def test_quitting_leaves_the_worker_to_others(connect):
    first, second = connect(), connect()
    first.send(type="quit")
    with pytest.raises(VcnodeError, match="gone"):
        first.receive()
    second.send(type="check")
    assert second.receive()["type"] == "checked"


def test_the_model_stays_loaded(connect, job, tmp_path, server):
    client = connect()
    for number in range(2):
        assert list(client.run(elsewhere(job, tmp_path / str(number))))[-1]["type"] == "done"
    assert server.log.read_text().count("model lite on cpu") == 1


def test_a_worker_that_nobody_needs_ends():
    server = TcpServer(("127.0.0.1", 0), JobQueue(), idle_seconds=0.01)
    thread = threading.Thread(target=server.serve)
    thread.start()
    thread.join(60)
    assert not thread.is_alive()


def test_a_worker_that_is_ending_greets_nobody(monkeypatch):
    jobs = JobQueue()
    ending = threading.Event()
    monkeypatch.setattr(jobs, "run", lambda tick: ending.wait())  # as if its last job took long to end
    server = TcpServer(("127.0.0.1", 0), jobs)
    thread = threading.Thread(target=server.serve)
    thread.start()
    try:
        with WorkerClient(server.port, server.token):
            jobs.stop()
            with pytest.raises(VcnodeError, match="No worker answers"):
                WorkerClient(server.port, server.token)
    finally:
        ending.set()
        thread.join(60)
    assert not thread.is_alive()


def test_who_has_left_keeps_no_worker_alive(monkeypatch, job):
    """As a farm's task that was killed: its frame in flight is still being coloured when the session ends."""
    begun, left, ending = threading.Event(), threading.Event(), threading.Event()

    def run_plan(plan, models, send, cancelled):
        begun.set()
        while not cancelled():
            time.sleep(0.01)
        left.set()
        ending.wait(60)
        return {"type": "cancelled", "kept": 0}

    monkeypatch.setattr("vcnode.worker.job_queue.run_plan", run_plan)
    jobs = JobQueue()
    server = TcpServer(("127.0.0.1", 0), jobs)
    thread = threading.Thread(target=server.serve)
    thread.start()
    try:
        with WorkerClient(server.port, server.token) as killed:
            assert next(killed.run(job))["type"] == "accepted"
            assert begun.wait(60)
        assert left.wait(60)
        with WorkerClient(server.port, server.token) as client:
            client.send(type="shutdown")
            with pytest.raises(VcnodeError, match="gone"):
                client.receive()
    finally:
        ending.set()
        jobs.stop()
        thread.join(60)
    assert not thread.is_alive()


def test_a_port_that_is_taken_is_named(server):
    with pytest.raises(InputError, match=str(server.hello["port"])):
        TcpServer(("127.0.0.1", server.hello["port"]), JobQueue())


def test_idle_minutes_go_with_tcp(capsys):
    assert main(["worker", "--idle-minutes", "5"]) == 2
    assert "--tcp" in capsys.readouterr().err
