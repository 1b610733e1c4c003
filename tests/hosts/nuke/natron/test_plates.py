"""Plates of all kinds in the real Natron: short, broken, with overscan, in other colour spaces."""

import json
import subprocess
import sys

import numpy as np
import pytest

from tests.hosts.nuke import plates
from tests.hosts.nuke.natron import films
from tests.hosts.nuke.natron.films import FIRST, FRAMES, LAST
from tests.hosts.nuke.worker_python import REPOSITORY

RUN = """
plate, painted = read(app, given["plate"]), read(app, given["painted"])
node = make(app, plate, painted, given)
put(node, bit_depth="float")
for name, value in given.get("values", {}).items():
    put(node, **{name: value})
node.getParam("run").trigger()
told["status"] = status(node)
app.render(write(app, given["final"], node), given["first"], given.get("last", given["first"]))
"""


@pytest.fixture
def given(listening, tmp_path):
    return {
        "plate": films.make_plate(tmp_path),
        "painted": films.make_painted(tmp_path),
        "first": FIRST,
        "cache": str(tmp_path / "cache"),
        "final": str(tmp_path / "final.%04d.exr"),
        "address": f"127.0.0.1:{listening['port']}",
        "token": listening["token"],
    }


def job_of(folder, version="v001"):
    return json.loads((folder / "cache" / version / "job.json").read_text())["jobs"][0]


def test_a_hole_in_the_plate_is_found_before_anything_is_rendered(natron, given, tmp_path):
    (tmp_path / "plate.1003.exr").unlink()
    told = natron.run(tmp_path, RUN, **given)
    assert told["status"].startswith("failed: The Source lacks frame 1003")
    assert not (tmp_path / "cache").exists()


def test_a_range_beyond_the_plate_is_refused(natron, given, tmp_path):
    told = natron.run(tmp_path, RUN, **given, values={"range_last": LAST + 3})
    assert told["status"].startswith(f"failed: The range {FIRST}-{LAST + 3} goes beyond the Source")


def test_a_plate_that_natron_cannot_read_is_refused(natron, given, tmp_path):
    for frame in FRAMES[1:]:
        (tmp_path / f"plate.{frame}.exr").unlink()  # Natron takes the one that is left for frame 1, and finds no file
    told = natron.run(
        tmp_path, RUN.replace("app.render", "# app.render"), **given, values={"range_first": FIRST, "range_last": FIRST}
    )
    assert told["status"].startswith(f"failed: Source has no picture at frame {FIRST}")


def test_one_frame(natron, given, tmp_path):
    told = natron.run(tmp_path, RUN, **given, values={"range_first": FIRST, "range_last": FIRST})
    assert told["status"].startswith(f"done: {FIRST}-{FIRST}")
    assert job_of(tmp_path)["options"]["precision"] is None, "by default that is the worker's choice, as in every host"
    final, result = (
        films.read(tmp_path / f"final.{FIRST}.exr"),
        films.read(tmp_path / f"cache/v001/colored.{FIRST}.exr"),
    )
    np.testing.assert_allclose(films.rgb(final), films.rgb(result), atol=2e-6)
    assert np.ptp(films.rgb(final), axis=-1).max() > 0.02


def overscanned(folder):
    """A plate with 4 pixels around its format; gives its pattern."""
    for frame in FRAMES:
        gray = plates.gray(frame, plates.WIDTH + 8, plates.HEIGHT + 8)
        box = (-4, -4, plates.WIDTH + 3, plates.HEIGHT + 3)
        films.write(folder / f"wide.{frame}.exr", dict.fromkeys("RGB", gray[..., 0]), box)
    return f"{folder.as_posix()}/wide.%04d.exr"


WIDE = RUN.replace('write(app, given["final"], node)', 'whole(write(app, given["final"], node))')
WHOLE = """
def whole(written):
    put(written, clipToRoD=True)
    return written
"""


def test_colours_go_on_into_overscan_that_was_not_rendered(natron, given, tmp_path):
    told = natron.run(tmp_path, WHOLE + WIDE, **{**given, "plate": overscanned(tmp_path)})
    assert told["status"].startswith("done")
    assert films.windows(tmp_path / f"cache/v001/colored.{FIRST}.exr") == (0, 0, plates.WIDTH - 1, plates.HEIGHT - 1)
    final = films.rgb(films.read(tmp_path / f"final.{FIRST}.exr"))
    left, top, right, bottom = films.windows(tmp_path / f"final.{FIRST}.exr")
    assert (left, top, right, bottom) <= (-4, -4, plates.WIDTH + 3, plates.HEIGHT + 3)
    gray = plates.gray(FIRST, plates.WIDTH + 8, plates.HEIGHT + 8)
    inside = final[-4 - top : bottom + 1 - top, -4 - left :][: gray.shape[0], : gray.shape[1]]
    chroma = inside - (inside @ films.WEIGHTS)[..., None]
    np.testing.assert_allclose(chroma[:4], chroma[4:5].repeat(4, axis=0), atol=2e-6)
    np.testing.assert_allclose(inside @ films.WEIGHTS, gray @ films.WEIGHTS, atol=2e-6)
    assert np.ptp(inside, axis=-1).max() > 0.02


def test_a_small_data_window_is_filled_up_to_the_format(natron, given, tmp_path):
    for frame in FRAMES:
        gray = plates.gray(frame)[8:-8, 8:-8]
        box = (8, 8, plates.WIDTH - 9, plates.HEIGHT - 9)
        films.write(tmp_path / f"small.{frame}.exr", dict.fromkeys("RGB", gray[..., 0]), box)
    small = f"{tmp_path.as_posix()}/small.%04d.exr"
    told = natron.run(tmp_path, RUN, **{**given, "plate": small}, values={"keep_input": True})
    assert told["status"].startswith("done")
    source = tmp_path / f"cache/v001/input/Main/source.{FIRST}.exr"
    assert films.windows(source) == (0, 0, plates.WIDTH - 1, plates.HEIGHT - 1)
    assert sorted(films.read(source)) == ["B", "G", "R"]
    assert not films.rgb(films.read(source))[:6].any()


def test_overscan_is_coloured_on_request(natron, given, tmp_path):
    told = natron.run(tmp_path, WHOLE + WIDE, **{**given, "plate": overscanned(tmp_path)}, values={"overscan": 4})
    assert told["status"].startswith("done")
    box = (-4, -4, plates.WIDTH + 3, plates.HEIGHT + 3)
    assert films.windows(tmp_path / f"cache/v001/colored.{FIRST}.exr") == box
    left, top = films.windows(tmp_path / f"final.{FIRST}.exr")[:2]
    final = films.rgb(films.read(tmp_path / f"final.{FIRST}.exr"))
    edge = final[-4 - top : -top, -4 - left :]
    assert np.ptp(edge, axis=-1).max() > 0.01


@pytest.mark.parametrize("encoding", ["acescg", "srgb"])
def test_the_worker_is_told_what_the_numbers_mean(natron, given, tmp_path, encoding):
    told = natron.run(tmp_path, RUN, **given, values={"encoding": encoding})
    assert told["status"].startswith("done")
    assert job_of(tmp_path)["encoding"] == job_of(tmp_path)["references"][0]["encoding"] == encoding
    final, result = (
        films.read(tmp_path / f"final.{FIRST}.exr"),
        films.read(tmp_path / f"cache/v001/colored.{FIRST}.exr"),
    )
    np.testing.assert_allclose(films.rgb(final), films.rgb(result), atol=4e-6)
    if encoding == "acescg":
        weights = np.array([0.2722287168, 0.6740817658, 0.0536895174])
        plate = films.rgb(films.read(tmp_path / f"plate.{FIRST}.exr"))
        np.testing.assert_allclose(films.rgb(final) @ weights, plate @ weights, atol=2e-6)


def test_auto_is_what_ocio_says(natron, given, tmp_path):
    told = natron.run(tmp_path, RUN, **given)
    assert told["status"].startswith("done")
    assert job_of(tmp_path)["encoding"] == "linear-srgb"


def test_a_space_that_vcnode_does_not_know_is_converted(natron, given, tmp_path):
    given["values"] = {"ocio_in": "sRGB", "ocio_out": "linear", "encoding": "ocio"}
    told = natron.run(
        tmp_path,
        RUN + 'put(node, saturation=0.0)\napp.render(write(app, given["gray"], node), 1002, 1002)\n',
        **given,
        gray=str(tmp_path / "gray.%04d.exr"),
    )
    assert told["status"].startswith("done")
    assert job_of(tmp_path)["encoding"] == "linear-srgb"
    plate = films.rgb(films.read(tmp_path / "plate.1002.exr"))
    gray, safe = films.rgb(films.read(tmp_path / "gray.1002.exr")), (plate > 0.01) & (plate < 1)
    np.testing.assert_allclose(gray[safe], plate[safe], atol=2e-3)  # there and back through a power of 2.2


def test_an_exr_file_is_not_converted_so_it_is_refused(natron, given, tmp_path):
    given["values"] = {"ocio_in": "sRGB", "ocio_out": "linear", "encoding": "ocio"}
    given["values"]["ref1_file"] = str(tmp_path / "painted.1001.exr")
    told = natron.run(tmp_path, RUN.split("app.render")[0], **given)
    assert "connect it to Ref1" in told["status"].replace("\n", " ")
    assert not (tmp_path / "cache").exists()


def test_a_reference_may_be_a_file(natron, given, tmp_path):
    given["values"] = {"ref1_file": str(tmp_path / "painted.1001.exr"), "ref2_use": False}
    told = natron.run(tmp_path, RUN, **given)
    assert told["status"].startswith("done")
    assert job_of(tmp_path)["references"] == [
        {
            "file": str(tmp_path / "painted.1001.exr"),
            "frame": FIRST,
            "weight": 1.0,
            "mask": None,
            "encoding": "linear-srgb",
        }
    ]


def test_results_lie_beside_the_saved_project(natron, given, tmp_path):
    told = natron.run(
        tmp_path,
        """
plate, painted = read(app, given["plate"]), read(app, given["painted"])
nodes = [make(app, plate, painted, given) for number in range(2)]
for node in nodes:
    put(node, cache_dir="", range_last=1002)
nodes[0].getParam("run").trigger()
told["unsaved"] = status(nodes[0])
app.saveProject(given["project"])
for node in nodes:
    node.getParam("run").trigger()
told["statuses"] = [status(node) for node in nodes]
told["files"] = [node.getParam("result_file").get() for node in nodes]
""",
        **given,
        project=str(tmp_path / "shot.ntp"),
    )
    assert told["unsaved"].startswith("failed: Results have no place yet")
    assert all(status.startswith("done") for status in told["statuses"]), told
    assert told["files"] == [
        f"{tmp_path.as_posix()}/vcnode/shot/{name}/v001/colored.%04d.exr" for name in ("VCNode1", "VCNode2")
    ]


def test_a_node_inside_a_group_is_refused(natron, given, tmp_path):
    told = natron.run(
        tmp_path,
        """
group = app.createNode("fr.inria.built-in.Group")
group.connectInput(0, read(app, given["plate"]))
node = app.createNode("vcnode.VCNode", -1, group)
node.connectInput(0, group.getNode("Input1"))
put(node, ref1_file=given["painted"].replace("%04d", "1001"), cache_dir=given["cache"])
put(node, range_first=1001, range_last=1002, ref1_frame=1001)
use(node, given)
node.getParam("run").trigger()
told["status"] = status(node)
""",
        **given,
    )
    assert told["status"].startswith("failed: The node is inside a group")


def test_the_worker_tells_what_it_has(natron, given, tmp_path):
    told = natron.run(
        tmp_path,
        """
node = app.createNode("vcnode.VCNode")
use(node, given)
node.getParam("check").trigger()
told["worker"] = node.getParam("worker_said").get()
put(node, worker_token="wrong")
node.getParam("check").trigger()
told["refused"] = node.getParam("worker_said").get()
""",
        **given,
    )
    assert "model lite: there" in told["worker"]
    assert "The token is not this worker's" in told["said"]
    assert told["refused"] == "no answer"


def test_colours_run_back_from_a_keyframe_at_the_end_as_on_the_command_line(natron, given, tmp_path):
    films.make_painted(tmp_path, [LAST])
    given["values"] = {"ref1_frame": LAST, "ref1_file": str(tmp_path / f"painted.{LAST}.exr")}
    told = natron.run(tmp_path, RUN, **given)
    assert told["status"].startswith("done")
    command = [sys.executable, "-m", "vcnode", "colorize", given["plate"], "--size", "128", "--quiet"]
    command += ["--direction", "both", "--reference", f"{tmp_path / f'painted.{LAST}.exr'}@{LAST - FIRST}"]
    subprocess.run([*command, "-o", str(tmp_path / "cli.%04d.exr")], cwd=REPOSITORY, check=True)
    for frame in FRAMES:
        expected = films.rgb(films.read(tmp_path / f"cli.{frame:04d}.exr"))
        colored = films.rgb(films.read(tmp_path / "cache" / "v001" / f"colored.{frame}.exr"))
        np.testing.assert_allclose(colored, expected, rtol=2e-3, atol=1e-4)


def test_split_of_a_plate_without_alpha_and_with_overscan(natron, given, tmp_path):
    """The edge goes by the format; left of it all is the plate's, also outside the format."""
    given["plate"] = overscanned(tmp_path)
    told = natron.run(tmp_path, WHOLE + WIDE, **given, values={"output": "split", "split_at": 0.25})
    assert told["status"].startswith("done")
    final = films.rgb(films.read(tmp_path / f"final.{FIRST}.exr"))
    left, top = films.windows(tmp_path / f"final.{FIRST}.exr")[:2]
    plate = films.rgb(films.read(tmp_path / f"wide.{FIRST}.exr"))
    split = final[-4 - top :, -4 - left :][: plate.shape[0], : plate.shape[1]]
    edge = 4 + plates.WIDTH // 4
    np.testing.assert_array_equal(split[:, :edge], plate[:, :edge])
    assert (np.ptp(split[:, edge:], axis=-1).max(axis=0) > 0).all()
    np.testing.assert_allclose(split @ films.WEIGHTS, plate @ films.WEIGHTS, atol=2e-6)


def test_a_shots_file_counts_from_the_sources_first_frame(natron, given, tmp_path):
    """A gap between two shots stays gray, and a narrower range moves nothing."""
    text = "version: 1\nshots:\n  - {first: 0, last: 1, references: [painted.1001.exr]}\n"
    text += "  - {first: 3, references: [{image: painted.1001.exr, frame: 3}]}\n"
    (tmp_path / "shots.yaml").write_text(text)
    given["values"] = {"shots_file": str(tmp_path / "shots.yaml"), "range_last": LAST}
    told = natron.run(
        tmp_path,
        RUN
        + """
put(node, range_first=1003)
node.getParam("run").trigger()
told["second"] = status(node)
import os
os.utime(given["values"]["shots_file"].replace("shots.yaml", "painted.1001.exr"), (1, 1))
node.getParam("look").trigger()
told["picture"] = status(node)
put(node, range_last=1003)
node.getParam("run").trigger()
told["third"] = status(node)
put(node, shots_file=given["values"]["shots_file"].replace("shots", "absent"), range_last=1000)
node.getParam("run").trigger()
told["absent"] = status(node)
""",
        **given,
    )
    words = "frame 0 of shots.yaml is 1001; Ref1 is ignored because of shots.yaml"
    for name in ("status", "second"):
        assert told[name].startswith("done")
        assert words in " ".join(told[name].split()), told[name]

    def colored(version, frames):
        pictures = [films.rgb(films.read(tmp_path / "cache" / version / f"colored.{frame}.exr")) for frame in frames]
        return [bool(np.ptp(picture, axis=-1).max() > 0.02) for picture in pictures]

    assert colored("v001", range(1001, 1005)) == [True, True, False, True]
    assert colored("v002", (1003, 1004)) == [False, True]
    assert told["picture"].startswith("stale")
    assert "counts as 2 to 2" in " ".join(told["third"].split())
    both = " ".join(told["absent"].split())
    assert "There is no shots file" in both
    assert "ends before it begins" in both
