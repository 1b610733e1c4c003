import logging
import os
import shutil

import numpy as np
import PIL.Image
import pytest
import torch

from tests.training.conftest import photo
from vcnode.errors import Cancelled, InputError
from vcnode.training.data import MaterialFilter, build_index, load_index

from .pictures import LittleModel, filled, film, save


@pytest.fixture(scope="module")
def album(tmp_path_factory):
    """Six scenes in two classes, each photographed twice, and what is no good."""
    folder = tmp_path_factory.mktemp("album")
    for number in range(6):
        scene = photo(number)
        name = f"{'meadow' if number % 2 else 'harbour'}/{number}"
        save(scene, folder / f"{name}a.png")
        save(scene.point(lambda code: 0.95 * code + 5), folder / f"{name}b.png")
    save(photo(9).convert("L"), folder / "meadow" / "gray.png")
    (folder / "harbour" / "broken.jpg").write_bytes(b"no picture")
    return folder


@pytest.fixture
def path(tmp_path):
    return tmp_path / "photos.index.safetensors"


class Watch:
    """Notes what progress says, and how many pictures the encoder has seen."""

    def __init__(self):
        self.said, self.looked = [], 0
        self.model = LittleModel()
        self.model.encoder.register_forward_hook(self.note)

    def note(self, module, inputs, outputs):
        self.looked += len(inputs[0])

    def build(self, folder, path, **options):
        return build_index(folder, self.model, path, lambda *report: self.said.append(report), **options)


@pytest.fixture
def watch():
    return Watch()


def test_the_models_own_encoder_finds_twins(album, path, tiny_model):
    index = build_index(album, tiny_model, path)
    assert index.photos["meadow/1a.png"][0] == "meadow/1b.png"
    assert index.photos["harbour/4b.png"][0] == "harbour/4a.png"


def test_the_most_similar_photos_of_the_class_come_first(album, path, watch):
    index = watch.build(album, path)
    assert len(index.photos) == 12
    for name, similar in index.photos.items():
        twin = name.replace("a.", "x.").replace("b.", "a.").replace("x.", "b.")
        assert similar[0] == twin
        assert len(similar) == len(set(similar)) == 5
        assert name not in similar
        assert {each.split("/")[0] for each in similar} == {name.split("/")[0]}
    assert watch.said[-1] == (14, 14)


def test_what_is_no_good_is_left_out_and_what_cannot_be_read_is_named_once(album, path, watch, caplog):
    with caplog.at_level(logging.WARNING, "vcnode"):
        index = watch.build(album, path)
    assert index.left_out["meadow/gray.png"] == "gray"
    assert "broken.jpg" in index.left_out["harbour/broken.jpg"]
    assert sum("broken.jpg" in message for message in caplog.messages) == 1


def test_a_link_to_nothing_is_named_once_and_left_out(album, path, watch, caplog, tmp_path):
    folder = shutil.copytree(album, tmp_path / "copy")
    videos = tmp_path / "videos"
    film(videos / "walk", [5], 144, 200)
    for link in (folder / "meadow" / "gone.jpg", videos / "gone.mp4"):
        link.symlink_to(tmp_path / "nowhere")
    with caplog.at_level(logging.WARNING, "vcnode"):
        index = watch.build(folder, path, videos=videos)
        assert watch.build(folder, path, videos=videos) == index
    assert {"meadow/gone.jpg", "gone.mp4"} < set(index.left_out)
    for name in ("gone.jpg", "gone.mp4"):
        assert sum(name in message for message in caplog.messages) == 1
    assert load_index(path, folder, videos=videos) == index


def test_loading_gives_what_was_built(album, path, watch):
    index = watch.build(album, path, unpaired=["harbour"], neighbours=3)
    assert load_index(path) == index
    assert load_index(path, album, unpaired=["harbour"], neighbours=2, filter=MaterialFilter()) == index
    assert all(not similar for name, similar in index.photos.items() if name.startswith("harbour"))
    assert all(len(similar) == 3 for name, similar in index.photos.items() if name.startswith("meadow"))


def test_what_a_killed_build_left_is_removed(album, path, watch):
    leftover = path.with_name(f".{path.name}.0f.tmp")
    leftover.write_bytes(b"")
    watch.build(album, path)
    assert not leftover.exists()


def test_a_second_build_looks_at_nothing_new(album, path, watch):
    first = watch.build(album, path)
    assert watch.looked == 13
    assert watch.build(album, path) == first
    assert watch.looked == 13


def test_other_thresholds_and_classes_need_no_new_look(album, path, watch):
    watch.build(album, path)
    looked = watch.looked
    index = watch.build(album, path, filter=MaterialFilter(chroma=0), unpaired=["meadow"])
    assert watch.looked == looked
    assert "meadow/gray.png" in index.photos
    assert not index.photos["meadow/gray.png"]


def test_only_new_and_changed_pictures_are_looked_at(album, path, watch, tmp_path):
    folder = shutil.copytree(album, tmp_path / "copy")
    watch.build(folder, path)
    looked = watch.looked
    save(photo(20), folder / "meadow" / "new.png")
    save(photo(21), folder / "meadow" / "1a.png")
    (folder / "meadow" / "3a.png").unlink()
    with pytest.raises(InputError, match=r"added, changed or removed.*train index"):
        load_index(path, folder)
    index = watch.build(folder, path)
    assert watch.looked == looked + 2
    assert "meadow/new.png" in index.photos
    assert "meadow/3a.png" not in {name for names in index.photos.values() for name in (*names, *index.photos)}
    assert load_index(path, folder) == index


def test_a_touched_photo_makes_the_index_stale(album, path, watch, tmp_path):
    folder = shutil.copytree(album, tmp_path / "copy")
    watch.build(folder, path)
    os.utime(folder / "meadow" / "1a.png", ns=(1, 1))
    with pytest.raises(InputError, match="added, changed or removed"):
        load_index(path, folder)


def test_another_encoder_looks_at_everything_again(album, path, watch):
    first = watch.build(album, path)
    with torch.no_grad():
        next(watch.model.encoder.parameters()).mul_(0.5)
    assert watch.build(album, path).photos.keys() == first.photos.keys()
    assert watch.looked == 26


def test_a_cancelled_build_goes_on_where_it_stopped(path, watch, tmp_path):
    folder = tmp_path / "many"
    for number in range(40):
        save(photo(number, 130, 140), folder / "class" / f"{number:02}.jpg")
    asked = iter([False, True])
    with pytest.raises(Cancelled, match="32 of 40"):
        watch.build(folder, path, cancelled=lambda: next(asked))
    with pytest.raises(InputError, match="unfinished"):
        load_index(path)
    index = watch.build(folder, path)
    assert watch.looked == 40
    assert len(index.photos) == 40
    assert watch.said[-1] == (40, 40)


def test_a_build_that_breaks_keeps_what_it_did(path, watch, tmp_path):
    folder = tmp_path / "many"
    for number in range(36):
        save(photo(number, 130, 140), folder / "class" / f"{number:02}.jpg")

    def interrupt(done, total):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        build_index(folder, watch.model, path, interrupt)
    watch.build(folder, path)
    assert watch.looked == 36


@pytest.mark.parametrize("where", ["version", "encoder", "neighbours", "shape", "descriptors", "records"])
def test_a_damaged_index_is_noticed_and_made_anew(album, path, watch, where, caplog):
    index = watch.build(album, path)
    data = bytearray(path.read_bytes())
    header_end = 8 + int.from_bytes(data[:8], "little")
    header = bytes(data[:header_end])
    places = {"version": b'"version":"', "encoder": b'"encoder":"', "neighbours": b"neighbours", "shape": b'"shape":['}
    ends = {name: header.index(text) + len(text) for name, text in places.items()}  # the header's order varies
    data[{**ends, "descriptors": header_end + 10, "records": -20}[where]] ^= 0x01
    path.write_bytes(data)
    with pytest.raises(InputError, match=r"damaged.*train index"):
        load_index(path, album)
    assert watch.build(album, path) == index
    assert watch.looked == 26
    assert any("made anew" in message for message in caplog.messages)


def test_other_files_are_no_index(path, tmp_path):
    with pytest.raises(InputError, match="does not exist"):
        load_index(path)
    path.write_bytes(b"something else")
    with pytest.raises(InputError, match="damaged or of another version"):
        load_index(path)


@pytest.mark.parametrize(
    "settings", [{"unpaired": ["meadow"]}, {"neighbours": 6}, {"filter": MaterialFilter(lightness=20)}]
)
def test_an_index_of_other_settings_is_refused(album, path, watch, settings):
    watch.build(album, path)
    with pytest.raises(InputError, match="made with other"):
        load_index(path, album, **settings)


def test_clips_get_photos_of_their_class_or_of_all(album, path, watch, tmp_path):
    videos = tmp_path / "videos"
    film(videos / "meadow" / "walk", [5], 144, 200)
    film(videos / "elsewhere", [4], 144, 200)
    film(videos / "tiny", [4])
    index = watch.build(album, path, videos=videos, unpaired=["harbour"])
    assert set(index.clips) == {"meadow/walk", "elsewhere"}
    assert index.left_out["tiny"] == "tiny"
    for similar in index.clips.values():
        assert len(similar) == 5
        assert all(name.startswith("meadow/") for name in similar)
    assert load_index(path, album, videos=videos) == index
    assert load_index(path, album) == index  # photos alone
    save(filled(200, 30, 30), videos / "elsewhere" / "frame_004.png")
    with pytest.raises(InputError, match="added, changed or removed"):
        load_index(path, album, videos=videos)


def test_a_folder_of_which_nothing_can_be_used_is_refused(path, watch, tmp_path):
    save(filled(90, 90, 90), tmp_path / "photos" / "class" / "gray.png")
    with pytest.raises(InputError, match="None of the 1 pictures"):
        watch.build(tmp_path / "photos", path)


def test_a_photo_alone_in_its_class_has_no_neighbours(path, watch, tmp_path):
    save(PIL.Image.fromarray(np.asarray(photo(0))), tmp_path / "photos" / "class" / "one.png")
    assert watch.build(tmp_path / "photos", path).photos == {"class/one.png": ()}
