"""Paths on the node and in Reads: Natron's variables, places above, and places for a frame number."""

import pytest

from tests.hosts.nuke.natron import films
from tests.hosts.nuke.natron.films import FIRST
from vcnode_natron.paths import expanded, path_of


class Project:
    """A saved project with two variables, and a node whose controls hold paths."""

    values = {  # noqa: RUF012
        "projectPath": "/shots/sh010/",
        "projectPaths": "<Name>Project</Name><Value>/shots/sh010</Value><Name>Show</Name><Value>/a &amp; b</Value>",
    }

    def __init__(self, **controls):
        self.controls = controls

    def getProjectParam(self, name):
        return Value(self.values[name])

    def getParam(self, name):
        return Value(self.controls[name])


class Value:
    def __init__(self, value):
        self.value = value

    def getValue(self):
        return self.value


@pytest.mark.parametrize(
    ("typed", "path"),
    [
        ("", ""),
        ("/a/b.exr", "/a/b.exr"),
        ("b.exr", "/shots/sh010/b.exr"),
        ("../b.exr", "/shots/b.exr"),
        (" [Project]/../b.exr ", "/shots/b.exr"),
        ("[Show]/b/", "/a & b/b"),
        ("/a/[other]", "/a/[other]"),
    ],
)
def test_a_path_counts_from_the_project_and_may_climb(typed, path):
    project = Project(ref1_file=typed)
    assert path_of(project, project, "ref1_file") == path


def test_variables_are_filled_in():
    assert expanded(Project(), "[Project]/pl.####.exr") == "/shots/sh010/pl.####.exr"


RUN = """
app.saveProject(given["project"])
node = make(app, read(app, given["plate"]), read(app, given["painted"]), given)
node.getParam("ref1_file").set(given["file"])
node.getParam("run").trigger()
told["status"], told["files"] = status(node), node.getParam("result_file").get()
import os
os.utime(given["where"] + "/plate.1003.exr", (1, 1))
node.getParam("look").trigger()
told["after"] = status(node)
os.remove(given["where"] + "/plate.1002.exr")
node.getParam("run").trigger()
told["hole"] = status(node)
from vcnode_natron.settings import read_settings
put(node, python="[Project]/venv/bin/python", device=" ", model="")
chosen = read_settings(app, node)
told["chosen"] = [chosen.worker.python, chosen.device, chosen.model]
node.getParam("ref1_file").set("[Project]/painted.####.exr")
node.getParam("run").trigger()
told["sequence"] = status(node)
"""


def test_everything_may_count_from_the_project(natron, listening, tmp_path):
    films.make_plate(tmp_path)
    films.make_painted(tmp_path)
    told = natron.run(
        tmp_path,
        RUN,
        project=tmp_path / "shot.ntp",
        plate="[Project]/plate.####.exr",
        painted="[Project]/painted.####.exr",
        file="[Project]/../" + tmp_path.name + "/painted.1001.exr",
        cache="[Project]/nowhere/../cache",
        where=tmp_path,
        first=FIRST,
        address=f"127.0.0.1:{listening['port']}",
        token=listening["token"],
    )
    assert told["status"].startswith("done"), told["status"]
    assert told["files"].startswith(f"{tmp_path}/cache/v001/")
    assert told["after"].startswith("stale")
    assert "lacks frame 1002" in told["hole"]
    assert told["chosen"] == [f"{tmp_path}/venv/bin/python", "auto", "lite"]
    assert "Reference 1 is a sequence" in told["sequence"].replace("\n", " ")
