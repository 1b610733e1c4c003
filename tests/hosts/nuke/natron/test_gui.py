"""The node in a real Natron with its user interface: set NATRON to it. Without a display, Xvfb's xvfb-run is used."""

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.hosts.nuke.natron import films
from tests.hosts.nuke.natron.conftest import NATRON
from tests.hosts.nuke.natron.natron import CONFIG, PATIENCE
from vcnode_natron.backdrops import BLOCKS

SETTINGS = """[General]
NATRON_SHORTCUTS_DEFAULT_VERSION=8
NatronCacheVersionSettingsKey=4
SoftwareVersionMajor=2
appearanceVersion=1
checkForUpdates=false
existingSettings=true
startupCheckOCIO=false
"""  # Natron asks no questions at its first start

SCRIPT = """import json, os, sys, traceback
sys.path.insert(0, {folder!r})
told, given = {{}}, json.loads({given!r})
from gui_side import *
from natron_side import *
def steps():
{lines}
drive(steps(), told, {answer!r})
"""


@pytest.fixture(scope="module")
def program():
    name = os.environ.get("NATRON")
    if not name:
        pytest.skip("set NATRON to a real Natron (and OFX_PLUGIN_PATH to its plugins) for these tests")
    if os.environ.get("DISPLAY") or os.name == "nt":
        return [name]
    if not shutil.which("xvfb-run"):
        pytest.skip("there is no display, and no xvfb-run to make one")
    return ["xvfb-run", "-a", "-s", "-screen 0 1600x1000x24", name]


@pytest.fixture
def run(program, tmp_path):
    """Run steps in Natron; gives what they put into `told`."""
    home = tmp_path / "home"
    (home / ".config" / "INRIA").mkdir(parents=True)
    (home / ".config" / "INRIA" / "Natron.conf").write_text(SETTINGS)
    (home / "config.ocio").write_text(CONFIG)
    environment = {**os.environ, "HOME": str(home), "NATRON_HOME": str(home), "OCIO": str(home / "config.ocio")}
    environment |= {"NATRON_PLUGIN_PATH": str(NATRON / "VCNode"), "LIBGL_ALWAYS_SOFTWARE": "1"}

    def in_natron(lines, **given):
        script, answer = tmp_path / "steps.py", tmp_path / "answer.json"
        body = "".join(f"    {line}\n" for line in lines.strip("\n").splitlines())
        values = {"folder": str(Path(__file__).parent), "given": json.dumps(given), "answer": str(answer)}
        script.write_text(SCRIPT.format(lines=body, **values))
        command = [*program, "--onload", str(script)]
        said = tmp_path / "said.txt"
        with said.open("w") as file:
            subprocess.run(command, env=environment, stdout=file, stderr=subprocess.STDOUT, timeout=PATIENCE)
        assert answer.exists(), said.read_text()
        told = json.loads(answer.read_text())
        assert "traceback" not in told, told["traceback"]
        return told

    return in_natron


def given_for(folder, listening, frames):
    return {
        "plate": films.make_plate(folder, frames),
        "painted": films.make_painted(folder),
        "first": frames[0],
        "cache": str(folder / "cache"),
        "address": f"127.0.0.1:{listening['port']}",
        "token": listening["token"],
    }


def test_a_run_leaves_natron_free(run, listening, tmp_path):
    told = run(
        """
node = make(app, read(app, given["plate"]), read(app, given["painted"]), given)
told["seen"] = []
def finished():
    text = status(node)
    if text not in told["seen"]:
        told["seen"].append(text)
    return text.startswith(("done", "failed", "cancelled"))
node.getParam("run").trigger()
told["returned"] = status(node)
before = told["ticks"]
yield finished
told["ticks_of_run"] = told["ticks"] - before
told["write_off"] = node.getNode("ForWorker").getParam("disableNode").get()
told["label"] = node.getParam("userTextArea").get()
told["preview"] = node.getNode("ResultRead").getParam("enablePreview").get()
""",
        **given_for(tmp_path, listening, range(1001, 1009)),
    )
    assert told["returned"].startswith("checking")
    assert told["seen"][-1].startswith("done: 1001-1008  1 ref  v001")
    assert told["ticks_of_run"] > 5
    assert told["write_off"]
    assert not told["preview"], "Natron hangs when it draws one while the result is attached"
    assert told["label"] == "1001-1008  1 ref  v001"
    assert len(list((tmp_path / "cache" / "v001").glob("colored.*.exr"))) == 8


def test_cancel_keeps_what_is_finished(run, listening, tmp_path):
    told = run(
        """
node = make(app, read(app, given["plate"]), read(app, given["painted"]), given)
node.getParam("run").trigger()
yield lambda: "frame 10" in status(node)
node.getParam("cancel").trigger()
yield lambda: status(node).startswith(("done", "failed", "cancelled"))
told["stopped"] = status(node)
node.getParam("run").trigger()
yield lambda: status(node).startswith(("done", "failed"))
told["again"] = status(node)
""",
        **given_for(tmp_path, listening, range(1001, 1081)),
    )
    assert told["stopped"].startswith("cancelled")
    assert told["again"].startswith("done: 1001-1080  1 ref  v001")
    coloured = json.loads((tmp_path / "cache" / "v001" / "job.json").read_text())["coloured"][0]
    assert 0 < coloured["rendered"] < coloured["frames"] == 80


def test_problems_come_in_one_message(run):
    told = run("""
node = app.createNode("vcnode.VCNode")
answer_dialog(told)
node.getParam("run").trigger()
yield lambda: "dialog" in told
told["status"] = status(node)
""")
    for sentence in ("4 things need a change", "Nothing is connected to Source", "No Python is chosen"):
        assert sentence in told["dialog"]
    assert told["status"].startswith("failed: 4 things need a change")


def test_the_menu_makes_a_node_below_the_selection(run, tmp_path):
    told = run(
        """
import VCNode
plate = read(app, given["plate"])
app.selectNode(plate, True)
VCNode.new_node()
node = app.getNode("VCNode1")
told["source"] = node.getInput(0).getScriptName() == plate.getScriptName()
told["range"] = [node.getParam("range_first").get(), node.getParam("range_last").get()]
VCNode.look_for_changes()
told["status"] = status(node)
yield lambda: True
""",
        plate=films.make_plate(tmp_path, range(1001, 1004)),
    )
    assert told["source"]
    assert told["range"] == [1001, 1003]
    assert told["status"].startswith("idle")


def test_rendering_in_a_process_of_its_own_is_refused(run, listening, tmp_path):
    told = run(
        """
import NatronEngine
NatronEngine.natron.getSettings().getParam("renderNewProcess").set(True)
node = make(app, read(app, given["plate"]), read(app, given["painted"]), given)
answer_dialog(told)
node.getParam("run").trigger()
yield lambda: "dialog" in told
""",
        **given_for(tmp_path, listening, range(1001, 1004)),
    )
    assert "Natron renders in a separate process" in told["dialog"]


def test_every_node_inside_lies_on_the_backdrop_of_its_block(run, listening, tmp_path):
    told = run(
        """
node = make(app, read(app, given["plate"]), read(app, given["painted"]), given)
node.getParam("run").trigger()
yield lambda: status(node).startswith(("done", "failed"))
told["places"] = {
    str(each.getScriptName()): [str(each.getPluginID()), str(each.getLabel()), *each.getPosition(), *each.getSize()]
    for each in node.getChildren()
}
""",
        **given_for(tmp_path, listening, range(1001, 1003)),
    )
    areas, tiles = {}, {}
    for name, (plugin, label, left, top, width, height) in told["places"].items():
        kind = areas if plugin == "fr.inria.built-in.BackDrop" else tiles
        kind[name] = (left, top, left + width, top + height)
        assert kind is tiles or label != name, "it does not say what it is for"
    assert {name: set(inside) for name, _, inside in BLOCKS} == {
        name: {tile for tile, place in tiles.items() if _encloses(area, place)} for name, area in areas.items()
    }
    assert set(tiles) == {tile for _, _, inside in BLOCKS for tile in inside}


def _encloses(area, place):
    return area[0] <= place[0] and area[1] + 20 <= place[1] and place[2] <= area[2] and place[3] <= area[3]


def test_a_shots_file_is_looked_at_with_all_the_rest(run, listening, tmp_path):
    (tmp_path / "shots.yaml").write_text("version: 1\nshots: [{first: 0, references: [gone.png]}]\n")
    told = run(
        """
node = make(app, read(app, given["plate"]), read(app, given["painted"]), given)
put(node, shots_file=given["shots"], range_last=900)
answer_dialog(told)
node.getParam("run").trigger()
told["returned"] = status(node)
yield lambda: "dialog" in told
told["status"] = status(node)
""",
        **given_for(tmp_path, listening, range(1001, 1004)),
        shots=str(tmp_path / "shots.yaml"),
    )
    assert told["returned"].startswith("checking")
    for sentence in ("2 things need a change", "ends before it begins", "gone.png"):
        assert sentence in told["dialog"]
    assert told["status"].startswith("failed")
