"""Files that are named on the node in Nuke: their paths, and what the numbers in them mean."""

import json

import numpy as np
import pytest

from tests.hosts.nuke import plates
from tests.hosts.nuke.conftest import attach_to, plate_and_node
from tests.hosts.nuke.fake_nuke import Picture
from tests.hosts.nuke.fake_nuke.operators import to_srgb
from tests.hosts.nuke.test_bake import chroma, shown


@pytest.fixture
def node(terminal, listening):
    return attach_to(plate_and_node(terminal), listening)


@pytest.fixture
def painted(tmp_path):
    plates.write_sequence(tmp_path, plates.colored, [1001], "painted")
    return (tmp_path / "painted.%04d.exr").as_posix()


def settings(node):
    from vcnode_nuke.nodes import controller_of

    return controller_of(node).host.settings()


def jobs(folder):
    note = json.loads((folder / "vcnode" / "shot" / "VCNode1" / "v001" / "job.json").read_text("utf-8"))
    return note["jobs"]


@pytest.mark.parametrize("place", ["%04d", "####"])
def test_a_sequence_is_no_reference_whatever_frame_the_viewer_is_at(node, terminal, painted, place):
    terminal.current_frame = 1001
    node["ref1_file"].setValue(painted.replace("%04d", place))
    with pytest.raises(RuntimeError, match="Reference 1 is a sequence"):
        node["run"].execute()
    assert terminal.written == []


def test_a_cache_folder_does_not_follow_the_viewer(node, terminal, tmp_path):
    node["cache_dir"].setValue((tmp_path / "cache_%04d").as_posix())
    with pytest.raises(RuntimeError, match="read as a command"):
        node["run"].execute()
    assert terminal.written == []


def test_paths_count_from_the_script_and_may_climb(node, tmp_path, painted):
    (tmp_path / "nk").mkdir()
    node._session.script = (tmp_path / "nk" / "shot.nk").as_posix()
    node["cache_dir"].setValue("../cache/")
    node["ref1_file"].setValue("../nk/../painted.1001.exr")
    node["shots_file"].setValue("../shots.yaml")
    chosen = settings(node)
    assert chosen.folder == (tmp_path / "cache").as_posix()
    assert chosen.shots_file == (tmp_path / "shots.yaml").as_posix()
    node["shots_file"].setValue("")
    node["run"].execute()
    assert node["result_file"].value() == (tmp_path / "cache" / "v001" / "colored.%04d.exr").as_posix()
    assert chroma(shown(node).rgb) > 0.02


def test_an_exr_file_means_what_was_chosen(node, terminal, tmp_path):
    plates.write_sequence(tmp_path, lambda frame: to_srgb(plates.colored(frame)), [1001], "coded")
    terminal.pictures[node.input(0)] = lambda frame, view: Picture.of_rgb(to_srgb(plates.gray(frame)))
    terminal.pictures[node.input(1)] = lambda frame, view: Picture.of_rgb(to_srgb(plates.colored(frame)))
    node["encoding"].setValue("srgb")
    node["run"].execute()
    expected = shown(node).rgb
    node["ref1_file"].setValue((tmp_path / "coded.1001.exr").as_posix())
    node["run"].execute()
    np.testing.assert_allclose(shown(node).rgb, expected, atol=5e-3)


def test_exr_files_of_a_shots_file_mean_what_was_chosen(node, tmp_path, painted):
    (tmp_path / "shots.yaml").write_text("version: 1\nshots: [{first: 0, references: [painted.1001.exr]}]\n")
    node["shots_file"].setValue((tmp_path / "shots.yaml").as_posix())
    node["encoding"].setValue("srgb")
    node["run"].execute()
    (job,) = jobs(tmp_path)
    assert (job["encoding"], job["shots"]["encoding"]) == ("linear-srgb", "srgb")


def test_ocio_converts_no_exr_files(node, terminal, tmp_path, painted):
    node["encoding"].setValue("ocio")
    node["ocio_in"].setValue("camera")
    node["ocio_out"].setValue("lin_srgb")
    node["ref1_file"].setValue((tmp_path / "painted.1001.exr").as_posix())
    with pytest.raises(RuntimeError, match="connect it to Ref1"):
        node["run"].execute()
    (tmp_path / "shots.yaml").write_text("version: 1\nshots: [{first: 0, references: [painted.1001.exr]}]\n")
    node["shots_file"].setValue((tmp_path / "shots.yaml").as_posix())
    with pytest.raises(RuntimeError, match=r"shots\.yaml names painted\.1001\.exr, and ocio converts no EXR"):
        node["run"].execute()
    assert terminal.written == []


def test_frames_below_0_are_refused_before_anything_is_rendered(node, terminal):
    terminal.ranges.update(dict.fromkeys((node.input(0), node.input(1)), (-5, -2)))
    node["range_reset"].execute()
    node["ref1_frame"].setValue(-5)
    with pytest.raises(RuntimeError, match=r"^The range -5--2 begins below 0"):
        node["run"].execute()
    assert terminal.written == []
