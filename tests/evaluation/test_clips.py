"""Which clips a folder has, and what is in them."""

import numpy as np
import pytest
import torch

from evaluation.conftest import frames, write_frames, write_video
from vcnode.errors import InputError, MediaError
from vcnode.evaluation.clips import Clip, find_clips, look_through, read
from vcnode.media import write_png
from vcnode.sequence.frame import lightness_of


def test_videos_and_folders_of_frames_are_clips_and_what_lies_beside_them_is_not(clips_folder):
    (clips_folder / "README.md").write_text("not a clip")
    (clips_folder / ".hidden").mkdir(exist_ok=True)
    (clips_folder / "old_refs" / "._0000.png").touch()  # a Mac's
    clips = {clip.name: clip for clip in find_clips(clips_folder)}
    assert sorted(clips) == ["moving", "old", "still"]
    assert [path.name for path in clips["old"].references] == ["0000.png"]
    assert clips["still"].path.name == "still.mkv"
    assert not clips["still"].references


def test_names_choose_with_or_without_ending_and_unknown_ones_are_named(clips_folder):
    assert [clip.name for clip in find_clips(clips_folder, ["still.mkv", "moving"])] == ["moving", "still"]
    with pytest.raises(InputError, match=r"no clip 'walking'.*moving, old, still"):
        find_clips(clips_folder, ["walking"])


def test_clips_of_one_name_keep_their_endings_apart(tmp_path):
    write_video(tmp_path / "a.mkv", frames(2))
    write_video(tmp_path / "a.mov.mkv", frames(2))
    write_frames(tmp_path / "a", frames(2))
    assert sorted(clip.name for clip in find_clips(tmp_path)) == ["a", "a.mkv", "a.mov"]


def test_a_film_with_a_poster_in_a_sub_folder_is_the_clip(tmp_path):
    for library in ("a", "b"):
        write_frames(tmp_path / library, frames(2))  # two posters, which would make a clip of two frames
        write_video(tmp_path / library / "film.mkv", frames(3))
    write_video(tmp_path / "b" / "other.mkv", frames(4))
    write_frames(tmp_path / "b" / "other_refs", frames(1))
    (tmp_path / "b" / "._other.mkv").touch()  # a Mac's
    clips = find_clips(tmp_path)
    assert [clip.name for clip in clips] == ["a/film.mkv", "b/film.mkv", "other"]
    assert [look_through(clip).frames for clip in clips] == [3, 3, 4]
    assert [path.name for path in clips[2].references] == ["0000.png"]
    assert [clip.name for clip in find_clips(tmp_path, ["b/film.mkv"])] == ["b/film.mkv"]


def test_a_video_by_itself_is_the_one_clip(clips_folder):
    assert [clip.name for clip in find_clips(clips_folder / "still.mkv")] == ["still"]


def test_folders_that_are_missing_or_hold_nothing_are_refused(tmp_path):
    with pytest.raises(InputError, match="cannot be read"):
        find_clips(tmp_path / "nowhere")
    with pytest.raises(InputError, match="holds no clips"):
        find_clips(tmp_path)


def test_looking_through_counts_frames_and_tells_colour_from_gray(clips_folder):
    moving, old, _ = find_clips(clips_folder)
    assert look_through(moving).frames == 14
    assert look_through(moving, limit=3).frames == 3
    assert look_through(moving).has_color
    assert not look_through(old).has_color


def test_single_frames_and_damaged_files_are_refused(tmp_path):
    single = Clip("single", write_frames(tmp_path / "single", frames(1)))
    with pytest.raises(InputError, match="1 frame,"):
        look_through(single)
    damaged = tmp_path / "damaged.mkv"
    damaged.write_bytes(b"no film" * 99)
    with pytest.raises(MediaError, match="damaged"):
        look_through(Clip("damaged", damaged))


def test_frames_come_in_lab_at_the_size_asked_for(tmp_path):
    pictures = frames(3)
    clip = Clip("clip", write_frames(tmp_path / "clip", pictures))
    truths = list(read(clip, limit=2))
    assert [truth.number for truth in truths] == [0, 1]
    codes = (truths[1].rgb[0] * 255).round().permute(1, 2, 0).numpy()
    assert np.array_equal(codes, pictures[1])
    assert torch.equal(truths[1].lightness, truths[1].lab[:, :1])
    assert torch.equal(truths[1].gray, truths[1].lightness)
    assert truths[1].ab.shape == (1, 2, 64, 96)
    assert next(read(clip, short_side=32)).lab.shape == (1, 3, 32, 48)
    assert next(read(clip, short_side=500)).lab.shape == (1, 3, 64, 96)


def test_methods_can_be_given_what_a_gray_video_holds(tmp_path):
    pictures = frames(1)
    clip = Clip("clip", write_frames(tmp_path / "clip", pictures))
    truth = next(read(clip, gray="luma"))
    luma = (pictures[0] / 255).astype(np.float32) @ np.float32([0.2126, 0.7152, 0.0722])  # ITU-R BT.709, item 3.2
    assert torch.allclose(truth.gray, lightness_of(luma, 0), atol=1e-3)
    assert (truth.gray - truth.lightness).abs().max() > 1
    assert torch.equal(truth.lightness, truth.lab[:, :1])


def test_methods_can_be_given_a_worn_film(tmp_path):
    clip = Clip("clip", write_frames(tmp_path / "clip", frames(3)))
    for plain, old in zip(read(clip, gray="luma"), read(clip, gray="worn"), strict=True):
        assert torch.equal(plain.lab, old.lab)
        assert (plain.gray - old.gray).std() > 1
    again = list(read(clip, gray="worn"))
    assert torch.equal(old.gray, again[-1].gray)


def test_gray_pictures_have_no_colour(tmp_path):
    folder = tmp_path / "gray"
    folder.mkdir()
    for number in range(2):
        write_png(folder / f"{number}.png", frames(1)[0][..., 0])
    facts = look_through(Clip("gray", folder))
    assert facts.mean_ab < 0.1
