"""What travels on the sockets for references."""

import os

import pytest
import torch
from PIL import Image
from sequence.clips import picture

from comfyvcnode import references
from vcnode.errors import InputError

Plan, Keyframes = references.ReferencePlan, references.Keyframes


def batch(*seeds):
    return torch.stack([torch.from_numpy(picture(seed)) for seed in seeds])


def frames(plan_or_shot):
    return [reference.frame for reference in plan_or_shot.references]


def test_a_batch_counts_on():
    assert references.numbered_from(10, 5, 3) == [10, 15, 20]
    assert references.numbered_from(-1, 5, 2) == [None, None]


def test_an_image_is_a_plan_of_its_own():
    plan = references.reference_plan(batch(1, 2))
    assert frames(plan) == [None, None]
    (shot,) = plan.shots
    assert (shot.first, shot.last, len(shot.references)) == (0, None, 2)
    assert references.reference_plan(plan) is plan


def test_chaining_makes_another_plan():
    first = Plan(references.pictures(batch(1), [0]))
    second = first.adding(references.pictures(batch(2), [7]))
    assert frames(first) == [0]
    assert frames(second) == [0, 7]
    assert len(str(second)) < 60


def test_pictures_are_checked_at_once():
    gray = torch.full((1, 8, 8, 3), 0.5)
    with pytest.raises(InputError, match="is gray"):
        references.pictures(gray)
    with pytest.raises(InputError, match="is gray: give an image in colour"):
        references.pictures(gray[..., :1])
    with pytest.raises(InputError, match="mask of the image's size"):
        references.pictures(batch(1), masks=torch.ones(1, 3, 3))
    with pytest.raises(InputError, match="give an IMAGE batch"):
        references.pictures(torch.rand(8, 8, 3))


def test_messages_say_which_picture_of_a_batch_it_is():
    pictures = torch.cat([batch(1), torch.full((1, *batch(1).shape[1:]), 0.5), batch(2)])
    with pytest.raises(InputError, match=r"Reference \(image 2 of 3\) is gray"):
        references.pictures(pictures)


def test_transparency_is_not_looked_at():
    opaque = batch(1)
    clear = torch.cat([opaque, torch.zeros_like(opaque[..., :1])], dim=-1)
    assert torch.equal(references.pictures(clear)[0].lab(), references.pictures(opaque)[0].lab())


def test_keyframes_belong_to_their_scenes():
    plan = references.references_at(batch(1, 2), Keyframes((0, 20), (0, 10, 20)))
    assert [(shot.first, shot.last, frames(shot)) for shot in plan.shots] == [
        (0, 9, [0]),
        (10, 19, [None]),  # has no keyframe: the scene before lends its own
        (20, None, [20]),
    ]


def test_a_keyframe_without_colours_is_left_out(caplog):
    """A film that begins in black, or shows a title: nobody can colour that."""
    plan = references.references_at(torch.cat([batch(1) * 0, batch(2)]), Keyframes((0, 20), (0, 20)))
    assert [frames(shot) for shot in plan.shots] == [[None], [20]]
    assert "(image 1 of 2) is gray" in caplog.text
    assert "keyframe of frame 0 is left out" in caplog.text


@pytest.mark.parametrize(("spoilt", "message"), [(0.0, "image 2 of 2"), (torch.nan, "image 1 of 2")])
def test_keyframes_without_any_colours_or_with_pixels_that_are_no_numbers_are_refused(spoilt, message):
    with pytest.raises(InputError, match=message):
        references.references_at(batch(1, 2) * spoilt, Keyframes((0, 20), (0, 20)))


def test_more_references_join_the_scenes():
    plan = Plan(references.pictures(batch(3)))
    at = references.references_at(batch(1, 2), Keyframes((0, 20), (0, 20)))
    assert [frames(shot) for shot in plan.adding(at.references, at.scenes).shots] == [[None, 0], [None, 20]]


@pytest.mark.parametrize("count", [1, 3])
def test_every_keyframe_must_come_back(count):
    with pytest.raises(InputError, match=f"There are {count} images for 2 frames"):
        references.references_at(batch(*range(1, count + 1)), Keyframes((0, 20)))


def test_no_reference_at_all():
    with pytest.raises(InputError, match="There is no reference"):
        _ = Plan().shots


@pytest.fixture
def shots_file(tmp_path):
    for name in ("day.png", "night.png"):
        Image.fromarray((picture(len(name)) * 255).astype("uint8")).save(tmp_path / name)
    path = tmp_path / "shots.yaml"
    path.write_text(
        "version: 1\nshots:\n  - {first: 0, last: 4, references: [day.png]}\n"
        "  - {first: 6, references: [{image: night.png, frame: 8}]}\n",
        "utf-8",
    )
    return path


def test_a_shots_file(shots_file):
    plan = references.read_shots_file(str(shots_file))
    assert [(shot.first, shot.last, frames(shot)) for shot in plan.shots] == [(0, 4, [None]), (6, None, [8])]


def test_references_join_the_shots_of_a_file(shots_file):
    plan = references.read_shots_file(str(shots_file))
    assert [frames(shot) for shot in plan.adding(references.pictures(batch(1))).shots] == [[None, None], [8, None]]
    assert [frames(shot) for shot in plan.adding(references.pictures(batch(1), [2])).shots] == [[None, 2], [8]]
    with pytest.raises(InputError, match="frame 5, which is in no shot"):
        plan.adding(references.pictures(batch(1), [5]))


def test_a_shots_file_is_read_anew_when_it_or_a_picture_changes(shots_file):
    stamps = {references.shots_file_stamp(str(shots_file))}
    assert references.shots_file_stamp(str(shots_file)) in stamps
    for name in ("night.png", "shots.yaml"):
        os.utime(shots_file.with_name(name), (1, 1))
        stamps.add(references.shots_file_stamp(str(shots_file)))
    shots_file.with_name("day.png").unlink()
    stamps.add(references.shots_file_stamp(str(shots_file)))
    assert len(stamps) == 4


def test_a_gray_picture_in_a_shots_file_is_told_when_it_is_read(shots_file):
    Image.new("RGB", (8, 8), (90, 90, 90)).save(shots_file.with_name("night.png"))
    with pytest.raises(InputError, match="is gray"):
        references.read_shots_file(str(shots_file))
