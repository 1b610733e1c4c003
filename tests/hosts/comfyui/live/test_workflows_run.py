"""The example workflows do what their notes say, as the editor would queue them."""

import json

import av
import pytest
from PIL import Image

from tests.hosts.comfyui.conftest import SIZE, colored_clip, gray_clip
from tests.hosts.comfyui.live.films import write_film
from tests.hosts.comfyui.live.graph import Graph
from tests.hosts.comfyui.live.installation import PACK

WORKFLOWS = sorted((PACK / "example_workflows").glob("*.json"))
COUNT = 24
ON, OFF = 0, 2  # a node's mode: always, never (muted)


def nodes_of(file):
    return json.loads(file.read_text(encoding="utf-8"))


def widgets_of(node):
    """A node's widgets by name."""
    names = [one["name"] for one in node["inputs"] if one.get("widget")]
    return dict(zip(names, node.get("widgets_values") or (), strict=True))


def as_prompt(workflow):
    """What the editor makes of a workflow: widgets by name, links, no notes and no muted nodes."""
    nodes = {node["id"]: node for node in workflow["nodes"] if node["mode"] == ON and node["type"] != "MarkdownNote"}
    links = {link[0]: [str(link[1]), link[2]] for link in workflow["links"] if link[1] in nodes}
    prompt = {}
    for number, node in nodes.items():
        inputs = widgets_of(node)
        inputs |= {one["name"]: links[one["link"]] for one in node["inputs"] if one.get("link") in links}
        prompt[str(number)] = {"class_type": node["type"], "inputs": inputs}
        if "working_size" in inputs:
            inputs["working_size"] = SIZE  # for speed
    return prompt


@pytest.fixture
def run(server, server_base, tmp_path):
    """Runs a workflow on a film and pictures of the names it asks for; gives what the server said."""

    def run(workflow):
        graph = Graph(server.nodes, tmp_path)
        graph.prompt = as_prompt(workflow)
        for node in graph.prompt.values():
            if node["class_type"] == "LoadVideo":
                write_film(server_base / "input" / node["inputs"]["file"], gray_clip(COUNT))
            elif node["class_type"] == "LoadImage":
                picture = (colored_clip(1)[0] * 255).byte().numpy()
                Image.fromarray(picture).save(server_base / "input" / node["inputs"]["image"])
        talk = server.run(graph)
        assert talk.refused is None, talk.refused
        assert talk.of("execution_success"), talk.messages[-1]
        return talk

    return run


def films_shown(talk, base):
    """How many frames the films have that a run saved."""
    counts = []
    for output in talk.of("executed"):
        for shown in (output["output"] or {}).get("images", ()):
            if shown["filename"].endswith(".mp4"):
                with av.open(str(base / "output" / shown["subfolder"] / shown["filename"])) as film:
                    counts.append(sum(1 for _ in film.decode(video=0)))
    return counts


@pytest.mark.parametrize("file", WORKFLOWS, ids=lambda file: file.stem)
def test_it_runs(run, server_base, file):
    workflow = nodes_of(file)
    limits = [
        widgets_of(node)["frame_count"]
        for node in workflow["nodes"]
        if node["type"] == "VCNode_ColorizeVideo" and node["mode"] == ON
    ]
    talk = run(workflow)
    if limits:
        assert films_shown(talk, server_base) == [limit or COUNT for limit in limits]


def test_it_runs_as_it_was_saved_before(run, server_base):
    """`one_reference` without the widget that came later."""
    workflow = nodes_of(PACK / "example_workflows" / "one_reference.json")
    (node,) = [node for node in workflow["nodes"] if node["type"] == "VCNode_ColorizeVideo"]
    assert node["inputs"].pop()["name"] == "direction"
    del node["widgets_values"][-1]
    assert films_shown(run(workflow), server_base) == [COUNT]


def test_next_day(run, server_base):
    """`resume`: the second group, awake, goes on where the first one ended."""
    workflow = nodes_of(PACK / "example_workflows" / "resume.json")
    (first,) = films_shown(run(workflow), server_base)
    for node in workflow["nodes"]:
        if node["mode"] == OFF:
            node["mode"] = ON
        elif node["type"] in ("VCNode_ColorizeVideo", "VCNode_SaveState", "SaveVideo"):
            node["mode"] = OFF
    (state,) = [node for node in workflow["nodes"] if node["type"] == "VCNode_LoadState"]
    newest = max((server_base / "output" / "vcnode").glob("*.safetensors"), key=lambda one: one.stat().st_mtime)
    state["widgets_values"] = [f"vcnode/{newest.name}"]
    (second,) = films_shown(run(workflow), server_base)
    assert (first, first + second) == (20, COUNT)
