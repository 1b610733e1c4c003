"""A shots file on the node in Nuke, with a real worker: how it counts, what it ignores, and what is said of it."""

import json
import os

import numpy as np
import pytest

from tests.hosts.nuke import plates
from tests.hosts.nuke.conftest import attach_to, plate_and_node
from tests.hosts.nuke.test_bake import chroma, shown


@pytest.fixture
def node(terminal, listening):
    return attach_to(plate_and_node(terminal), listening)


@pytest.fixture
def write(tmp_path, node):
    """Writes a shots file with a picture beside it, and gives it to the node."""
    plates.write_sequence(tmp_path, plates.colored, [1001], "painted")

    def write(*lines):
        path = tmp_path / "shots.yaml"
        path.write_text("version: 1\nshots:\n" + "".join(f"  - {line}\n" for line in lines))
        node["shots_file"].setValue(path.as_posix())
        return path

    return write


TWO_SHOTS = (
    "{first: 0, last: 1, references: [painted.1001.exr]}",
    "{first: 3, references: [{image: painted.1001.exr, frame: 3}]}",
)


def colored_frames(node):
    return [frame for frame in range(1001, 1005) if chroma(shown(node, frame).rgb) > 0.01]


def job_of(node, version="v001"):
    with open(f"{node['result_file'].value().split('/v0')[0]}/{version}/job.json") as file:
        return json.load(file)["jobs"][0]


def test_its_frame_0_is_the_sources_first_whatever_the_range_is(node, write):
    write(*TWO_SHOTS)
    node["run"].execute()
    assert colored_frames(node) == [1001, 1002, 1004]
    np.testing.assert_allclose(shown(node, 1003).rgb, plates.gray(1003), atol=2e-6)
    node["range_first"].setValue(1003)
    node["run"].execute()
    assert colored_frames(node) == [1004]
    assert job_of(node, "v002")["shots"]["first"] == 1001
    node["range_last"].setValue(1003)
    with pytest.raises(RuntimeError, match="1003 to 1003, which it counts as 2 to 2"):
        node["run"].execute()


def test_references_on_the_inputs_do_not_count_and_the_node_says_so(node, terminal, write):
    write(*TWO_SHOTS)
    broken = terminal.module.nodes.Read(file="/nowhere/%04d.exr", name="Broken")
    node.setInput(2, broken)
    node["ref1_file"].setValue("/nowhere/painted.png")
    node["run"].execute()
    assert job_of(node)["references"] == []
    words = "frame 0 of shots.yaml is 1001; Ref1 and Ref2 are ignored because of shots.yaml"
    assert words in node["status"].value()
    assert any("checking" in line and words in line for line in terminal.printed)
    assert node["label_text"].value() == "1001-1004  shots.yaml  v001"


def test_a_path_may_count_from_the_script(node, write):
    write(*TWO_SHOTS)
    node["shots_file"].setValue("shots.yaml")
    node["run"].execute()
    assert colored_frames(node) == [1001, 1002, 1004]


def test_stale_after_another_wording_or_another_picture(node, write):
    from vcnode_nuke.nodes import controller_of

    path = write(*TWO_SHOTS)
    node["run"].execute()
    assert controller_of(node).refresh() == "done"
    os.utime(path.with_name("painted.1001.exr"), (1, 1))
    assert controller_of(node).refresh() == "stale"
    node["run"].execute()
    assert controller_of(node).refresh() == "done"
    path.write_text(path.read_text().replace("last: 1", "last: 2"))
    assert controller_of(node).refresh() == "stale"
    node["shots_file"].setValue("")
    assert controller_of(node).refresh() == "stale"
    assert "ignored" not in node["status"].value()


def test_everything_that_is_wrong_is_in_one_message(node, terminal, write, tmp_path):
    write(
        "{first: 0, last: 1, references: [gone.png]}",
        "{first: 2, references: [{image: painted.1001.exr, mask: lost.png}]}",
    )
    node["range_first"].setValue(1000)
    with pytest.raises(RuntimeError) as caught:
        node["run"].execute()
    for part in ("goes beyond the Source", "line 3: there is no file", "gone.png", "line 4: there is no", "lost.png"):
        assert part in str(caught.value), part
    assert terminal.written == []
    node["range_first"].setValue(1001)
    node["shots_file"].setValue((tmp_path / "absent.yaml").as_posix())
    with pytest.raises(RuntimeError, match="There is no shots file"):
        node["run"].execute()


def test_a_user_is_told_how_it_counts_when_it_is_given(gui, tmp_path):
    node = plate_and_node(gui)
    (tmp_path / "shots.yaml").write_text("version: 1")
    node["shots_file"].setValue((tmp_path / "shots.yaml").as_posix())
    assert node["status"].value() == (
        "idle: nothing coloured yet; frame 0 of shots.yaml is 1001; Ref1 is ignored because of shots.yaml"
    )
    node["shots_file"].setValue("")
    assert node["status"].value() == "idle: nothing coloured yet"


def test_a_user_hears_of_everything_in_one_box(gui, listening, tmp_path):
    from vcnode_nuke.nodes import controller_of

    node = attach_to(plate_and_node(gui), listening)
    (tmp_path / "shots.yaml").write_text("version: 1\nshots: [{first: 0, references: [gone.png]}]\n")
    node["shots_file"].setValue((tmp_path / "shots.yaml").as_posix())
    node["range_last"].setValue(900)
    node["run"].execute()
    gui.process(lambda: controller_of(node).state in ("failed", "idle") and gui.messages)
    assert len(gui.messages) == 1
    for part in ("2 things", "ends before it begins", "gone.png"):
        assert part in gui.messages[0]
    assert node["status"].value().startswith("failed")
