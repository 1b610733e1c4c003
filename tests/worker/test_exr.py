"""OpenEXR as compositors have it: declared encodings, layers, windows that move, confidence as a channel."""

import exr_files
import numpy as np
import pytest
from PIL import Image

from vcnode.worker.plan import plan_job

from .conftest import FIRST

COUNT = 4
ACESCG = np.array([0.2722287, 0.6740818, 0.0536895])  # luminance of AP1 (Academy S-2014-004)


@pytest.fixture
def exr_job(job, plates, tmp_path):
    """Four gray frames in ACEScg with highlights, alpha and a layer; the second one's data window is smaller."""
    exr_files.library()
    for number in range(COUNT):
        planes = exr_files.gray_plate(48, 64, brightest=3.0) | {
            "A": exr_files.half(48, 64),
            "mist.Y": exr_files.half(48, 64),
        }
        windows = {"displayWindow": exr_files.box(0, 0, 63, 47), "dataWindow": exr_files.box(0, 0, 63, 47)}
        if number == 1:
            planes = {name: np.ascontiguousarray(plane[8:40]) for name, plane in planes.items()}
            windows["dataWindow"] = exr_files.box(0, 8, 63, 39)
        exr_files.write(plates / "exr" / f"in.{FIRST + number}.exr", planes, **windows)
    rows, columns = np.mgrid[0:48, 0:64]
    colours = np.stack([np.sin(columns / 9), np.cos(rows / 7), np.sin((rows + columns) / 11)]).astype(np.float16)
    reference = dict(zip("RGB", (colours + 1) / 2, strict=True))
    exr_files.write(plates / "exr" / "reference.exr", reference, displayWindow=exr_files.box(0, 0, 63, 47))
    return {
        **job,
        "frames": {"pattern": str(plates / "exr" / "in.%04d.exr"), "first": FIRST, "last": FIRST + COUNT - 1},
        "encoding": "acescg",
        "references": [{"file": str(plates / "exr" / "reference.exr"), "frame": FIRST, "encoding": "acescg"}],
        "output": {"pattern": str(tmp_path / "out" / "out.%04d.exr"), "depth": "float", "confidence": True},
    }


def test_luminance_alpha_layers_and_windows_are_the_sources(shared, exr_job, plates, tmp_path):
    done = shared.run(exr_job)[-1]
    assert done.items() >= {"type": "done", "rendered": COUNT}.items(), done
    for number in range(FIRST, FIRST + COUNT):
        before = exr_files.channels(plates / "exr" / f"in.{number}.exr")
        after = exr_files.channels(tmp_path / "out" / f"out.{number}.exr")
        assert set(after) == {"R", "G", "B", "A", "mist.Y", "vcn_confidence.confidence"}
        assert all(exr_files.same(before[name], after[name]) for name in ("A", "mist.Y"))
        luminances = [
            np.tensordot(ACESCG, np.stack([planes[name].astype(np.float64) for name in "RGB"]), 1)
            for planes in (before, after)
        ]
        assert np.abs(luminances[1] - luminances[0]).max() < 1e-5 * 3
        assert np.ptp(np.stack([after[name] for name in "RGB"]), axis=0).max() > 0.02  # colour
        confidence = after["vcn_confidence.confidence"]
        assert 0 <= confidence.min() <= confidence.max() <= 1


def test_a_finished_frame_that_is_gone_is_made_again_alone(shared, exr_job, tmp_path):
    shared.run(exr_job)
    frame = tmp_path / "out" / f"out.{FIRST + 2}.exr"
    before = exr_files.channels(frame)
    frame.unlink()
    accepted, *_, done = shared.run(exr_job)
    assert (accepted["to_do"], done["rendered"]) == (1, 1)
    after = exr_files.channels(frame)
    assert all(exr_files.same(before[name], after[name]) for name in before)


def test_an_output_that_is_cut_off_is_made_again(shared, exr_job, tmp_path):
    shared.run(exr_job)
    frame = tmp_path / "out" / f"out.{FIRST + 1}.exr"
    whole = frame.read_bytes()
    frame.write_bytes(whole[: len(whole) // 2])
    (tmp_path / "out" / f"out.{FIRST + 3}.exr").unlink()
    assert shared.run(exr_job)[-1]["rendered"] == 2
    assert exr_files.channels(frame)["R"].shape == (32, 64)


def test_frames_of_another_format_or_cut_off_are_named(exr_job, plates):
    frame = plates / "exr" / f"in.{FIRST + 2}.exr"
    whole = frame.read_bytes()
    frame.write_bytes(whole[:-50])
    problems = {problem.field: problem.problem for problem in plan_job(exr_job)}
    assert frame.name in problems["frames"]
    exr_files.write(frame, exr_files.gray_plate(24, 32))
    problems = {problem.field: problem.problem for problem in plan_job(exr_job)}
    assert "32x24" in problems["frames"]


def test_a_keyframe_covers_what_the_frames_cover(exr_job, plates):
    for number in range(COUNT):  # overscan: pixels around the format
        planes = exr_files.gray_plate(56, 72)
        windows = {"displayWindow": exr_files.box(0, 0, 63, 47), "dataWindow": exr_files.box(-4, -4, 67, 51)}
        exr_files.write(plates / "exr" / f"in.{FIRST + number}.exr", planes, **windows)
    reference = plan_job(exr_job).shots[0].references[0]
    assert reference.image.shape == (56, 72, 3)
    shown = reference.image[4:-4, 4:-4]
    assert np.array_equal(reference.image, np.pad(shown, ((4, 4), (4, 4), (0, 0)), "edge"))  # it has no overscan
    assert reference.frame == 0


def test_a_keyframe_with_overscan_of_its_own_keeps_it(exr_job, plates):
    job = exr_job
    for name in ("reference.exr", *(f"in.{FIRST + number}.exr" for number in range(COUNT))):
        planes = exr_files.gray_plate(56, 72)
        planes["R"] = planes["R"] * np.float16(0.5)
        windows = {"displayWindow": exr_files.box(0, 0, 63, 47), "dataWindow": exr_files.box(-4, -4, 67, 51)}
        exr_files.write(plates / "exr" / name, planes, **windows)
    image, _ = planned(job, job["references"][0])
    assert image.shape == (56, 72, 3)
    assert not np.array_equal(image[0], image[4])


@pytest.fixture
def overscan(exr_job, plates):
    """The job with 4 pixels around the format, and an opaque and a half transparent picture of the format's size."""
    for number in range(COUNT):
        windows = {"displayWindow": exr_files.box(0, 0, 63, 47), "dataWindow": exr_files.box(-4, -4, 67, 51)}
        exr_files.write(plates / "exr" / f"in.{FIRST + number}.exr", exr_files.gray_plate(56, 72), **windows)
    codes = np.random.default_rng(0).integers(0, 256, (48, 64, 4), np.uint8)
    codes[..., 3] = np.where(np.arange(64) < 32, 255, 0)
    Image.fromarray(codes[..., :3]).save(plates / "opaque.png")
    Image.fromarray(codes).save(plates / "half.png")
    Image.fromarray(codes[..., 3]).save(plates / "mask.png")
    return exr_job, codes / np.float32(255)


def planned(job, reference):
    """The picture and the mask of a reference as the engine takes them."""
    plan = plan_job({**job, "references": [reference]})
    (reference,) = plan.shots[0].references
    return reference.image, reference.mask


def test_a_keyframe_of_another_kind_of_file_covers_what_the_frames_cover(overscan, plates):
    job, codes = overscan
    image, mask = planned(job, {"file": str(plates / "opaque.png"), "frame": FIRST})
    assert mask is None
    assert np.array_equal(image, np.pad(codes[..., :3], ((4, 4), (4, 4), (0, 0)), "edge"))


def test_masks_cover_it_as_well(overscan, plates):
    job, codes = overscan
    exr = next(reference["file"] for reference in job["references"])
    own = str(plates / "mask.png")
    for named in ({"file": str(plates / "half.png")}, {"file": exr, "mask": own}):
        image, mask = planned(job, named)
        assert image.shape[:2] == mask.shape == (56, 72)
        assert np.array_equal(mask[4:-4, 4:-4], codes[..., 3])
        assert mask[:4].max() == 0


def test_a_picture_of_another_size_stays_whole(overscan, plates):
    job, _ = overscan
    Image.open(plates / "half.png").resize((72, 56)).save(plates / "wide.png")
    image, mask = planned(job, {"file": str(plates / "wide.png")})
    assert image.shape[:2] == mask.shape == (56, 72)
    assert mask[:, 0].min() == 1


@pytest.mark.parametrize("encoding", ["srgb", "linear-srgb"])
def test_what_is_transparent_is_masked_in_any_encoding(exr_job, plates, encoding):
    codes = np.random.default_rng(0).integers(0, 256, (48, 64, 4), np.uint8)
    codes[..., 3] = np.where(np.arange(64) < 32, 255, 0)
    Image.fromarray(codes).save(plates / "half.png")
    named = {"file": str(plates / "half.png"), "encoding": encoding}
    (reference,) = plan_job({**exr_job, "references": [named]}).shots[0].references
    assert np.array_equal(reference.mask_for(48, 64)[0, 0].numpy(), codes[..., 3] / np.float32(255))


@pytest.mark.parametrize("encoding", ["srgb", "linear-srgb"])
def test_what_is_transparent_in_black_bars_alone_is_no_mask(overscan, plates, encoding):
    """Or a keyframe would be none any more, which it is where files stay files."""
    job, _ = overscan
    codes = np.random.default_rng(1).integers(100, 256, (48, 64, 4), np.uint8)
    codes[..., 3] = 255
    codes[:6] = codes[-6:] = 0
    named = {"file": str(plates / "bars.png"), "frame": FIRST, "encoding": encoding}
    Image.fromarray(codes).save(plates / "bars.png")
    image, mask = planned(job, named)
    assert mask is None
    assert not image[:10].any()
    codes[20:22, 20:22, 3] = 0  # what is hidden in the picture is masked, bars and all
    Image.fromarray(codes).save(plates / "bars.png")
    assert np.array_equal(planned(job, named)[1][4:-4, 4:-4], codes[..., 3] / np.float32(255))
    codes[20:22, 20:22, 3] = 255
    codes[:6, :, :3] = 180  # and so is what is hidden beside it that is not black
    Image.fromarray(codes).save(plates / "bars.png")
    assert np.array_equal(planned(job, named)[1][4:-4, 4:-4], codes[..., 3] / np.float32(255))


def test_where_frames_cover_different_parts_black_is_no_bar_and_stays_masked(overscan, plates):
    job, _ = overscan
    windows = {"displayWindow": exr_files.box(0, 0, 63, 47), "dataWindow": exr_files.box(-4, 0, 67, 47)}
    exr_files.write(plates / "exr" / f"in.{FIRST + 1}.exr", exr_files.gray_plate(48, 72), **windows)
    codes = np.random.default_rng(1).integers(100, 256, (48, 64, 4), np.uint8)
    codes[..., 3] = 255
    codes[:6] = codes[-6:] = 0
    Image.fromarray(codes).save(plates / "bars.png")
    assert planned(job, {"file": str(plates / "bars.png"), "frame": FIRST})[1] is not None


def test_encodings_are_for_exr(job):
    job["encoding"] = "acescg"
    assert [problem.field for problem in plan_job(job)] == ["encoding"]
    job["encoding"] = "srgb"
    assert not isinstance(plan_job(job), list)


def test_a_mask_in_exr_is_coverage_beside_any_kind_of_picture(exr_job, plates):
    coverage = np.linspace(0, 1, 48 * 64, dtype=np.float16).reshape(48, 64)
    exr_files.write(plates / "mask.exr", {"Y": coverage})
    codes = np.random.default_rng(0).integers(0, 256, (48, 64, 3), np.uint8)
    Image.fromarray(codes).save(plates / "opaque.png")
    for file in (plates / "opaque.png", plates / "exr" / "reference.exr"):
        named = {"file": str(file), "mask": str(plates / "mask.exr")}
        (reference,) = plan_job({**exr_job, "references": [named]}).shots[0].references
        assert np.array_equal(reference.mask_for(48, 64)[0, 0].numpy(), coverage.astype(np.float32))


def test_what_is_transparent_in_an_exr_picture_is_masked(exr_job, plates):
    rows, columns = np.mgrid[0:48, 0:64]
    alpha = np.where((rows - 24) ** 2 + (columns - 32) ** 2 < 400, 1, 0).astype(np.float16)
    colors = exr_files.channels(plates / "exr" / "reference.exr")
    windows = {"displayWindow": exr_files.box(0, 0, 63, 47)}
    cut_out = {name: plane * alpha for name, plane in colors.items()} | {"A": alpha}
    exr_files.write(plates / "cut.exr", cut_out, **windows)
    _, mask = planned(exr_job, {"file": str(plates / "cut.exr"), "encoding": "acescg"})
    assert np.array_equal(mask, alpha.astype(np.float32))
    exr_files.write(plates / "matte.exr", colors | {"A": alpha}, **windows)  # colours go on beside it
    assert planned(exr_job, {"file": str(plates / "matte.exr"), "encoding": "acescg"})[1] is None
    bars = np.where(np.abs(rows - 23.5) < 16, 1, 0).astype(np.float16)
    exr_files.write(plates / "bars.exr", {n: plane * bars for n, plane in colors.items()} | {"A": bars}, **windows)
    assert planned(exr_job, {"file": str(plates / "bars.exr"), "frame": FIRST})[1] is None
