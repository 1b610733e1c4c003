"""A shots file, the plan that every host reads, in ComfyUI."""

import numpy as np
import pytest
from PIL import Image

from tests.hosts.comfyui.conftest import colored_clip, gray_clip

PLAN = """
version: 1
shots:
  - first: 0
    last: {last}
    references: [one.png]
  - first: {next}
    references: [two.png]
"""


@pytest.fixture
def folder(executor_base):
    """Below ComfyUI's input folder, with two pictures of different colours and no plan yet."""
    folder = executor_base / "input" / "plan"
    folder.mkdir(exist_ok=True)
    picture = (colored_clip(1)[0] * 255).byte().numpy()
    Image.fromarray(picture).save(folder / "one.png")
    Image.fromarray(picture[..., ::-1].copy()).save(folder / "two.png")
    return folder


def write(folder, cut):
    (folder / "shots.yaml").write_text(PLAN.format(last=cut - 1, next=cut), encoding="utf-8")


def test_each_shot_has_its_reference(executor, coloring, folder):
    graph, clip = coloring.graph, gray_clip(6)
    write(folder, 4)
    (widget,) = graph.inputs("VCNode_LoadShots")
    shots = graph.add("VCNode_LoadShots", **{widget: "plan/shots.yaml"})
    graph.keep(coloring.images(clip, references=shots["references"])["images"], "planned")
    assert executor.run(graph).succeeded
    colored = graph.array("planned")
    redder = (colored[..., 0] - colored[..., 2]).mean((1, 2))
    assert (redder[:4] < 0).all(), "the first picture's ground is blue"
    assert (redder[4:] > 0).all(), "the second one's is red"

    assert executor.run(graph).executed == []
    write(folder, 2)
    ran = executor.run(graph)
    assert ran.executed[0] == shots.id, "the file was written again"
    again = graph.kept("planned")[1].array
    assert np.array_equal(again[:2], colored[:2])
    assert not np.array_equal(again[2:4], colored[2:4])


def test_a_path_that_comes_from_another_node(executor, coloring, folder):
    """ComfyUI cannot tell whether that file has changed, so it is read each time, without a warning."""
    graph = coloring.graph
    write(folder, 1)
    (widget,) = graph.inputs("VCNode_LoadShots")
    shots = graph.add("VCNode_LoadShots", **{widget: graph.add("VCProbe_Text", text="plan/shots.yaml")["text"]})
    graph.keep(coloring.images(gray_clip(2), references=shots["references"])["images"], "linked")
    told = len(executor.log())
    for _ in range(2):
        ran = executor.run(graph)
        assert ran.succeeded
        assert shots.id in ran.executed
    assert "WARNING" not in executor.log()[told:]
    assert np.array_equal(*(kept.array for kept in graph.kept("linked")))
