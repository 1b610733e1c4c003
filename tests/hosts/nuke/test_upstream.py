"""What makes a result in Nuke stale, and an unfinished run of no use: nodes upstream, and every file that they read."""

import os

import numpy as np
import pytest

from tests.hosts.nuke import plates
from tests.hosts.nuke.conftest import attach_to, plate_and_node
from tests.hosts.nuke.fake_nuke import read_exr
from vcnode_client.fingerprint import fingerprint
from vcnode_client.host import Clip

LONG_AGO = (1, 1)


@pytest.fixture
def node(terminal):
    return plate_and_node(terminal)


def read(session, pattern, first=plates.FIRST, last=plates.LAST):
    return session.module.nodes.Read(file=pattern, first=first, last=last)


def upstream(node):
    from vcnode_nuke.nodes import controller_of

    return controller_of(node).host.upstream()


@pytest.mark.parametrize("frame", [1001, 1003, 1004])
def test_every_frame_of_a_read_counts(node, terminal, tmp_path, frame):
    node.setInput(0, read(terminal, plates.write_sequence(tmp_path)))
    before = upstream(node)
    assert upstream(node) == before
    os.utime(tmp_path / f"plate.{frame}.exr", LONG_AGO)
    assert upstream(node) != before


def test_frames_outside_a_reads_range_do_not_count(node, terminal, tmp_path):
    node.setInput(0, read(terminal, plates.write_sequence(tmp_path), last=1003))
    before = upstream(node)
    os.utime(tmp_path / "plate.1004.exr", LONG_AGO)
    assert upstream(node) == before


def test_files_of_the_views_that_are_coloured_count(node, terminal, tmp_path):
    for view in ("left", "right"):
        (tmp_path / view).mkdir()
        plates.write_sequence(tmp_path / view)
    terminal.views, terminal.view = ["left", "right"], "left"
    node.setInput(0, read(terminal, (tmp_path / "%V" / "plate.####.exr").as_posix()))
    texts = {views: (node["views"].setValue(views), upstream(node))[1] for views in ("current", "all")}
    os.utime(tmp_path / "right" / "plate.1003.exr", LONG_AGO)
    changed = {views: (node["views"].setValue(views), upstream(node))[1] != texts[views] for views in texts}
    assert changed == {"current": False, "all": True}


def test_a_frame_number_may_stand_in_a_folders_name_too(node, terminal, tmp_path):
    for frame in range(plates.FIRST, plates.LAST + 1):
        (tmp_path / f"f_{frame}").mkdir()
        plates.write_sequence(tmp_path / f"f_{frame}", frames=[frame])
    node.setInput(0, read(terminal, (tmp_path / "f_%04d" / "plate.%04d.exr").as_posix()))
    before = upstream(node)
    os.utime(tmp_path / "f_1003" / "plate.1003.exr", LONG_AGO)
    assert upstream(node) != before


def test_another_place_of_a_connection_counts(node, terminal):
    plate, painted = node.input(0), node.input(1)
    switch = terminal.module.nodes.Switch(inputs=[plate, None])
    node.setInput(0, switch)
    before = upstream(node)
    switch.setInput(0, None)
    switch.setInput(1, plate)
    assert upstream(node) != before
    graded = terminal.module.nodes.Grade(inputs=[plate], multiply=2.0)
    texts = set()
    for source, reference in ((graded, painted), (painted, graded), (graded, graded)):
        node.setInput(0, source)
        node.setInput(1, reference)
        texts.add(upstream(node))
    assert len(texts) == 3


def test_names_do_not_count(node, terminal):
    switch = terminal.module.nodes.Switch(inputs=[node.input(0), node.input(1)])
    node.setInput(0, switch)
    before = upstream(node)
    for each in (switch, node.input(1)):
        each.setName("Renamed")
    assert upstream(node) == before


def test_what_ocio_converts_from_counts_where_it_converts(node):
    from vcnode_nuke.nodes import controller_of

    def digest():
        return fingerprint(controller_of(node).host.settings(), Clip(1001, 1004, 72, 56), ["main"], "")

    found = set()
    for encoding, space in (("ocio", "camera"), ("ocio", "film"), ("linear-srgb", "film"), ("srgb", "film")):
        node["encoding"].setValue(encoding)
        node["ocio_in"].setValue(space)
        node["ocio_out"].setValue("lin_srgb")
        found.add(digest())
    assert len(found) == 4
    node["ocio_in"].setValue("camera")
    assert digest() in found, "only ocio converts"


def test_a_cancelled_run_does_not_go_on_with_a_frame_that_was_rendered_anew(gui, listening, tmp_path):
    from vcnode_nuke.nodes import controller_of

    node = attach_to(plate_and_node(gui), listening)
    node.setInput(0, read(gui, plates.write_sequence(tmp_path)))
    node["keep_input"].setValue(True)

    def run():
        node["run"].execute()
        gui.process(lambda: not controller_of(node).running)
        return node["status"].value().split(":")[0]

    gui.cancel_progress = lambda bar: 25 in bar.shown
    assert run() == "cancelled"
    gui.cancel_progress = lambda bar: False
    plates.write_sequence(tmp_path, lambda frame: plates.gray(frame) / 2, [1003])
    os.utime(tmp_path / "plate.1003.exr", LONG_AGO)
    assert run() == "done"
    version = os.path.dirname(node["result_file"].value())
    rendered = read_exr(f"{version}/input/main/source.1003.exr").rgb
    np.testing.assert_allclose(rendered, plates.gray(1003) / 2, rtol=2e-3)
    os.utime(tmp_path / "plate.1002.exr", LONG_AGO)
    assert controller_of(node).refresh() == "stale"
