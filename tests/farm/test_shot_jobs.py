import pytest
from rendering.films import luma, write_film

from vcnode.errors import InputError, MediaError
from vcnode.farm.shot_jobs import clip_numbers, shot_job
from vcnode.sequence import load_shots

from .conftest import FIRST


def jobs_of(job, **changes):
    shots = load_shots(job.shots)
    source, target = changes.pop("source", job.source), changes.pop("target", job.target)
    return [shot_job(shots, number, source, target, encoding=None, **changes) for number in range(1, len(shots) + 1)]


def test_every_frame_belongs_to_one_shots_job(job):
    ranges = [(each["frames"]["first"] - FIRST, each["frames"]["last"] - FIRST) for each in jobs_of(job)]
    assert ranges == [(0, 3), (4, 6)]


def test_shots_and_references_are_in_the_files_numbers(job, film):
    first, second = (each["shots"][0] for each in jobs_of(job))
    assert (first["first"], first["last"]) == (FIRST + 1, FIRST + 2)
    assert (second["first"], second["last"]) == (FIRST + 4, FIRST + 6)
    reference = {"file": str(film / "r.png"), "frame": FIRST + 5, "weight": 0.5, "mask": None, "encoding": None}
    assert second["references"] == [reference]
    assert first["references"][0]["frame"] is None


def test_pictures_may_lie_above_the_shots_file(job, film):
    (film / "plan").mkdir()
    plan = film / "plan" / "shots.yaml"
    plan.write_text("version: 1\nshots: [{first: 0, references: [{image: ../r.png, mask: ../plan/../r.png}]}]\n")
    (reference,) = shot_job(load_shots(plan), 1, job.source, job.target, encoding=None)["shots"][0]["references"]
    assert (reference["file"], reference["mask"]) == (str(film / "r.png"),) * 2


def test_pictures_of_all_shots_go_to_one_place(job, film):
    assert [each["output"] for each in jobs_of(job, confidence=True)] == [
        {"pattern": str(film / "out" / "out.####.png"), "confidence": True}
    ] * 2
    assert [each["clip"] for each in jobs_of(job)] == ["out.shot_001", "out.shot_002"]


def test_a_video_becomes_one_for_each_shot(job, film):
    source = write_film(film / "film.mkv", luma(7))
    first, second = jobs_of(job, source=source, target=film / "out.mkv")
    assert second["output"]["pattern"] == str(film / "out.shot_002.mkv")
    assert (first["frames"]["first"], second["frames"]["last"]) == (0, 6)


def test_what_there_is_not_is_said(job, film):
    with pytest.raises(InputError, match="shots 1 to 2"):
        shot_job(load_shots(job.shots), 3, job.source, job.target, encoding=None)
    with pytest.raises(MediaError, match="No file"):
        clip_numbers(film / "absent.####.png")
    with pytest.raises(InputError, match=r"is a folder: name the pictures in it, as in .*in\.####\.png"):
        clip_numbers(film / "in")
