"""A shot from the button to the farm, in the real Natron with a real worker."""

import json
import os
import subprocess
import sys

import numpy as np
import pytest

from tests.hosts.nuke.natron import films
from tests.hosts.nuke.natron.films import FIRST, FRAMES, LAST
from tests.hosts.nuke.worker_python import REPOSITORY

COLOUR = """
plate, painted = read(app, given["plate"]), read(app, given["painted"])
node = make(app, plate, painted, given)
put(node, bit_depth="float")
told["range"] = [node.getParam("range_first").get(), node.getParam("range_last").get()]
node.getParam("run").trigger()
told["status"], told["files"] = status(node), node.getParam("result_file").get()
write(app, given["final"], node)
app.saveProject(given["project"])
"""


class Shot:
    """A coloured and saved shot."""

    def __init__(self, natron, folder, listening):
        self.natron, self.folder = natron, folder
        self.given = {
            "plate": films.make_plate(folder),
            "painted": films.make_painted(folder),
            "first": FIRST,
            "cache": str(folder / "cache"),
            "final": str(folder / "final.%04d.exr"),
            "project": str(folder / "shot.ntp"),
            "address": f"127.0.0.1:{listening['port']}",
            "token": listening["token"],
        }
        self.told = natron.run(folder, COLOUR, **self.given)

    def plate(self, frame):
        return films.read(self.folder / f"plate.{min(max(frame, FIRST), LAST):04d}.exr")

    def result(self, frame, version="v001"):
        return films.read(self.folder / "cache" / version / f"colored.{frame:04d}.exr")

    def final(self, frame, name="final"):
        return films.read(self.folder / f"{name}.{frame:04d}.exr")

    def again(self, script):
        """Open the saved project in a fresh Natron and run lines there with `project` and `node`."""
        opened = 'project = app.loadProject(given["project"])\nnode = project.getNode("VCNode1")\nuse(node, given)\n'
        return self.natron.run(self.folder, opened + script, **self.given)


@pytest.fixture(scope="module")
def shot(natron, tmp_path_factory, listening):
    return Shot(natron, tmp_path_factory.mktemp("shot"), listening)


@pytest.fixture(scope="module")
def rendered(shot):
    """The saved project, rendered without anything of ours, from before to after the range."""
    shot.said = shot.natron.render(shot.given["project"], "-w", "Write1", f"{FIRST - 2}-{LAST + 2}")
    return shot


def test_without_a_result_the_plate_shows(natron, shot, tmp_path):
    natron.run(
        tmp_path,
        """
node = make(app, read(app, given["plate"]), read(app, given["painted"]), given)
app.render(write(app, given["final"], node), 1002, 1002)
""",
        **{**shot.given, "final": str(tmp_path / "final.%04d.exr")},
    )
    final, plate = films.read(tmp_path / "final.1002.exr"), shot.plate(1002)
    for name in ("R", "G", "B", "A", "depth.Z"):
        np.testing.assert_array_equal(final[name], plate[name])


def test_the_button_makes_a_result(shot):
    assert shot.told["range"] == [FIRST, LAST]
    assert shot.told["status"].startswith(f"done: {FIRST}-{LAST}  1 ref  v001")
    assert shot.told["files"] == (shot.folder / "cache" / "v001" / "colored.%04d.exr").as_posix()
    assert [path.name for path in sorted(shot.folder.glob("cache/v001/colored.*.exr"))] == [
        f"colored.{frame}.exr" for frame in FRAMES
    ]
    assert not (shot.folder / "cache" / "v001" / "input").exists()


def test_colours_are_those_of_the_command_line(shot, tmp_path):
    command = [sys.executable, "-m", "vcnode", "colorize", shot.given["plate"], "--size", "128", "--quiet"]
    command += ["--reference", f"{shot.folder / 'painted.1001.exr'}@0", "-o", str(tmp_path / "cli.%04d.exr")]
    subprocess.run(command, cwd=REPOSITORY, check=True)
    for frame in FRAMES:
        expected = films.rgb(films.read(tmp_path / f"cli.{frame:04d}.exr"))
        np.testing.assert_allclose(films.rgb(shot.result(frame)), expected, rtol=2e-3, atol=1e-4)
        assert np.ptp(expected, axis=-1).max() > 0.02


def test_a_saved_project_renders_without_us(rendered):
    for frame in FRAMES:
        final, plate, result = rendered.final(frame), rendered.plate(frame), rendered.result(frame)
        np.testing.assert_allclose(films.luminance(final), films.luminance(plate), atol=1e-6)
        np.testing.assert_allclose(films.rgb(final), films.rgb(result), atol=2e-6)
        for name in ("A", "depth.Z"):
            np.testing.assert_array_equal(final[name], plate[name])
        np.testing.assert_array_equal(final["vcn_confidence.confidence"], result["vcn_confidence.confidence"])


def test_outside_the_range_the_plate_shows(rendered):
    for frame in (FIRST - 2, FIRST - 1, LAST + 1, LAST + 2):
        final, plate = rendered.final(frame), rendered.plate(frame)
        for name in ("R", "G", "B", "A"):
            np.testing.assert_array_equal(final[name], plate[name])
        assert not final["vcn_confidence.confidence"].any()


def test_the_write_inside_is_left_alone(shot):
    before = sorted(path for path in shot.folder.glob("cache/**/*") if path.is_file())
    said = shot.natron.render(shot.given["project"])
    assert "Write1 ==> Rendering finished" in said
    assert "ForWorker" not in said
    assert sorted(path for path in shot.folder.glob("cache/**/*") if path.is_file()) == before


def test_controls_work_live_and_without_a_run(shot):
    shot.again("""
def look(name, **values):
    put(node, **values)
    written = write(project, given["final"].replace("final.", name + "."), node)
    project.render(written, 1002, 1002)
look("gray", saturation=0.0)
look("half", saturation=0.5)
look("mixed", saturation=1.0, mix=0.25)
look("source", mix=1.0, output="source")
look("split", output="split")
look("split_left", split_at=0.0)
look("split_right", split_at=1.0)
look("split_quarter", split_at=0.25)
look("certain", output="confidence")
look("baked", output="result", keep_luminance=False)
look("bare", keep_luminance=True, confidence_out=False)
brighter = project.createNode("net.sf.openfx.MultiplyPlugin")
brighter.connectInput(0, node.getInput(0))
put(brighter, value=(2.0, 2.0, 2.0, 2.0), premultChanged=True, premult=False)
node.disconnectInput(0)
node.connectInput(0, brighter)
look("brighter")
""")
    plate, result = shot.plate(1002), shot.result(1002)
    y, own = films.luminance(plate)[..., None], films.luminance(result)[..., None]
    chroma = films.rgb(result) - own

    def shown(name):
        return films.rgb(shot.final(1002, name))

    np.testing.assert_allclose(shown("gray"), np.broadcast_to(y, chroma.shape), atol=2e-6)
    np.testing.assert_allclose(shown("half"), y + 0.5 * chroma, atol=2e-6)
    np.testing.assert_allclose(shown("mixed"), 0.75 * films.rgb(plate) + 0.25 * (y + chroma), atol=2e-6)
    np.testing.assert_array_equal(shown("source"), films.rgb(plate))
    for name, edge in (("split_left", 0), ("split_quarter", 18), ("split", 36), ("split_right", 72)):
        np.testing.assert_array_equal(shown(name)[:, :edge], films.rgb(plate)[:, :edge], err_msg=name)
        np.testing.assert_allclose(shown(name)[:, edge:], (y + chroma)[:, edge:], atol=2e-6, err_msg=name)
        for kept in ("A", "depth.Z"):
            np.testing.assert_array_equal(shot.final(1002, name)[kept], plate[kept])
    certain = np.broadcast_to(result["vcn_confidence.confidence"][..., None], chroma.shape)
    np.testing.assert_array_equal(shown("certain"), certain)
    np.testing.assert_allclose(shown("baked"), films.rgb(result), atol=1e-6)
    assert not shot.final(1002, "bare")["vcn_confidence.confidence"].any()
    np.testing.assert_allclose(shown("brighter"), 2 * y + chroma, atol=4e-6)


def test_a_mask_limits_the_colour(shot):
    shot.again("""
mask = project.createNode("net.sf.openfx.ConstantPlugin")
put(mask, extent="size", bottomLeft=(0.0, 0.0), size=(72.0, 56.0), color=(1.0, 0.0, 0.0, 0.5))
node.connectInput(5, mask)
def look(name, **values):
    put(node, **values)
    written = write(project, given["final"].replace("final.", name + "."), node)
    project.render(written, 1003, 1003)
look("mask_alpha")
look("mask_red", mask_channel="red")
look("mask_green", mask_channel="green")
look("mask_not_green", invert_mask=True)
""")
    plate, colored = films.rgb(shot.plate(1003)), films.rgb(shot.result(1003))
    for name, share in (("mask_alpha", 0.5), ("mask_red", 1), ("mask_green", 0), ("mask_not_green", 1)):
        expected = plate + share * (colored - plate)
        np.testing.assert_allclose(films.rgb(shot.final(1003, name)), expected, atol=2e-6)


def test_changes_are_noticed(shot):
    told = shot.again("""
def look():
    node.getParam("look").trigger()
    return status(node).partition(":")[0], node.getParam("userTextArea").get()
told["fresh"] = look()
put(node, ref1_frame=1002)
told["control"] = look()
put(node, ref1_frame=1001)
told["back"] = look()
put(node, saturation=0.5, mix=0.5, output="split", split_at=0.75)
told["live"] = look()
put(node, direction="forward")
told["direction"] = look()
put(node, direction="both")
grade = project.createNode("net.sf.openfx.GradePlugin")
grade.connectInput(0, node.getInput(0))
node.disconnectInput(0)
node.connectInput(0, grade)
told["upstream"] = look()
""")
    assert told["fresh"] == ["done", f"{FIRST}-{LAST}  1 ref  v001"]
    assert told["direction"][0] == "stale"
    assert told["control"] == ["stale", f"{FIRST}-{LAST}  1 ref  v001\nSTALE"]
    assert [told[name][0] for name in ("back", "live", "upstream")] == ["done", "done", "stale"]


def test_a_plate_rendered_anew_is_noticed(shot):
    path = shot.folder / "plate.1003.exr"
    kept = path.read_bytes(), path.stat()
    try:
        films.make_plate(shot.folder, [1003])
        os.utime(path, (1, 1))
        told = shot.again('node.getParam("look").trigger()\ntold["status"] = status(node)')
    finally:
        path.write_bytes(kept[0])
        os.utime(path, (kept[1].st_atime, kept[1].st_mtime))
    assert told["status"].startswith("stale")


def test_another_run_makes_another_version(shot):
    told = shot.again("""
put(node, ref1_frame=1002)
node.getParam("run").trigger()
told["second"] = status(node)
told["files"] = node.getParam("result_file").get()
node.getParam("ref1_frame").set(1001)
put(node, version=1)
node.getParam("version_latest").trigger()
told["latest"] = json.loads(node.getParam("vcn_state").get())["version"]
written = write(project, given["final"].replace("final.", "second."), node)
project.render(written, 1002, 1002)
from vcnode_natron.nodes import controller_of
controller_of(project, node).show_version(1)
told["first"] = node.getParam("result_file").get()
""")
    assert told["second"].startswith("done")
    versions = sorted(path.name for path in (shot.folder / "cache").iterdir() if path.name.startswith("v"))
    newest = versions[-1]
    assert newest not in ("v001",)
    assert told["files"].endswith(f"{newest}/colored.%04d.exr")
    assert f"v{told['latest']:03d}" == newest
    np.testing.assert_allclose(films.rgb(shot.final(1002, "second")), films.rgb(shot.result(1002, newest)), atol=2e-6)
    assert told["first"].endswith("v001/colored.%04d.exr")
    note = json.loads((shot.folder / "cache" / newest / "job.json").read_text())
    assert note["jobs"][0]["references"][0]["frame"] == 1002


def test_a_lost_frame_is_loud(shot):
    path = shot.folder / "cache" / "v001" / f"colored.{LAST}.exr"
    hidden = path.rename(path.with_suffix(".hidden"))
    try:
        told = shot.again('node.getParam("look").trigger()\ntold["status"] = status(node)')
        said = shot.natron.render(shot.given["project"], "-w", "Write1", f"{LAST}-{LAST}")
    finally:
        hidden.rename(path)
    assert told["status"].startswith("missing")
    assert f"colored.{LAST}.exr: Cannot load frame" in said
    assert not films.rgb(shot.final(LAST)).any()  # black, not the plate: nobody overlooks it
