"""A job's shots file: every problem in it at once, and where its frames lie."""

import numpy as np
import OpenEXR
import PIL.Image
import pytest

from vcnode.worker.plan import inspect_job, plan_job

from .conftest import FIRST, FRAMES

LAST = FIRST + FRAMES - 1


@pytest.fixture
def shots(job, plates):
    """Writes the job's shots file."""

    def write(*lines, **numbers):
        path = plates / "shots.yaml"
        path.write_text("version: 1\nshots:\n" + "".join(f"  - {line}\n" for line in lines))
        job["references"] = []
        job["shots"] = {"file": str(path), **numbers} if numbers else str(path)
        return path

    return write


def problems_of(job):
    plan = plan_job(job)
    assert isinstance(plan, list), plan
    return [problem.problem for problem in plan]


def ranges(plan):
    return [(shot.first, shot.last, [each.frame for each in shot.references]) for shot in plan.shots]


def test_without_numbers_of_its_own_it_counts_the_sources_files(job, shots):
    shots("{first: 0, last: 3, references: [{image: reference.png, frame: 2}]}")
    assert ranges(plan_job(job)) == [(0, 3, [2])]


def test_it_counts_from_the_clips_first_frame_where_the_source_is_a_part_of_it(job, shots):
    """The job's files begin at 1001; the clip that the file is about at 997."""
    shots(
        "{first: 0, last: 1, references: [reference.png]}",
        "{first: 2, last: 7, references: [{image: reference.png, frame: 3}, {image: reference.png, frame: 6}]}",
        "{first: 9, references: [{image: reference.png, frame: 10}, {image: reference.png, frame: 40}]}",
        first=FIRST - 4,
        last=LAST + 60,
    )
    assert ranges(plan_job(job)) == [(0, 3, [None, 2]), (5, FRAMES - 1, [6, None])]


def test_numbers_are_those_of_files_where_some_are_missing_outside_the_range(job, plates, shots):
    (plates / "in" / f"in.{FIRST + 1}.png").unlink()
    job["frames"]["first"] = FIRST + 2
    shots("{first: 3, last: 5, references: [{image: reference.png, frame: 4}]}", first=FIRST)
    assert ranges(plan_job(job)) == [(2, 4, [3])]
    assert [plan_job(job).source.numbers[index] for index in (2, 4)] == [FIRST + 3, FIRST + 5]


def test_shots_beyond_the_clip_are_a_problem(job, shots):
    shots("{first: 0, last: 70, references: [reference.png]}", first=FIRST, last=LAST)
    assert "reaches beyond the clip" in problems_of(job)[0]
    shots("{first: 0, references: [{image: reference.png, frame: 70}]}", first=FIRST, last=LAST)
    assert "frame 70" in problems_of(job)[0]


def test_a_file_about_other_frames_is_a_problem(job, shots):
    path = shots("{first: 50, last: 70, references: [reference.png]}", first=FIRST, last=FIRST + 100)
    said = problems_of(job)
    assert len(said) == 1
    for part in (str(path), f"{FIRST} to {LAST}", f"0 to {FRAMES - 1}"):
        assert part in said[0]


def test_every_missing_picture_is_named_with_its_line(job, shots):
    shots(
        "{first: 0, last: 1, references: [absent.png, reference.png]}",
        "{first: 2, last: 3, references: [{image: gone.png, frame: 2}, {image: reference.png, mask: lost.png}]}",
    )
    said = problems_of(job)
    assert len(said) == 3
    for line, name in ((3, "absent.png"), (4, "gone.png"), (4, "lost.png")):
        assert any(f"line {line}: there is no file" in each and name in each for each in said)


def test_gray_and_damaged_pictures_and_wrong_masks_are_named_each_once(job, plates, shots):
    PIL.Image.fromarray(np.full((64, 96, 3), 90, np.uint8)).save(plates / "gray.png")
    PIL.Image.fromarray(np.full((10, 10), 255, np.uint8)).save(plates / "small.png")
    (plates / "damaged.png").write_bytes(b"no picture")
    shots(
        "{first: 0, last: 1, references: [gray.png, {image: gray.png, weight: 2}, damaged.png]}",
        "{first: 2, references: [{image: reference.png, mask: small.png}]}",
    )
    said = problems_of(job)
    assert len(said) == 3
    for part in ("gray", "damaged.png", "mask"):
        assert any(part in each for each in said), part


@pytest.mark.parametrize("text", ["", "version: 1\nshots: &a [*a]\n", "version: 1\nshots: {x", "a: b\n", "\xff"])
def test_a_wrong_file_is_one_problem(job, shots, text):
    shots().write_text(text, encoding="latin-1")
    assert len(problems_of(job)) == 1


def test_a_job_can_be_inspected_before_its_frames_are_there(job, plates, shots, tmp_path):
    path = shots("{first: 0, references: [reference.png, {image: reference.png, frame: 3}]}", first=FIRST, last=LAST)
    job["frames"]["pattern"] = str(tmp_path / "later" / "in.%04d.png")
    seen = inspect_job(job)
    assert (seen.problems, seen.shots) == ((), 1)
    assert seen.files == (path, plates / "reference.png")
    path.write_text(path.read_text().replace("reference.png", "absent.png"))
    job["options"]["model"] = "lita"
    seen = inspect_job(job)
    assert sorted(problem.field for problem in seen.problems) == ["options.model", "shots"]
    assert (seen.shots, seen.files) == (0, ())
    assert inspect_job([]).problems


def test_exr_pictures_are_in_the_encoding_that_is_said(job, plates, shots):
    values = np.linspace(0, 1, 32 * 48, dtype=np.float32).reshape(32, 48)
    channels = {"R": values, "G": values * 0.5, "B": values * 0.2}
    with OpenEXR.File({"type": OpenEXR.scanlineimage}, channels) as file:
        file.write(str(plates / "r.exr"))

    def lightness(**said):
        shots("{first: 0, references: [r.exr]}", first=FIRST, **said)
        (shot,) = plan_job(job).shots
        return float(shot.references[0].lab()[:, 0].mean())

    assert lightness() == lightness(encoding="linear-srgb")
    assert lightness() > lightness(encoding="srgb") + 10


def test_another_delivery_of_a_picture_makes_another_job(job, plates, shots):
    shots("{first: 0, references: [{image: reference.png, mask: mask.png}]}")
    digests = []
    for value in (255, 254):
        PIL.Image.fromarray(np.full((64, 96), value, np.uint8)).save(plates / "mask.png")
        digests.append(plan_job(job).digest)
    assert digests[0] != digests[1]
    shots("{first: 0, references: [{image: reference.png, mask: mask.png}]}", first=FIRST - 1)
    assert plan_job(job).digest not in digests
