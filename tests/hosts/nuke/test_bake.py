"""From the plate to the result and back into the script, with a real worker, in a Nuke without a user."""

from pathlib import Path

import numpy as np
import pytest

from tests.hosts.nuke import plates
from tests.hosts.nuke.conftest import attach_to, plate_and_node, start_own
from tests.hosts.nuke.fake_nuke import Picture, read_exr, running
from tests.hosts.nuke.fake_nuke.operators import operate, to_linear, to_srgb
from vcnode_client.encodings import LUMINANCE
from vcnode_client.problems import ClientError

WEIGHTS = np.array(LUMINANCE["linear-srgb"])


@pytest.fixture
def node(terminal, listening):
    return attach_to(plate_and_node(terminal), listening)


@pytest.fixture
def baked(node):
    node["run"].execute()
    return node


def shown(node, frame=1002, view="main"):
    return operate(node, frame, view)


def chroma(rgb):
    return np.abs(rgb - (rgb @ WEIGHTS)[..., None]).mean()


def test_it_starts_its_own_worker(terminal, worker):
    node = start_own(plate_and_node(terminal), worker)
    node["run"].execute()
    assert chroma(shown(node).rgb) > 0.02
    assert (Path(node["result_file"].value()).parent / "worker.log").exists()


def test_the_worker_says_what_it_has(node):
    node["check"].execute()
    assert "model lite" in node["worker_said"].value()


def test_the_plates_luminance_is_exactly_kept(baked):
    for frame in (1001, 1004):
        plate, result = plates.gray(frame), shown(baked, frame).rgb
        assert np.abs(result @ WEIGHTS - plate @ WEIGHTS).max() < 2e-6
        assert chroma(result) > 0.02
        assert result[6, 8].max() > 3, "the highlight above 1 is there"
        assert np.abs(result - plates.colored(frame)).mean() < 0.05, "the keyframe's colours were not followed"


def test_alpha_layers_and_bounding_box_are_the_sources(baked):
    plate, result = plates.gray_picture(1003), shown(baked, 1003)
    for name in ("rgba.alpha", "depth.Z"):
        np.testing.assert_array_equal(result.channels[name], plate.channels[name])
    assert (result.box, result.width, result.height) == (plate.box, plate.width, plate.height)


def test_saturation_is_live_and_leaves_luminance_alone(baked):
    baked["saturation"].setValue(0.0)
    np.testing.assert_allclose(shown(baked).rgb, plates.gray(1002), atol=2e-6)
    baked["saturation"].setValue(2.0)
    strong = shown(baked).rgb
    assert np.abs(strong @ WEIGHTS - plates.gray(1002) @ WEIGHTS).max() < 4e-6
    baked["saturation"].setValue(1.0)
    assert chroma(strong) == pytest.approx(2 * chroma(shown(baked).rgb), rel=1e-4)


def test_luminance_may_come_from_the_file(baked):
    baked["keep_luminance"].setValue(False)
    file = read_exr(baked["result_file"].value() % 1002)
    np.testing.assert_allclose(shown(baked).rgb, file.rgb, atol=1e-6)


def test_mix_and_mask(baked, terminal):
    full = shown(baked).rgb
    baked["mix"].setValue(0.25)
    np.testing.assert_allclose(shown(baked).rgb, plates.gray(1002) * 0.75 + full * 0.25, atol=1e-6)
    baked["mix"].setValue(1.0)
    half = np.zeros((plates.HEIGHT, plates.WIDTH), np.float32)
    half[:, : plates.WIDTH // 2] = 1
    mask = terminal.module.nodes.CheckerBoard2(name="Roto")
    terminal.pictures[mask] = lambda frame, view: Picture.of_rgb(plates.gray(frame), **{"rgba.alpha": half})
    baked.setInput(5, mask)
    for inverted in (False, True):
        baked["invert_mask"].setValue(inverted)
        where = (half == 0) if inverted else (half == 1)
        np.testing.assert_allclose(shown(baked).rgb, np.where(where[..., None], full, plates.gray(1002)), atol=1e-6)


def test_a_channel_of_the_source_can_be_the_mask(baked):
    full, alpha = shown(baked).rgb, plates.gray_picture(1002).channels["rgba.alpha"][..., None]
    baked["maskChannelInput"].setValue("rgba.alpha")
    expected = plates.gray(1002) * (1 - alpha) + full * alpha
    np.testing.assert_allclose(shown(baked).rgb, expected, atol=1e-6)


def test_confidence_is_a_layer_and_can_be_looked_at(baked):
    confidence = shown(baked).channels["vcn_confidence.confidence"]
    assert 0 < confidence.mean() <= 1
    baked["output"].setValue("confidence")
    np.testing.assert_array_equal(shown(baked).rgb[..., 1], confidence)
    baked["output"].setValue("source")
    np.testing.assert_array_equal(shown(baked).rgb, plates.gray(1002))
    baked["output"].setValue("result")
    baked["confidence_out"].setValue(False)
    assert "vcn_confidence.confidence" not in shown(baked).channels


def test_split_shows_the_source_beside_the_result(baked, terminal):
    full, plate = shown(baked), plates.gray(1002)
    baked["output"].setValue("split")
    for share in (0.0, 0.25, 0.5, 1.0):
        baked["split_at"].setValue(share)
        split, edge = shown(baked), round(share * plates.WIDTH)
        np.testing.assert_array_equal(split.rgb[:, :edge], plate[:, :edge])
        np.testing.assert_array_equal(split.rgb[:, edge:], full.rgb[:, edge:])
        for name in ("rgba.alpha", "depth.Z", "vcn_confidence.confidence"):
            np.testing.assert_array_equal(split.channels[name], full.channels[name])
        assert split.box == full.box
    wide = plates.gray_picture(1002).boxed((-4, -3, plates.WIDTH + 4, plates.HEIGHT + 3))
    terminal.pictures[baked.input(0)] = lambda frame, view: wide
    baked["split_at"].setValue(0.5)
    split = shown(baked)
    assert split.box == wide.box
    half = 4 + plates.WIDTH // 2  # the edge goes by the format, not by the bounding box
    np.testing.assert_array_equal(split.rgb[:, :half], wide.rgb[:, :half])
    assert chroma(split.rgb[:, half : half + 8]) > 0.005


def test_outside_the_range_and_before_a_run_the_source_shows(node):
    np.testing.assert_array_equal(shown(node).rgb, plates.gray(1002))
    node["range_first"].setValue(1002)
    node["range_last"].setValue(1003)
    node["ref1_frame"].setValue(1002)
    node["run"].execute()
    for frame, colored in ((1001, False), (1002, True), (1003, True), (1004, False)):
        assert (chroma(shown(node, frame).rgb) > 0.01) == colored, frame


def test_a_saved_script_renders_without_python_worker_or_gpu(baked, terminal, tmp_path):
    plate = terminal.module.nodes.Read(file=plates.write_sequence(tmp_path), first=1001, last=1004)
    baked.setInput(0, plate)
    baked.setInput(1, None)
    out = (tmp_path / "comp.%04d.exr").as_posix()
    terminal.module.nodes.Write(inputs=[baked], file=out, file_type="exr", raw=True, name="Comp")
    terminal.module.scriptSaveAs((tmp_path / "comp.nk").as_posix())
    expected = shown(baked).rgb
    with running() as farm:  # no init.py: nothing of ours can be imported
        farm.module.scriptOpen((tmp_path / "comp.nk").as_posix())
        farm.module.execute(farm.module.toNode("Comp"), 1001, 1004)
    np.testing.assert_allclose(read_exr(out % 1002).rgb, expected, atol=3e-3)


def test_no_write_and_no_undo_step_is_left_behind(baked, terminal):
    assert [each for each in baked.nodes() if each.Class() == "Write"] == []
    assert terminal.undo_off == 0


def test_proxy_is_off_while_rendering_and_on_again_after(node, terminal):
    terminal.root["proxy"].setValue(True)
    node["keep_input"].setValue(True)
    node["run"].execute()
    assert terminal.root["proxy"].value()
    written = read_exr(terminal.written[0].replace("v001.tmp", "v001"))
    assert (written.width, written.height) == (plates.WIDTH, plates.HEIGHT)


def test_overscan_is_coloured_and_the_window_is_the_same_on_every_frame(node, terminal):
    def wider(frame, view):
        picture = Picture.of_rgb(plates.gray(frame, plates.WIDTH + 8, plates.HEIGHT + 6))
        grow = frame - 1001  # the box moves, as after a stabilise
        return Picture(
            plates.WIDTH, plates.HEIGHT, (-4, -3, plates.WIDTH + 4, plates.HEIGHT + 3), picture.channels
        ).boxed((-4, -3, plates.WIDTH + 4 - grow, plates.HEIGHT + 3))

    terminal.pictures[node.input(0)] = wider
    node["overscan"].setValue(4)
    node["keep_input"].setValue(True)
    node["run"].execute()
    for frame in (1001, 1004):
        rendered = terminal.written[frame - 1001].replace("v001.tmp", "v001")
        for path in (rendered, node["result_file"].value() % frame):
            assert read_exr(path).box == (-4, -4, plates.WIDTH + 4, plates.HEIGHT + 4)
    assert shown(node, 1002).box == wider(1002, "main").box
    assert chroma(shown(node, 1001).rgb[:, :3]) > 0.005, "left of the format there is no colour"


def test_each_view_is_coloured_on_its_own(node, terminal):
    terminal.views, terminal.view = ["left", "right"], "left"
    terminal.pictures[node.input(0)] = lambda frame, view: plates.gray_picture(frame + 5 * (view == "right"))
    node["views"].setValue("all")
    node["run"].execute()
    assert "%V" in node["result_file"].value()
    for view, shift in (("left", 0), ("right", 5)):
        np.testing.assert_allclose(
            shown(node, 1002, view).rgb @ WEIGHTS, plates.gray(1002 + shift) @ WEIGHTS, atol=2e-6
        )
        assert chroma(shown(node, 1002, view).rgb) > 0.01


def test_a_reference_may_be_a_file(node, tmp_path):
    from PIL import Image

    codes = np.clip(to_srgb(plates.colored(1001)) * 255 + 0.5, 0, 255).astype(np.uint8)
    Image.fromarray(codes).save(tmp_path / "painted.png")
    node.setInput(1, None)
    node["ref1_file"].setValue((tmp_path / "painted.png").as_posix())
    node["run"].execute()
    assert np.abs(shown(node).rgb - plates.colored(1002)).mean() < 0.05


@pytest.mark.parametrize("choice", ["acescg", "auto"])
def test_an_aces_script_keeps_its_luminance(node, terminal, choice):
    if choice == "auto":
        terminal.root["colorManagement"].setValue("OCIO")
        terminal.root["OCIO_config"].setValue("aces_1.2")
        terminal.root["workingSpaceLUT"].setValue("ACES - ACEScg")
    node["encoding"].setValue(choice)
    node["run"].execute()
    weights = np.array(LUMINANCE["acescg"])
    result = shown(node).rgb
    np.testing.assert_allclose(result @ weights, plates.gray(1002) @ weights, atol=2e-6)
    assert chroma(result) > 0.01


def test_what_the_srgb_curve_was_left_in(node, terminal):
    for number, make in ((0, plates.gray), (1, plates.colored)):
        terminal.pictures[node.input(number)] = lambda frame, view, make=make: Picture.of_rgb(to_srgb(make(frame)))
    node["encoding"].setValue("srgb")
    node["run"].execute()
    linear = to_linear(shown(node).rgb)
    np.testing.assert_allclose(linear @ WEIGHTS, plates.gray(1002) @ WEIGHTS, atol=1e-5)
    assert np.abs(linear - plates.colored(1002)).mean() < 0.05


def test_ocio_converts_there_and_back(node, terminal):
    wide = np.array([[0.7, 0.2, 0.1], [0.1, 0.8, 0.1], [0.05, 0.05, 0.9]])
    terminal.color_spaces.update({"camera": wide, "lin_srgb": np.eye(3)})

    def in_camera(make):
        return lambda frame, view: Picture.of_rgb((make(frame) @ np.linalg.inv(wide).T).astype(np.float32))

    terminal.pictures[node.input(0)] = in_camera(plates.gray)
    terminal.pictures[node.input(1)] = in_camera(plates.colored)
    node["encoding"].setValue("ocio")
    node["ocio_in"].setValue("camera")
    node["ocio_out"].setValue("lin_srgb")
    node["run"].execute()
    linear = shown(node).rgb @ wide.T
    np.testing.assert_allclose(linear @ WEIGHTS, plates.gray(1002) @ WEIGHTS, atol=1e-5)
    assert np.abs(linear - plates.colored(1002)).mean() < 0.05


def test_an_unknown_working_space_is_asked_for(node, terminal):
    terminal.root["colorManagement"].setValue("OCIO")
    terminal.root["workingSpaceLUT"].setValue("Linear ARRI Wide Gamut 3")
    with pytest.raises(RuntimeError, match="tab Colour"):
        node["run"].execute()


def test_what_the_worker_refuses_it_refuses_before_anything_is_rendered(node, terminal):
    for knob, value, said in (("model", "/models/../lite.safetensors", "climbs up"), ("device", "toaster", "toaster")):
        before = node[knob].value()
        node[knob].setValue(value)
        with pytest.raises(RuntimeError, match=said):
            node["run"].execute()
        node[knob].setValue(before)
    assert not terminal.written
    node["run"].execute()
    assert chroma(shown(node).rgb) > 0.02


def test_colours_run_backward_too_unless_they_may_not(node):
    node["ref1_frame"].setValue(1004)
    results = {}
    for direction in ("both", "forward", "backward"):
        node["direction"].setValue(direction)
        node["run"].execute()
        results[direction] = [shown(node, frame).rgb for frame in (1001, 1004)]
        assert all(chroma(rgb) > 0.01 for rgb in results[direction])
    assert np.abs(results["both"][0] - results["forward"][0]).max() > 1e-4
    np.testing.assert_array_equal(results["both"], results["backward"])
    np.testing.assert_array_equal(results["both"][1], results["forward"][1])


def test_float_files(node):
    node["bit_depth"].setValue("float")
    node["run"].execute()
    file = read_exr(node["result_file"].value() % 1002).rgb
    assert np.abs(file @ WEIGHTS - plates.gray(1002) @ WEIGHTS).max() < 1e-5


def test_stale_after_a_change_upstream_and_fresh_after_it_is_undone(baked, terminal):
    from vcnode_nuke.nodes import controller_of

    nuke, plate = terminal.module, baked.input(0)
    assert controller_of(baked).refresh() == "done"
    plate.setName("Renamed")
    assert controller_of(baked).refresh() == "done", "a name changes no pixel"
    grade = nuke.nodes.Grade(inputs=[plate], multiply=1.1)
    baked.setInput(0, grade)
    assert controller_of(baked).refresh() == "stale"
    assert "STALE" in baked["label_text"].value()
    baked.setInput(0, plate)
    assert controller_of(baked).refresh() == "done"
    baked["ref1_weight"].setValue(2.0)
    assert controller_of(baked).refresh() == "stale"
    baked["ref1_weight"].setValue(1.0)
    baked["output"].setValue("split")
    baked["split_at"].setValue(0.25)
    assert controller_of(baked).refresh() == "done"
    baked["direction"].setValue("forward")
    assert controller_of(baked).refresh() == "stale"


def test_versions_count_up_and_can_be_gone_back_to(baked):
    first = baked["result_file"].value()
    baked["quality"].setValue("normal")
    baked["run"].execute()
    assert baked["version"].value() == 2
    assert baked["result_file"].value() != first
    from vcnode_nuke.nodes import controller_of

    controller_of(baked).show_version(1)
    assert baked["result_file"].value() == first
    baked["version_latest"].execute()
    baked["clear_cache"].execute()
    with pytest.raises(ClientError, match="no version 1"):
        controller_of(baked).show_version(1)


def test_two_nodes_have_results_of_their_own(node, terminal, listening):
    other = attach_to(terminal.module.createNode("VCNode"), listening)
    for number in (0, 1):
        other.setInput(number, node.input(number))
    for each in (node, other):
        each["range_reset"].execute()
        each["ref1_frame"].setValue(1001)
        each["run"].execute()
    assert node["result_file"].value() != other["result_file"].value()


def test_the_farm_command_bakes_and_saves(node, terminal, tmp_path, listening, monkeypatch):
    from vcnode_nuke.bake import main

    plate = terminal.module.nodes.Read(file=plates.write_sequence(tmp_path), first=1001, last=1004)
    painted = plates.write_sequence(tmp_path, plates.colored, [1001], "painted")
    node.setInput(0, plate)
    node.setInput(1, terminal.module.nodes.Read(file=painted, first=1001, last=1001))
    terminal.module.scriptSaveAs(terminal.script)
    monkeypatch.setenv("VCNODE_WORKER_TOKEN", listening["token"])
    save = (tmp_path / "baked.nk").as_posix()
    arguments = ["--script", terminal.script, "--range=1001-1002", "--save-as", save, "--node"]
    assert main([*arguments, "VCNode1"]) == 0
    assert main([*arguments, "Nonesuch"]) == 1
    assert main(["--script", terminal.script, "--range=1001-1002,1004", "--node", "VCNode1"]) == 1
    assert "gaps" in terminal.printed[-1]
    with running() as farm:
        farm.module.scriptOpen(save)
        node = farm.module.toNode("VCNode1")
        assert chroma(shown(node, 1002).rgb) > 0.02
        assert chroma(shown(node, 1003).rgb) < 1e-6
