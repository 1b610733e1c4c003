"""The node's text: well-formed, complete in itself, and made by its generator."""

import itertools
import re

import pytest

from gizmo_source import backdrops, graph, group_text, panel, toolset
from tests.hosts.nuke.conftest import NODE_FOLDER
from tests.hosts.nuke.fake_nuke import running
from tests.hosts.nuke.fake_nuke.tcl import Braced, commands

GIZMO = (NODE_FOLDER / "gizmos" / "VCNode.gizmo").read_text(encoding="ascii")
EXAMPLE = (NODE_FOLDER / "toolsets" / "VCNode_two_references.nk").read_text(encoding="ascii")


@pytest.fixture
def node(terminal):
    return terminal.module.createNode("VCNode")


def test_the_files_are_what_the_generator_writes():
    said = "run `python -m gizmo_source` in hosts/nuke/nuke"
    assert group_text() == GIZMO, said
    assert toolset.text() == EXAMPLE, said


def test_it_is_a_group_that_needs_no_plugin_path():
    assert GIZMO.startswith("Group {")
    classes = {words[0] for words in commands(GIZMO) if len(words) == 2 and isinstance(words[1], Braced)}
    assert "Write" not in classes, "a farm would render it"
    assert "Gizmo" not in classes
    assert classes <= {
        *("Group", "Input", "Output", "Dot", "Read", "Switch", "Copy", "Merge2", "MergeExpression", "Expression"),
        *("Colorspace", "OCIOColorSpace", "BlackOutside", "Crop", "add_layer", "BackdropNode"),
    }


@pytest.mark.parametrize("text", [GIZMO, EXAMPLE])
def test_tcl_finds_it_complete(text):
    tkinter = pytest.importorskip("tkinter")
    try:
        tcl = tkinter.Tcl()
    except Exception as error:
        pytest.skip(f"no Tcl here: {error}")
    assert tcl.getboolean(tcl.call("info", "complete", text))
    for words in commands(text):
        if isinstance(words[-1], Braced):
            assert tcl.getboolean(tcl.call("info", "complete", words[-1]))


def test_connections_are_as_drawn(node):
    """Nuke takes inputs from its stack: the last node pushed is input 0, a Merge's B."""
    found = {each.name(): [each.input(number).name() for number in range(each.inputs())] for each in node.nodes()}
    assert found == {each.name: list(each.inputs) for each in graph.nodes()}
    assert found["Masked"] == ["Plate", "FromLinear", "mask"]


def test_every_node_lies_on_the_backdrop_of_its_block(node):
    """A backdrop encloses its nodes, labels them, and touches no other."""
    everything = {each.name(): each for each in node.nodes()}
    areas = {}
    for block in graph.blocks():
        backdrop = everything[block.backdrop.name]
        assert backdrop.Class() == "BackdropNode"
        assert backdrop["label"].value(), "it does not say what it is for"
        left, top = backdrop["xpos"].value(), backdrop["ypos"].value()
        areas[backdrop.name()] = (left, top, left + backdrop["bdwidth"].value(), top + backdrop["bdheight"].value())
    kept = []
    for each in everything.values():
        if each.Class() == "BackdropNode":
            continue
        x, y = each["xpos"].value(), each["ypos"].value()
        inside = [
            name
            for name, (left, top, right, bottom) in areas.items()
            if left <= x and x + backdrops.TILE_WIDTH <= right and top + 20 <= y and y + backdrops.TILE_HEIGHT <= bottom
        ]
        assert len(inside) == 1, each.name()
        kept += inside
    assert set(kept) == set(areas), "a backdrop is empty"
    for one, other in itertools.combinations(areas.values(), 2):
        assert one[2] <= other[0] or other[2] <= one[0] or one[3] <= other[1] or other[3] <= one[1]


@pytest.mark.parametrize("text", [GIZMO, EXAMPLE])
def test_no_path_of_any_machine(text):
    assert not re.search(r'(^|[\s"{])(/[A-Za-z]|[A-Za-z]:[/\\])', text)
    assert "\\\\" not in text.replace("\\\\n", "")


def test_links_lead_to_knobs_inside(node):
    links = [knob for knob in node.knobs().values() if knob.Class() == "Link_Knob"]
    assert len(links) == 9
    for link in links:
        link.value()


def test_every_expression_can_be_computed(node, terminal):
    counted = 0
    for each in node.nodes():
        for knob in each.knobs().values():
            for text in knob._expressions or ():
                counted += 1
                if "input." not in text:
                    knob._get()
    assert counted > 20


def test_every_visible_knob_says_what_it_is_for(node):
    silent = [
        knob.name()
        for knob in node.knobs().values()
        if knob.name() in {each.name for each in panel.knobs()}
        and knob.visible()
        and knob.Class() != "Tab_Knob"
        and not knob.tooltip().endswith(".")
    ]
    assert silent == []


def test_inputs_are_named_and_in_order(node):
    inputs = {each["number"].value(): each.name() for each in node.nodes() if each.Class() == "Input"}
    assert inputs == {0: "Source", 1: "Ref1", 2: "Ref2", 3: "Ref3", 4: "Ref4", 5: "mask"}


def test_standard_names_of_the_mask_block(node):
    for name in ("maskChannelInput", "maskChannelMask", "inject", "invert_mask", "fringe", "mix"):
        assert node.knob(name) is not None, name


def test_every_button_has_an_action_and_can_be_pressed_without_its_python(node, monkeypatch):
    import sys

    from vcnode_nuke.buttons import _ACTIONS

    buttons = [knob for knob in node.knobs().values() if knob.Class() == "PyScript_Knob"]
    assert {knob.name() for knob in buttons} == set(_ACTIONS)
    monkeypatch.setitem(sys.modules, "vcnode_nuke", None)
    for knob in buttons:
        with pytest.raises(RuntimeError, match="NUKE_PATH"):
            knob.execute()


def test_a_button_without_its_python_tells_a_user_where_to_put_it(gui, monkeypatch):
    import sys

    node = gui.module.createNode("VCNode")
    monkeypatch.setitem(sys.modules, "vcnode_nuke", None)
    node["run"].execute()
    assert "NUKE_PATH" in gui.messages[0]


def test_it_is_saved_and_read_again(node, terminal, tmp_path):
    node["saturation"].setValue(1.25)
    node["worker_token"].setValue("secret")
    path = (tmp_path / "saved.nk").as_posix()
    terminal.module.scriptSaveAs(path)
    assert "secret" not in (tmp_path / "saved.nk").read_text()
    with running() as other:
        other.module.scriptOpen(path)
        again = other.module.toNode("VCNode1")
        assert again["saturation"].value() == 1.25
        assert again.knob("worker_token") is None
        assert len(again.nodes()) == len(node.nodes())


def test_the_example_is_connected(terminal):
    nuke = terminal.module
    nuke.loadToolset((NODE_FOLDER / "toolsets" / "VCNode_two_references.nk").as_posix())
    node = nuke.toNode("VCNode1")
    assert [node.input(number).name() for number in range(3)] == ["Plate", "Ref1", "Ref2"]
    assert node["ref2_frame"].value() == nuke.toNode("Ref2")["first_frame"].value() == 1060
