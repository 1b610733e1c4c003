"""What is looked at before a job is accepted, without a model or a process."""

import errno
import os
from pathlib import Path

import numpy as np
import PIL.Image
import pytest
from rendering.films import luma, write_film, write_reference

from vcnode.errors import MediaError
from vcnode.media import FrameTime, ImageSequenceWriter, open_source
from vcnode.worker.fields import Problem
from vcnode.worker.plan import Plan, plan_job
from vcnode.worker.receipt import Receipt, read_receipts, write_receipt
from vcnode.worker.target_check import Target, drop_damaged

from .conftest import FIRST, FRAMES

LAST = FIRST + FRAMES - 1


def problems_of(job):
    plan = plan_job(job)
    assert isinstance(plan, list), plan
    return {problem.field: problem.problem for problem in plan}


def test_a_job_becomes_a_plan(job):
    plan = plan_job(job)
    assert isinstance(plan, Plan)
    assert (plan.model, plan.device, plan.working_size, plan.to_do) == ("lite", "cpu", 64, FRAMES)
    assert plan.source.wanted == range(FIRST, LAST + 1)


def test_planning_writes_nothing(job, tmp_path):
    plan_job(job)
    assert not (tmp_path / "out").exists()


def test_frames_keep_their_numbers_and_shots_count_from_0(job, plates):
    job["frames"] |= {"first": FIRST + 2, "last": FIRST + 5}
    job["references"][0]["frame"] = FIRST + 3
    plan = plan_job(job)
    assert [plan.source.index(number) for number in plan.source.wanted] == [2, 3, 4, 5]
    assert plan.shots[0].references[0].frame == 3
    assert [path.name for path in plan.target.files] == [f"out.{FIRST + number}.png" for number in (2, 3, 4, 5)]


def test_gaps_outside_the_range_do_not_shift_numbers(job, plates):
    (plates / "in" / f"in.{FIRST + 1}.png").unlink()
    job["frames"] |= {"first": FIRST + 3}
    plan = plan_job(job)
    assert plan.source.index(FIRST + 3) == 2


def test_without_a_range_all_frames_are_meant(job):
    del job["frames"]["first"], job["frames"]["last"]
    assert plan_job(job).source.wanted == range(FIRST, LAST + 1)


def test_missing_frames_are_named(job, plates):
    for number in (2, 3, 4, 6):
        (plates / "in" / f"in.{FIRST + number}.png").unlink()
    assert f"Frames {FIRST + 2}-{FIRST + 4}, {FIRST + 6}" in problems_of(job)["frames"]


def test_a_folder_is_no_source_as_its_frames_would_have_other_numbers(job, plates):
    job["frames"] = {"pattern": str(plates / "in")}
    assert "is a folder: name the pictures in it, as in" in problems_of(job)["frames.pattern"]
    assert "in.####.png" in problems_of(job)["frames.pattern"]


def test_numbers_may_lie_far_apart(job, plates):
    job["frames"] = {"pattern": str(plates / "in" / "in.%04d.png")}
    (plates / "in" / f"in.{10**12}.png").write_bytes((plates / "in" / f"in.{FIRST}.png").read_bytes())
    assert f"Frames {LAST + 1}-{10**12 - 1} of" in problems_of(job)["frames"]


def test_a_range_beyond_the_files_is_a_problem(job):
    job["frames"]["last"] = LAST + 1
    assert str(LAST + 1) in problems_of(job)["frames.last"]


def test_a_frame_of_another_size_is_named(job, plates):
    PIL.Image.fromarray(luma(1, height=64, width=64)[0]).save(plates / "in" / f"in.{FIRST + 3}.png")
    said = problems_of(job)["frames"]
    assert f"in.{FIRST + 3}.png is 64x64" in said
    assert "96x64" in said


@pytest.mark.parametrize("content", [b"", b"not a picture", b"\x89PNG\r\n\x1a\n" + b"\0" * 40])
def test_a_frame_that_is_no_picture_is_named(job, plates, content):
    (plates / "in" / f"in.{FIRST + 3}.png").write_bytes(content)
    assert f"in.{FIRST + 3}.png cannot be read" in problems_of(job)["frames"]


def test_every_problem_is_found_at_once(job, plates):
    (plates / "in" / f"in.{FIRST + 3}.png").unlink()
    job["references"] = [{"file": str(plates / "absent.png")}, {"file": str(plates / "reference.png"), "frame": 7}]
    job["options"] |= {"model": "lita", "device": "gpu"}
    job["output"] |= {"confidence": True, "depth": "half"}
    assert set(problems_of(job)) == {
        "frames",
        "options.model",
        "options.device",
        "output.confidence",
        "output.depth",
        "references[0].file",
        "references[1].frame",
    }


def test_references_out_of_range_absent_gray_or_masked_wrongly(job, plates):
    gray, mask = plates / "gray.png", plates / "mask.png"
    PIL.Image.fromarray(np.full((64, 96, 3), 90, np.uint8)).save(gray)
    PIL.Image.fromarray(np.full((10, 10), 255, np.uint8)).save(mask)
    picture = str(plates / "reference.png")
    job["references"] = [
        {"file": picture, "frame": LAST + 1},
        {"file": str(plates / "absent.png")},
        {"file": str(gray)},
        {"file": picture, "mask": str(mask)},
        {"file": str(plates)},
    ]
    problems = problems_of(job)
    assert f"{FIRST} to {LAST}" in problems["references[0].frame"]
    assert "no file" in problems["references[1].file"]
    assert "gray" in problems["references[2].file"]
    assert "mask" in problems["references[3].file"]
    assert "no file" in problems["references[4].file"]


def test_shots_are_checked_in_the_files_numbers(job, plates):
    reference = {"file": str(plates / "reference.png")}
    job["references"] = []
    job["shots"] = [
        {"first": FIRST, "last": FIRST + 3, "references": [reference | {"frame": FIRST + 4}]},
        {"first": FIRST + 3, "last": FIRST + 5, "references": [reference]},
        {"first": FIRST + 6, "last": LAST + 9, "references": []},
    ]
    problems = problems_of(job)
    assert f"Frame {FIRST + 4}" in problems["shots[0].references[0].frame"]
    assert "listed before it" in problems["shots[1]"]
    assert "beyond" in problems["shots[2]"]
    assert "no reference" in problems["shots[2].references"]
    job["shots"] = [{"first": FIRST + 2, "last": FIRST + 3, "references": [reference | {"frame": FIRST + 3}]}]
    shot = plan_job(job).shots[0]
    assert (shot.first, shot.last, shot.references[0].frame) == (2, 3, 3)


def test_a_shots_file_counts_from_0_as_everywhere(job, plates):
    plan = "version: 1\nshots:\n  - {first: 0, last: 3, references: [{image: reference.png, frame: 2}]}\n"
    (plates / "shots.yaml").write_text(plan)
    job["references"], job["shots"] = [], str(plates / "shots.yaml")
    shot = plan_job(job).shots[0]
    assert (shot.first, shot.last, shot.references[0].frame) == (0, 3, 2)
    (plates / "shots.yaml").write_text(plan.replace("reference.png", "absent.png"))
    assert "line 3" in problems_of(job)["shots"]


def test_a_result_never_replaces_an_input(job, plates, tmp_path):
    job["output"]["pattern"] = job["frames"]["pattern"]
    assert "input" in problems_of(job)["output.pattern"]
    (tmp_path / "out").mkdir()
    os.link(plates / "reference.png", tmp_path / "out" / f"out.{FIRST + 2}.png")
    job["output"] = {"pattern": str(tmp_path / "out" / "out.%04d.png"), "overwrite": True}
    assert "input" in problems_of(job)["output.pattern"]


@pytest.mark.parametrize("name", ["out.png", "out.mov", "out.%04d.jpg", "out.%04d", "out.%04d.%04d.png", "%04d"])
def test_a_result_is_numbered_pictures_of_a_known_kind(job, tmp_path, name):
    job["output"] = {"pattern": str(tmp_path / "out" / name)}
    assert "output.pattern" in problems_of(job)


def test_a_number_in_a_folder_is_no_frame_number(job, tmp_path):
    job["output"]["pattern"] = str(tmp_path / "%04d" / "out.png")
    assert "output.pattern" in problems_of(job)


def test_a_folder_that_is_a_file_cannot_be_written(job, plates):
    job["output"]["pattern"] = str(plates / "reference.png" / "out.%04d.png")
    job["cache"] = str(plates / "reference.png")
    assert set(problems_of(job)) == {"output.pattern", "cache"}


def test_a_cache_that_holds_other_files_is_refused(job, plates):
    job["cache"] = str(plates)
    assert "state cache" in problems_of(job)["cache"]


def test_frames_that_are_not_the_clips_are_not_replaced(job, tmp_path):
    pattern = tmp_path / "out" / "out.%04d.png"
    pattern.parent.mkdir()
    (pattern.parent / f"out.{FIRST}.png").write_bytes(b"somebody's")
    assert "other means" in problems_of(job)["output.pattern"]
    write_receipt(pattern, Receipt("sh020", FIRST, LAST, "0"))
    assert "sh020" in problems_of(job)["output.pattern"]
    write_receipt(pattern, Receipt("sh010", FIRST, LAST, "0"))
    assert plan_job(job).to_do == FRAMES
    job["clip"], job["output"]["overwrite"] = "sh030", True
    assert plan_job(job).to_do == FRAMES


def test_only_the_same_job_keeps_frames(job, plates, tmp_path):
    pattern = tmp_path / "out" / "out.%04d.png"
    pattern.parent.mkdir()
    digest = plan_job(job).digest
    info = open_source(job["frames"]["pattern"]).info
    writer = ImageSequenceWriter(pattern, like=info, fingerprint="an unfinished run's")
    writer.write((np.zeros((info.height, info.width, 3), np.uint8),), FrameTime(0, 0, 0, info.time_base, FIRST))
    writer.abort()
    (pattern.parent / f"out.{FIRST + 1}.png").write_bytes((plates / "reference.png").read_bytes())  # by other means
    write_receipt(pattern, Receipt("sh010", FIRST, LAST, digest))
    assert (plan_job(job).target.resume, plan_job(job).to_do) == (True, FRAMES - 1)
    job["options"]["saturation"] = 1.2
    assert (plan_job(job).target.resume, plan_job(job).to_do) == (False, FRAMES)
    job["options"]["saturation"] = 1.0
    os.utime(plates / "in" / f"in.{FIRST}.png", (1, 1))
    assert not plan_job(job).target.resume


def test_a_damaged_frame_that_is_held_open_is_a_sentence(tmp_path, monkeypatch):
    """As on Windows."""
    frame = tmp_path / "out.0001.png"
    frame.write_bytes(b"cut off")
    target = Target((frame,), 1, resume=True, finished=None)

    def refuse(path, missing_ok=False):
        raise PermissionError(errno.EACCES, "in use")

    with monkeypatch.context() as patched:
        patched.setattr(Path, "unlink", refuse)
        with pytest.raises(MediaError, match=r"out\.0001\.png is damaged and cannot be removed"):
            drop_damaged(target)
    drop_damaged(target)
    assert not frame.exists()


def test_a_part_that_another_job_wrote_over_is_made_again(job, tmp_path):
    pattern = tmp_path / "out" / "out.%04d.png"
    pattern.parent.mkdir()
    digest = plan_job(job).digest
    for number in range(FIRST, LAST + 1):
        (pattern.parent / f"out.{number}.png").touch()
    whole = Receipt("sh010", FIRST, LAST, digest, finished=True)
    write_receipt(pattern, whole)
    assert plan_job(job).to_do == 0
    write_receipt(pattern, Receipt("sh010", LAST + 1, LAST + 9, "1"))  # beside it
    write_receipt(pattern.with_name("out.v2.%04d.png"), Receipt("sh010", FIRST, LAST, "2"))  # of another name
    assert plan_job(job).to_do == 0
    write_receipt(pattern, Receipt("sh010", LAST, LAST + 3, "3"))
    assert plan_job(job).to_do == FRAMES


def test_a_damaged_note_counts_as_none(job, tmp_path):
    pattern = tmp_path / "out" / "out.%04d.png"
    pattern.parent.mkdir()
    for text in ("", "[]", "{}", '{"clip": "sh010", "digest": "0", "finished": true, "weak_frames": 5}', "\xff"):
        (pattern.parent / f".out.{FIRST}-{LAST}.png.vcnode.json").write_text(text, encoding="latin-1")
        assert read_receipts(pattern) == []
        assert plan_job(job).to_do == FRAMES


def test_a_video_is_numbered_from_0(job, tmp_path):
    film = write_film(tmp_path / "film.mkv", luma(6))
    write_reference(tmp_path / "r.png")
    job["frames"] = {"pattern": str(film), "first": 2}
    job["references"] = [{"file": str(tmp_path / "r.png"), "frame": 2}]
    job["output"] = {"pattern": str(tmp_path / "coloured.mkv")}
    plan = plan_job(job)
    assert plan.source.wanted == range(2, 6)
    job["output"]["pattern"] = str(film)
    assert "input" in problems_of(job)["output.pattern"]
    job["frames"]["last"] = 6
    assert "0 to 5" in problems_of(job)["frames.last"]


def test_problems_are_sentences(job):
    job["options"]["model"], job["output"]["depth"] = "lita", 32
    plan = plan_job(job)
    assert all(isinstance(problem, Problem) and problem.problem.endswith(".") for problem in plan)
