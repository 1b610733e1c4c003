"""The example workflows open in the editor without a red node, with every widget at its place."""

import json
import re
from dataclasses import dataclass

import pytest

from tests.hosts.comfyui.conftest import PACK

FOLDER = PACK / "example_workflows"
NAMES = ("film", "keyframes", "one_reference", "resume")


@dataclass(frozen=True)
class Core:
    """One of ComfyUI's own nodes: its inputs by name, whether they are widgets, and its outputs' types."""

    inputs: dict
    outputs: tuple = ()
    widgets: int = 0


CORE = {
    "LoadImage": Core({"image": "COMBO"}, ("IMAGE", "MASK"), widgets=2),  # the second is the upload button
    "LoadVideo": Core({"file": "COMBO"}, ("VIDEO",), widgets=2),
    "SaveVideo": Core({"video": "VIDEO", "filename_prefix": "STRING", "format": "COMBO", "codec": "COMBO"}, widgets=3),
    "SaveImage": Core({"images": "IMAGE", "filename_prefix": "STRING"}, widgets=1),
    "PreviewImage": Core({"images": "IMAGE"}),
    "PreviewAny": Core({"source": "*"}),
    "ImageBatch": Core({"image1": "IMAGE", "image2": "IMAGE"}, ("IMAGE",)),
    "MarkdownNote": Core({}, widgets=1),
}


@pytest.fixture(params=NAMES)
def workflow(request):
    return json.loads((FOLDER / f"{request.param}.json").read_text(encoding="utf-8"))


def own(workflow):
    return [node for node in workflow["nodes"] if node["type"].startswith("VCNode_")]


def test_these_and_their_pictures():
    assert sorted(file.stem for file in FOLDER.glob("*.json")) == sorted(NAMES)
    for name in NAMES:
        picture = FOLDER / f"{name}.jpg"
        assert 2_000 < picture.stat().st_size < 40_000, picture


def test_only_core_nodes_and_ours(workflow, pack):
    assert {node["type"] for node in workflow["nodes"]} <= {*CORE, *pack.nodes}
    assert own(workflow)
    assert any(node["type"] == "MarkdownNote" for node in workflow["nodes"])


def test_widgets_are_complete_and_allowed(workflow, pack):
    for node in workflow["nodes"]:
        values = node.get("widgets_values", [])
        if node["type"] in CORE:
            assert len(values) == CORE[node["type"]].widgets, node["type"]
            continue
        widgets = [one for one in pack.nodes[node["type"]].GET_SCHEMA().ordered_inputs() if one.is_widget]
        assert len(values) == len(widgets), node["type"]
        for widget, value in zip(widgets, values, strict=True):
            where = f"{node['type']}.{widget.id} = {value!r}"
            if widget.io_type in ("INT", "FLOAT"):
                assert isinstance(value, int if widget.io_type == "INT" else int | float), where
                assert widget.min <= value <= widget.max, where
            elif widget.io_type == "BOOLEAN":
                assert isinstance(value, bool), where
            else:
                assert isinstance(value, str), where
            if widget.io_type == "COMBO" and node["type"] not in FILES:
                assert value in widget.options, where


FILES = {"VCNode_LoadState", "VCNode_LoadShots"}  # their choices are files of the user


def sockets(node, pack):
    """Input types by name and output types by position."""
    if node["type"] in CORE:
        return CORE[node["type"]].inputs, CORE[node["type"]].outputs
    schema = pack.nodes[node["type"]].GET_SCHEMA()
    return {one.id: one.io_type for one in schema.inputs}, tuple(one.io_type for one in schema.outputs)


def test_links_join_sockets_that_exist_and_fit(workflow, pack):
    nodes = {node["id"]: node for node in workflow["nodes"]}
    for number, start, output, end, place, kind in workflow["links"]:
        _, given = sockets(nodes[start], pack)
        wanted, _ = sockets(nodes[end], pack)
        socket = nodes[end]["inputs"][place]
        assert socket["link"] == number
        assert number in nodes[start]["outputs"][output]["links"]
        accepted = set(wanted[socket["name"]].split(","))
        assert "*" in accepted or given[output] in accepted, (socket["name"], given[output])
        assert kind in (given[output], wanted[socket["name"]])  # the editor writes the type of one of the ends


def test_sockets_are_the_schemas(workflow, pack):
    for node in own(workflow):
        schema = pack.nodes[node["type"]].GET_SCHEMA()
        wanted, given = sockets(node, pack)
        assert {one["name"] for one in node["inputs"]} == set(wanted)
        assert [one["type"] for one in node["outputs"]] == list(given)
        assert [one["name"] for one in node["outputs"]] == [one.display_name for one in schema.outputs]


def test_required_inputs_are_there(workflow, pack):
    for node in own(workflow):
        linked = {one["name"] for one in node["inputs"] if one.get("link") is not None}
        for one in pack.nodes[node["type"]].GET_SCHEMA().inputs:
            assert one.optional or one.is_widget or one.id in linked, (node["type"], one.id)


def test_identifiers(workflow):
    nodes, links = workflow["nodes"], workflow["links"]
    assert len({node["id"] for node in nodes}) == len(nodes)
    assert len({link[0] for link in links}) == len(links)
    assert workflow["last_node_id"] == max(node["id"] for node in nodes)
    assert workflow["last_link_id"] == max(link[0] for link in links)
    assert workflow["version"] == 0.4


def test_nodes_do_not_overlap(workflow):
    boxes = [(node["pos"], node["size"], node["type"]) for node in workflow["nodes"]]
    for place, ((x, y), (width, height), name) in enumerate(boxes):
        for (other_x, other_y), (other_width, other_height), other in boxes[place + 1 :]:
            apart = x + width <= other_x or other_x + other_width <= x
            apart = apart or y + height <= other_y - 30 or other_y + other_height <= y - 30  # 30: the title bar
            assert apart, (name, other)


def test_nothing_of_the_machine_they_were_made_on(workflow):
    text = json.dumps(workflow)
    assert not re.search(r"/(home|root|tmp)/|[A-Z]:\\\\", text)
    assert "http" not in text or "github.com" in text
