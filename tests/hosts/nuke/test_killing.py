"""Whatever dies or runs out, finished frames are kept, nothing half-made is shown, and the next run goes on."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.hosts.nuke import plates
from tests.hosts.nuke.conftest import attach_to, plate_and_node, start_own
from tests.hosts.nuke.fake_nuke import Picture
from vcnode_client.versions import finished, read_note

LAST = 1008


def folder_of(session):
    return f"{os.path.dirname(session.script)}/vcnode/shot/VCNode1"


def workers(of):
    """The workers that a process has started for runs, the latest first; not the one that listens for all tests."""
    import psutil

    def works(process):
        try:
            command = process.cmdline()
        except psutil.NoSuchProcess:  # of an earlier test, ending at this moment
            return False
        return "vcnode" in command and "--tcp" not in command

    children = sorted(psutil.Process(of).children(recursive=True), key=psutil.Process.create_time, reverse=True)
    return [each for each in children if works(each)]


def when_printed(session, text, do):
    """Do something when a line of progress has been printed."""
    printed, done = session.module.tprint, []

    def tprint(*args):
        printed(*args)
        if text in " ".join(map(str, args)) and not done:
            done.append(True)
            do()

    session.module.tprint = tprint


def test_the_worker_is_killed(terminal, worker, listening):
    node = start_own(plate_and_node(terminal, LAST), worker)
    when_printed(terminal, "1 of 8", lambda: workers(os.getpid())[0].kill())
    with pytest.raises(RuntimeError, match=r"(?s)worker is gone.*worker\.log"):
        node["run"].execute()
    folder = folder_of(terminal)
    assert finished(folder) == []
    assert not node["result_there"].value()
    attach_to(node, listening)["run"].execute()
    assert finished(folder) == [1]
    assert read_note(folder, 1)["coloured"][0]["rendered"] < 8, "finished frames were made again"


_HOST = """
import sys
sys.path[:0] = [{repository!r}, {client!r}]
from tests.hosts.nuke.conftest import plate_and_node, start_own, start_up
from tests.hosts.nuke.fake_nuke import running
with running() as session:
    start_up(session)
    session.script = {script!r}
    node = start_own(plate_and_node(session, {last}), {worker!r})
    said = session.module.tprint
    session.module.tprint = lambda *args: print(*args, flush=True)
    node["run"].execute()
"""


@pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL is not on Windows")
def test_the_host_is_killed(terminal, worker, listening):
    import psutil

    root = Path(__file__).parents[3]
    code = _HOST.format(
        repository=str(root), client=str(root / "hosts" / "nuke"), script=terminal.script, last=LAST, worker=worker
    )
    host = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    for line in host.stdout:
        if "2 of 8" in line:
            break
    left = workers(host.pid)
    assert left
    host.send_signal(signal.SIGKILL)
    host.communicate()
    _, alive = psutil.wait_procs(left, timeout=30)
    assert not alive, "the worker outlives its host"
    node = attach_to(plate_and_node(terminal, LAST), listening)
    node["run"].execute()
    assert finished(folder_of(terminal)) == [1], "the folder was still held by a dead process"
    assert read_note(folder_of(terminal), 1)["coloured"][0]["rendered"] < 8


def test_frames_that_nuke_did_not_write(terminal, listening):
    node = attach_to(plate_and_node(terminal), listening)
    terminal.frame_fails = lambda path, frame: frame == 1003
    with pytest.raises(RuntimeError, match="did not write frame 1003"):
        node["run"].execute()
    terminal.frame_fails = lambda path, frame: False
    node["run"].execute()
    assert finished(folder_of(terminal)) == [1]


def test_an_error_upstream(terminal, listening):
    node = attach_to(plate_and_node(terminal), listening)
    terminal.pictures[node.input(1)] = plates.gray_picture

    def broken(frame, view):
        raise RuntimeError("Read7: missing frame")

    terminal.pictures[node.input(0)] = lambda frame, view: plates.gray_picture(frame) if frame < 1003 else broken(0, "")
    with pytest.raises(RuntimeError, match="Read7: missing frame"):
        node["run"].execute()
    terminal.pictures[node.input(0)] = broken
    terminal.pictures[node.input(1)] = broken
    with pytest.raises(RuntimeError, match=r"(?s)Source is in error.*Ref1 is in error"):
        node["run"].execute()


def test_a_size_that_changes(terminal, listening):
    node = attach_to(plate_and_node(terminal), listening)

    def zoomed(frame, view):
        return Picture.of_rgb(plates.gray(frame, 72 if frame < 1003 else 80))

    terminal.pictures[node.input(0)] = zoomed
    with pytest.raises(RuntimeError, match=r"1003.*80"):
        node["run"].execute()
    assert finished(folder_of(terminal)) == []


def test_the_disk_is_full_while_nuke_renders(terminal, listening):
    node = attach_to(plate_and_node(terminal), listening)

    def full(path, frame):
        if frame == 1002:
            raise RuntimeError(f"Write1: {path}: No space left on device")

    terminal.frame_fails = full
    with pytest.raises(RuntimeError, match="No space left"):
        node["run"].execute()
    assert [each for each in node.nodes() if each.Class() == "Write"] == []


@pytest.mark.skipif(sys.platform == "win32", reason="ulimit is not on Windows")
def test_the_disk_is_full_while_the_worker_writes(terminal, worker, listening, tmp_path):
    """A limit on the size of files stands for a full disk."""
    limited = tmp_path / "limited"
    limited.write_text(f'#!/bin/sh\nulimit -f 4\nexec "{worker}" "$@"\n')
    limited.chmod(0o755)
    node = start_own(plate_and_node(terminal), limited)
    with pytest.raises(RuntimeError, match=r"colored\.1001"):
        node["run"].execute()
    attach_to(node, listening)["run"].execute()
    assert finished(folder_of(terminal)) == [1]


def test_a_damaged_state_is_as_none(terminal, listening):
    from vcnode_nuke.nodes import controller_of

    node = attach_to(plate_and_node(terminal), listening)
    node["vcn_state"].setValue("{damaged")
    assert controller_of(node).refresh() == "idle"
