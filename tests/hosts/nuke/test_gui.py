"""With a user: the main thread renders, a thread talks to the worker, the end is on the main thread again."""

import pytest

from tests.hosts.nuke.conftest import attach_to, plate_and_node
from vcnode_client.problems import ClientError
from vcnode_client.versions import finished


@pytest.fixture
def node(gui, listening):
    return attach_to(plate_and_node(gui), listening)


def state(node):
    return node["status"].value().split(":")[0]


def run(node, gui):
    from vcnode_nuke.nodes import controller_of

    node["run"].execute()
    gui.process(lambda: not controller_of(node).running)


def test_a_run_with_a_progress_bar(node, gui):
    run(node, gui)
    assert state(node) == "done"
    shown = [each for bar in gui.bars for each in bar.shown]
    assert 25 in shown
    assert 100 in shown
    assert any("frame 1004" in str(each) for each in shown)
    assert gui.messages == []


def test_cancel_in_the_progress_bar(node, gui):
    gui.cancel_progress = lambda bar: 25 in bar.shown
    run(node, gui)
    assert state(node) == "cancelled"
    assert gui.messages == []
    gui.cancel_progress = lambda bar: False
    run(node, gui)
    assert state(node) == "done"


def test_cancel_by_the_button(node, gui):
    node["run"].execute()
    node["cancel"].execute()
    from vcnode_nuke.nodes import controller_of

    gui.process(lambda: not controller_of(node).running)
    assert state(node) == "cancelled"


def test_cancel_while_nuke_renders(node, gui):
    gui.cancel_render_at = 1003
    run(node, gui)
    assert state(node) == "cancelled"
    assert [each for each in node.nodes() if each.Class() == "Write"] == []
    gui.cancel_render_at = None
    run(node, gui)
    assert state(node) == "done"


def test_everything_that_is_wrong_in_one_box(node, gui):
    node.setInput(0, None)
    node.setInput(1, None)
    node["range_last"].setValue(0)
    gui.script = ""
    node["run"].execute()
    assert len(gui.messages) == 1
    for part in ("Source", "no reference", "ends before", "save the script"):
        assert part in gui.messages[0]


def test_pressing_twice(node, gui):
    node["run"].execute()
    node["run"].execute()
    assert "already" in gui.messages[0]
    from vcnode_nuke.nodes import controller_of

    gui.process(lambda: not controller_of(node).running)
    assert state(node) == "done"


def test_two_nodes_at_once(node, gui, listening):
    from vcnode_nuke.nodes import controller_of

    other = attach_to(gui.module.createNode("VCNode"), listening)
    for number in (0, 1):
        other.setInput(number, node.input(number))
    other["range_reset"].execute()
    other["ref1_frame"].setValue(1001)
    other["quality"].setValue("draft")
    node["run"].execute()
    other["run"].execute()
    gui.process(lambda: not controller_of(node).running and not controller_of(other).running)
    assert (state(node), state(other)) == ("done", "done")
    assert node["result_file"].value() != other["result_file"].value()


def test_the_version_knob_shows_another(node, gui):
    run(node, gui)
    node["quality"].setValue("normal")
    run(node, gui)
    node["version"].setValue(1)
    assert "v001" in node["result_file"].value()
    assert state(node) == "stale"
    node["version"].setValue(9)
    assert "no version 9" in gui.messages[-1]


def test_a_problem_while_the_panel_opens_is_told(node, gui, monkeypatch):
    def refresh(self):
        raise ClientError("the disk is away")

    monkeypatch.setattr("vcnode_client.controller.Controller.refresh", refresh)
    gui.knob_changed(node, type("Opened", (), {"name": lambda self: "showPanel"})())
    assert gui.messages == ["the disk is away"]


def test_the_state_is_looked_at_when_the_panel_opens(node, gui):
    run(node, gui)
    node["ref1_frame"].setValue(1002)
    gui.knob_changed(node, type("Opened", (), {"name": lambda self: "showPanel"})())
    assert state(node) == "stale"


def test_clearing_asks_first(node, gui):
    run(node, gui)
    node["quality"].setValue("normal")
    run(node, gui)
    folder = node["result_file"].value().split("/v002/")[0]
    gui.answer = False
    node["clear_cache"].execute()
    assert finished(folder) == [1, 2]
    gui.answer = True
    node["clear_cache"].execute()
    assert finished(folder) == [2]


def test_checking_the_worker(node, gui):
    node["check"].execute()
    gui.process(lambda: "model lite" in node["worker_said"].value())


def test_the_menu_makes_a_node_with_the_plates_range(gui):
    assert "VCNode" in gui.menus
    name, command = gui.menus[1]
    assert name == "VCNode"
    exec(command, {})
    assert gui.module.toNode("VCNode1") is not None
