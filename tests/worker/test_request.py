from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vcnode.worker.request import ShotsFile, read_request

values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
ANCHOR = Path.cwd().anchor


def wording(**changes):
    job = {
        "clip": "sh010",
        "frames": {"pattern": f"{ANCHOR}in/in.%04d.exr", "first": 1001, "last": 1010},
        "encoding": "acescg",
        "references": [{"file": f"{ANCHOR}r.exr", "frame": 1003, "weight": 0.5, "mask": None, "encoding": "srgb"}],
        "shots": None,
        "options": {"model": "lite", "device": "cpu", "working_size": 224, "saturation": 1, "precision": "float32"},
        "output": {"pattern": f"{ANCHOR}out/out.####.exr", "depth": "half", "confidence": True},
        "cache": f"{ANCHOR}states",
    }
    for name, value in changes.items():
        part, _, field = name.partition("__")
        if field:
            job[part] = {**job[part], field: value}
        else:
            job[part] = value
    return job


def problems_of(job):
    problems = []
    read_request(job, problems)
    return {problem.field: problem.problem for problem in problems}


def test_a_job_is_read_whole():
    problems = []
    request = read_request(wording(), problems)
    assert problems == []
    assert (request.clip, request.first, request.last, request.encoding) == ("sh010", 1001, 1010, "acescg")
    assert request.references[0].file == Path(f"{ANCHOR}r.exr")
    assert (request.references[0].frame, request.references[0].weight) == (1003, 0.5)
    assert (request.depth, request.confidence, request.settings.working_size) == ("half", True, 224)


@given(st.dictionaries(st.sampled_from(["frames", "references", "shots", "options", "output", "cache", "x"]), values))
def test_no_value_of_a_field_breaks_the_worker(changes):
    problems = []
    assert read_request({**wording(), **changes}, problems) is not None or problems


@given(values)
def test_no_job_breaks_the_worker(job):
    assert problems_of(job)


def test_everything_that_is_wrong_is_said_at_once():
    job = wording(
        clip=7,
        frames__first=-1,
        encoding="rec709",
        options__working_size=8,
        options__saturation=9,
        output__pattern="out.%04d.exr",
        references=[{"file": f"{ANCHOR}a/../r.png", "weight": 0}, 5],
        cache="states",
    )
    assert set(problems_of(job)) == {
        "clip",
        "frames.first",
        "encoding",
        "options.working_size",
        "options.saturation",
        "output.pattern",
        "references[0].file",
        "references[0].weight",
        "references[1]",
        "cache",
    }


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"frames__pattern": f"{ANCHOR}shots/../in.%04d.exr"}, "frames.pattern"),
        ({"frames__pattern": f"{ANCHOR}in\0.%04d.exr"}, "frames.pattern"),
        ({"frames__pattern": f"{ANCHOR}\ud800.%04d.exr"}, "frames.pattern"),
        ({"frames__pattern": ""}, "frames.pattern"),
        ({"frames__pattern": None}, "frames.pattern"),
        ({"frames__first": 1011}, "frames.last"),
        ({"frames__first": True}, "frames.first"),
        ({"frames__first": 1001.0}, "frames.first"),
        ({"frames__step": 2}, "frames.step"),
        ({"frames": None}, "frames"),
        ({"references": []}, "references"),
        ({"shots": []}, "references"),
        ({"shots": 3, "references": []}, "shots"),
        ({"shots": "shots.yaml", "references": []}, "shots"),
        ({"options__model": "../lite.safetensors"}, "options.model"),
        ({"options__precision": "float8"}, "options.precision"),
        ({"options__cut_threshold": 1.5}, "options.cut_threshold"),
        ({"options__look_ahead": 0}, "options.look_ahead"),
        ({"options": False}, "options"),
        ({"options": 0}, "options"),
        ({"options": ""}, "options"),
        ({"options": []}, "options"),
        ({"output__pattern": "out.####.png", "frames__pattern": f"{ANCHOR}in/in.####.png"}, "output.pattern"),
        ({"output__depth": "quarter"}, "output.depth"),
        ({"output__depth": 1.5}, "output.depth"),
        ({"output__confidence": 1}, "output.confidence"),
        ({"code": "import os"}, "code"),
    ],
)
def test_a_wrong_value_is_named_by_its_field(changes, field):
    problems = problems_of(wording(**changes))
    assert list(problems) == [field]
    assert problems[field].endswith(".")


def test_what_may_be_left_out_may_be_left_out():
    job = {
        "frames": {"pattern": f"{ANCHOR}in.%04d.png"},
        "references": [{"file": f"{ANCHOR}r.png"}],
        "output": {"pattern": f"{ANCHOR}o.%04d.png"},
    }
    problems = []
    request = read_request(job, problems)
    assert problems == []
    assert (request.first, request.last, request.cache, request.depth, request.encoding) == (None,) * 5
    assert (request.settings.look_ahead, request.settings.precision, request.device) == (None, None, "auto")


@pytest.mark.parametrize("direction", ["forward", "backward", "both"])
def test_a_direction_is_one_of_three_and_forward_where_it_is_left_out(direction):
    problems = []
    assert read_request(wording(), problems).settings.direction == "forward"
    assert read_request(wording(options__direction=None), problems).settings.direction == "forward"
    assert read_request(wording(options__direction=direction), problems).settings.direction == direction
    assert problems == []
    said = problems_of(wording(options__direction="sideways"))
    assert list(said) == ["options.direction"]
    assert "both" in said["options.direction"]


def test_a_shots_file_is_a_path_or_says_which_frame_it_counts_as_0():
    problems = []
    path = Path(f"{ANCHOR}shots.yaml")
    plain = read_request(wording(references=[], shots=str(path)), problems)
    placed = {"file": str(path), "first": -8, "last": 1100, "encoding": "srgb"}
    whole = read_request(wording(references=[], shots=placed), problems)
    assert problems == []
    assert plain.shots == ShotsFile(path)
    assert whole.shots == ShotsFile(path, -8, 1100, "srgb")


@pytest.mark.parametrize(
    ("shots", "field"),
    [
        ({}, "shots.file"),
        ({"file": "shots.yaml"}, "shots.file"),
        ({"file": f"{ANCHOR}s.yaml", "first": 1.5}, "shots.first"),
        ({"file": f"{ANCHOR}s.yaml", "first": 10, "last": 9}, "shots.last"),
        ({"file": f"{ANCHOR}s.yaml", "last": 9}, "shots.last"),
        ({"file": f"{ANCHOR}s.yaml", "step": 2}, "shots.step"),
        ({"file": f"{ANCHOR}s.yaml", "encoding": "rec709"}, "shots.encoding"),
        ([{"first": 1, "last": 2, "references": [{"file": f"{ANCHOR}a/../r.png"}]}], "shots[0].references[0].file"),
        ([{"first": 1, "last": 2, "references": 5}], "shots[0].references"),
        ([{"first": 1, "last": 2, "references": []}], "shots[0].references"),
        ([{"first": 1, "last": 2}], "shots[0].references"),
    ],
)
def test_a_shots_file_that_is_worded_wrongly_is_named_by_its_field(shots, field):
    problems = problems_of(wording(references=[], shots=shots))
    assert field in problems
    assert problems[field].endswith(".")
