"""A worker as its host sees it: the real process, the embedded model, a CPU."""

import json
import shutil
import sys
from pathlib import Path

import numpy as np
import PIL.Image
import pytest
from rendering.films import luma, planes, read_pictures, write_film, write_pictures

from vcnode import __version__
from vcnode.worker import MAX_LINE

from .conftest import FIRST, FRAMES

LONG = 24


def frames_in(folder):
    return read_pictures(folder, "out")


@pytest.fixture
def long_job(job, tmp_path):
    """Enough frames to be interrupted at leisure."""
    write_pictures(tmp_path / "long", luma(LONG, height=64, width=64), first=FIRST)
    job["frames"] = {"pattern": str(tmp_path / "long" / "in.%04d.png"), "first": FIRST, "last": FIRST + LONG - 1}
    return job


def same(first, second):
    return len(first) == len(second) and all(np.array_equal(a, b) for a, b in zip(first, second, strict=True))


def test_it_says_hello_and_what_it_has(shared):
    assert shared.hello == {"type": "hello", "protocol": 1, "version": __version__, "pid": shared.process.pid}
    checked = shared.ask(type="check")
    assert checked["type"] == "checked"
    assert {"name": "lite", "there": True}.items() <= checked["models"][0].items()
    assert checked["python"] == sys.version.split()[0]
    assert {"device", "device_name", "memory_free", "memory_total", "torch"} <= set(checked)


def test_a_job_is_accepted_reported_and_done(shared, job, tmp_path):
    accepted, *progress, done = shared.run(job)
    assert accepted.items() >= {"type": "accepted", "frames": FRAMES, "to_do": FRAMES, "working_size": 64}.items()
    assert (accepted["model"], accepted["device"]) == ("lite", "cpu")
    assert [message["frame"] for message in progress] == list(range(FIRST, FIRST + FRAMES))
    assert [message["done"] for message in progress] == list(range(1, FRAMES + 1))
    assert all(message["fps"] > 0 and message["seconds_left"] >= 0 for message in progress)
    assert all(0 < message["confidence"] <= 1 for message in progress)
    assert done.items() >= {"type": "done", "frames": FRAMES, "rendered": FRAMES}.items()
    assert done["output"] == job["output"]["pattern"]
    sources = read_pictures(Path(job["frames"]["pattern"]).parent, "in")
    for coloured, gray in zip(frames_in(tmp_path / "out"), sources, strict=True):
        values = coloured.astype(float)
        assert np.ptp(values, axis=2).max() > 8  # colour
        assert np.abs(values @ [0.2126, 0.7152, 0.0722] - gray).max() < 1.01  # luma


def test_a_job_that_is_done_is_not_done_again(shared, job, tmp_path):
    done = shared.run(job)[-1]
    times = [path.stat().st_mtime_ns for path in sorted((tmp_path / "out").glob("*.png"))]
    accepted, again = shared.run(job)
    assert (accepted["to_do"], again["rendered"]) == (0, 0)
    assert again["confidence"] == done["confidence"]
    assert times == [path.stat().st_mtime_ns for path in sorted((tmp_path / "out").glob("*.png"))]


def test_a_changed_job_of_the_same_clip_is_made_anew(shared, job, tmp_path):
    shared.run(job)
    before = frames_in(tmp_path / "out")
    job["options"]["saturation"] = 0.2
    assert shared.run(job)[-1]["rendered"] == FRAMES
    assert not same(before, frames_in(tmp_path / "out"))


def test_a_video_is_coloured_from_frame_0_on(shared, job, tmp_path):
    job["frames"] = {"pattern": str(write_film(tmp_path / "film.mkv", luma(6))), "first": 2}
    job["references"][0]["frame"] = 3
    job["output"] = {"pattern": str(tmp_path / "out.mkv")}
    accepted, *progress, done = shared.run(job)
    assert (accepted["frames"], done["rendered"]) == (4, 4)
    assert [message["frame"] for message in progress] == [2, 3, 4, 5]
    assert len(planes(tmp_path / "out.mkv")) == 4
    assert shared.run(job)[-1]["rendered"] == 0


def test_a_damaged_frame_of_an_unfinished_run_is_made_again(shared, long_job, tmp_path):
    shared.start_and_reach(long_job, 3)
    shared.send(type="cancel", id="j")
    *_, cancelled = shared.messages("j")
    frame = tmp_path / "out" / f"out.{FIRST + 1}.png"
    whole = frame.read_bytes()
    frame.write_bytes(b"")
    *progress, done = shared.run(long_job)
    assert done["rendered"] >= LONG - cancelled["kept"] + 1
    assert progress[-1]["done"] == LONG
    assert frame.read_bytes() == whole


def test_progress_goes_on_where_the_first_frame_of_an_unfinished_run_is_missing(shared, long_job, tmp_path):
    long_job["frames"]["last"] -= 1  # a part of it, whose working folder has another name
    shared.start_and_reach(long_job, 3)
    shared.send(type="cancel", id="j")
    *_, cancelled = shared.messages("j")
    (tmp_path / "out" / f"out.{FIRST}.png").unlink()
    accepted, *progress, done = shared.run(long_job)
    assert accepted["to_do"] == done["rendered"] == LONG - 1 - (cancelled["kept"] - 1)
    assert [message["done"] for message in progress] == list(range(cancelled["kept"], LONG))


def test_all_is_made_again_where_the_unfinished_runs_note_is_gone(shared, long_job, tmp_path):
    shared.start_and_reach(long_job, 3)
    shared.send(type="cancel", id="j")
    assert list(shared.messages("j"))[-1]["kept"]
    shutil.rmtree(tmp_path / "out" / ".out.#.png.part")
    accepted, *progress, done = shared.run(long_job)
    assert accepted["to_do"] == done["rendered"] == LONG
    assert [message["done"] for message in progress] == list(range(1, LONG + 1))


def test_a_part_of_a_sequence_keeps_its_numbers(shared, job, tmp_path):
    job["frames"] |= {"first": FIRST + 2, "last": FIRST + 4}
    job["references"][0]["frame"] = FIRST + 3
    messages = shared.run(job)
    assert [message["frame"] for message in messages[1:-1]] == [FIRST + 2, FIRST + 3, FIRST + 4]
    names = sorted(path.name for path in (tmp_path / "out").glob("[!.]*"))
    assert names == [f"out.{FIRST + number}.png" for number in (2, 3, 4)]


def test_a_rejected_job_lists_every_problem_and_the_worker_goes_on(shared, job):
    job["references"][0]["frame"] = 5
    job["options"]["model"] = "lita"
    (rejected,) = shared.run(job)
    assert {problem["field"] for problem in rejected["problems"]} == {"references[0].frame", "options.model"}
    assert shared.ask(type="check")["type"] == "checked"


def test_garbage_is_answered_and_the_worker_goes_on(shared):
    for line in (b"garbage\n", b"\xff\xfe\n", b"[]\n", b'{"type": 5}\n', b'{"type": "eval"}\n', b'{"type": {}}\n'):
        shared.send_bytes(line)
        assert shared.read()["type"] == "error"
    shared.send_bytes(b"\n \r\n")  # empty lines are nothing
    for message in ({"type": "check", "code": "1"}, {"type": "job", "job": {}}, {"type": "cancel", "id": 5}):
        assert shared.ask(**message)["type"] == "error"
    assert shared.ask(type="cancel", id="absent") == {
        "type": "error",
        "id": "absent",
        "problem": "No job 'absent' is under way: it has ended, or never began.",
    }
    assert shared.ask(type="check")["type"] == "checked"


def test_a_line_that_is_too_long_is_answered_and_the_worker_goes_on(shared):
    shared.send_bytes(b'{"type": "check", "x": "' + b"x" * MAX_LINE + b'"}\n')
    assert "longer" in shared.read()["problem"]
    assert shared.ask(type="check")["type"] == "checked"


def test_another_version_of_the_protocol_is_refused(shared):
    refused = shared.ask(type="hello", protocol=2)
    assert refused["type"] == "error"
    assert "version 1" in refused["problem"]
    shared.send(type="hello", protocol=1)  # right, and without an answer
    assert shared.ask(type="check")["type"] == "checked"


def test_a_frame_that_is_damaged_inside_fails_with_all_before_it_kept(shared, job, plates, tmp_path):
    frame = plates / "in" / f"in.{FIRST + 4}.png"
    whole = frame.read_bytes()
    frame.write_bytes(whole[: len(whole) // 2])
    failed = shared.run(job)[-1]
    assert (failed["type"], failed["kept"]) == ("failed", 4)
    assert frame.name in failed["problem"]
    assert len(frames_in(tmp_path / "out")) == 4
    frame.write_bytes(whole)
    assert shared.run(job)[-1]["type"] == "done"
    assert len(frames_in(tmp_path / "out")) == FRAMES


def test_cancelling_keeps_frames_and_the_next_run_goes_on(shared, long_job, tmp_path):
    shared.start_and_reach(long_job, 3)
    shared.send(type="cancel", id="j")
    *_, cancelled = shared.messages("j")
    assert cancelled["type"] == "cancelled"
    assert 3 <= cancelled["kept"] < LONG
    assert len(frames_in(tmp_path / "out")) == cancelled["kept"]
    accepted, *_, done = shared.run(long_job)
    assert accepted["to_do"] == LONG - cancelled["kept"] == done["rendered"]
    assert len(frames_in(tmp_path / "out")) == LONG


def test_a_job_under_way_is_not_begun_twice(shared, long_job):
    shared.start_and_reach(long_job, 1)
    for identifier in ("j", "k"):
        shared.send(type="job", id=identifier, job=long_job)
    shared.send(type="cancel", id="j")
    answers = []
    while len(answers) < 3:
        message = shared.read()
        if message["type"] != "progress":
            answers.append((message["id"], message["type"]))
    assert sorted(answers) == [("j", "cancelled"), ("j", "rejected"), ("k", "rejected")]


def test_a_killed_worker_costs_nothing_that_was_finished(shared, start, long_job, tmp_path):
    doomed = start()
    doomed.start_and_reach(long_job, 13)
    doomed.kill()
    kept = frames_in(tmp_path / "out")
    assert len(kept) >= 13
    assert all(frame.shape == (64, 64, 3) for frame in kept)
    accepted, *_, done = shared.run(long_job)
    assert accepted["to_do"] == done["rendered"] == LONG - len(kept)
    resumed = frames_in(tmp_path / "out")
    assert same(resumed[: len(kept)], kept)
    long_job["output"] = {"pattern": str(tmp_path / "unbroken" / "out.%04d.png"), "depth": 8}
    shared.run(long_job)
    assert same(resumed, frames_in(tmp_path / "unbroken"))


def test_a_dead_host_ends_its_worker_and_the_cache_goes_on(shared, start, long_job, tmp_path):
    long_job["cache"] = str(tmp_path / "states")
    worker = start()
    worker.start_and_reach(long_job, 2)
    assert worker.end() == 0
    kept = frames_in(tmp_path / "out")
    assert 2 <= len(kept) < LONG
    long_job["output"]["pattern"] = str(tmp_path / "other" / "out.%04d.png")  # nothing there but the states
    assert shared.run(long_job)[-1]["rendered"] == LONG
    assert same(frames_in(tmp_path / "other")[: len(kept)], kept)


def test_a_host_that_no_longer_listens_ends_its_worker(start, long_job):
    worker = start()
    worker.start_and_reach(long_job, 1)
    worker.process.stdout.close()
    assert worker.process.wait(60) == 0


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="sets a limit to another process's files")
def test_a_full_disk_fails_with_a_sentence_and_frames_kept(second, long_job, tmp_path):
    import resource

    second.start_and_reach(long_job, 3)
    unlimited = resource.prlimit(second.process.pid, resource.RLIMIT_FSIZE)
    resource.prlimit(second.process.pid, resource.RLIMIT_FSIZE, (100, unlimited[1]))
    try:
        *_, failed = second.messages("j")
    finally:
        resource.prlimit(second.process.pid, resource.RLIMIT_FSIZE, unlimited)
    assert failed["type"] == "failed"
    assert failed["problem"].startswith("Cannot write")
    assert len(frames_in(tmp_path / "out")) == failed["kept"] < LONG
    for path in (tmp_path / "out").glob("[!.]*.png"):
        PIL.Image.open(path).load()
    accepted, *_, done = second.run(long_job)
    assert (accepted["to_do"], done["rendered"]) == (LONG - failed["kept"],) * 2


def test_two_workers_do_not_write_the_same_frames(shared, second, long_job, tmp_path):
    second.start_and_reach(long_job, 2)
    refused = shared.run(long_job)[-1]
    assert refused["type"] in ("rejected", "failed")
    assert "nother process is writing" in json.dumps(refused)
    *_, done = second.messages("j")
    assert (done["type"], done["rendered"]) == ("done", LONG)


def test_two_workers_write_beside_each_other(shared, second, job, tmp_path):
    other = {**job, "output": {"pattern": str(tmp_path / "out" / "other.%04d.png"), "depth": 8}}
    second.send(type="job", id="j", job=job)
    shared.send(type="job", id="j", job=other)
    assert [list(worker.messages("j"))[-1]["type"] for worker in (second, shared)] == ["done", "done"]
    assert same(frames_in(tmp_path / "out"), read_pictures(tmp_path / "out", "other"))


def test_a_job_is_inspected_before_its_frames_are_there(shared, job, tmp_path):
    job["frames"]["pattern"] = str(tmp_path / "later.%04d.png")
    seen = shared.ask(type="inspect", id="early", job=job)
    assert seen == {
        "type": "inspected",
        "id": "early",
        "problems": [],
        "shots": 1,
        "files": [job["references"][0]["file"]],
    }
    job["references"][0]["file"] = str(tmp_path / "absent.png")
    seen = shared.ask(type="inspect", id="early", job=job)
    assert [problem["field"] for problem in seen["problems"]] == ["references[0].file"]


def test_a_shots_file_of_a_longer_clip_colours_the_part_that_is_there(shared, job, plates, tmp_path):
    """Two shots with a gap between them, which stays gray; numbers count from a frame before the first file."""
    plan = "version: 1\nshots:\n  - {first: 0, last: 4, references: [reference.png]}\n"
    plan += "  - {first: 7, references: [{image: reference.png, frame: 8}]}\n"
    (plates / "shots.yaml").write_text(plan)
    job["references"] = []
    job["shots"] = {"file": str(plates / "shots.yaml"), "first": FIRST - 2, "last": FIRST + FRAMES - 1}
    accepted, *_, done = shared.run(job)
    assert (accepted["frames"], done["type"], done["rendered"]) == (FRAMES, "done", FRAMES)
    colored = [bool(np.ptp(frame.astype(int), axis=2).max() > 8) for frame in frames_in(tmp_path / "out")]
    assert colored == [True, True, True, False, False, True, True, True]


def test_colours_run_backward_from_a_keyframe_on_request(shared, job, tmp_path):
    job["references"][0]["frame"] = FIRST + FRAMES - 1
    forward = shared.run(job)
    plain = frames_in(tmp_path / "out")
    assert not any(message.get("backward") for message in forward)
    job["options"]["direction"] = "both"
    _, *progress, done = shared.run(job)
    assert (done["type"], done["rendered"]) == ("done", FRAMES)
    back = [message["frame"] for message in progress if message["backward"]]
    assert back == list(range(FIRST + FRAMES - 1, FIRST - 1, -1))
    assert [message["frame"] for message in progress if not message["backward"]] == sorted(back)
    assert not same(plain[:-1], frames_in(tmp_path / "out")[:-1])
    assert shared.run(job)[-1]["rendered"] == 0
