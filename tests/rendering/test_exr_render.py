"""EXR in and out, through the whole render."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import PIL.Image
import pytest
import torch
from exr_files import ATTRIBUTES, attributes, box, channels, gray_plate, half, library, same, with_attributes, write

from rendering.films import luma, write_film
from rendering.test_stretch import after
from vcnode import __version__
from vcnode.color import linear_rgb_to_lab
from vcnode.color.encodings import ENCODINGS, convert
from vcnode.errors import Cancelled, InputError, MediaError
from vcnode.rendering import RenderJob, render
from vcnode.sequence import Reference, Shot


def plates(folder: Path, count: int = 2, *, brightest: float = 6.0, **header: Any) -> Path:
    """Gray plates with alpha and a depth layer, shadows below 0 and highlights above 1; returns their pattern."""
    for number in range(1001, 1001 + count):
        planes = gray_plate(brightest=brightest)
        for name in "RGB":
            planes[name][:2] = -0.01
        planes |= {"A": half(64, 96), "depth.Z": half(64, 96).astype(np.float32)}
        write(folder / f"in.{number}.exr", planes, **header)
    return folder / "in.####.exr"


@pytest.fixture
def exr_job(job: RenderJob, tmp_path: Path) -> RenderJob:
    library()
    return replace(job, source=plates(tmp_path / "in"), output=tmp_path / "out" / "out.####.exr", confidence_layer=True)


def luminance(planes: dict[str, np.ndarray], encoding: str) -> np.ndarray:
    declared = ENCODINGS[encoding]
    stored = torch.from_numpy(np.stack([planes[name] for name in "RGB"]).astype(np.float64))[None]
    return declared.luminance(declared.decode(stored))[0, 0].numpy()


@pytest.mark.parametrize("encoding", sorted(ENCODINGS))
@pytest.mark.parametrize("depth", [16, 32])
def test_luminance_is_the_sources_in_every_encoding(exr_job: RenderJob, encoding: str, depth: int) -> None:
    result = render(replace(exr_job, encoding=encoding, depth=depth, frames=(0, 0)))
    assert result.frames == 1
    source = channels(exr_job.source.with_name("in.1001.exr"))
    after = channels(exr_job.output.with_name("out.1001.exr"))
    assert {after[name].dtype.itemsize * 8 for name in "RGB"} == {depth}
    wanted, got = luminance(source, encoding), luminance(after, encoding)
    if depth == 32:
        assert np.allclose(got, wanted, rtol=1e-6, atol=0)
    else:
        encode = ENCODINGS[encoding].encode
        gray = encode(torch.from_numpy(wanted)).numpy()
        step = np.spacing(np.abs(gray.astype(np.float16))).astype(np.float64)
        assert (np.abs(encode(torch.from_numpy(got)).numpy() - gray) <= step).all()
    colored = np.ptp(np.stack([after[name].astype(np.float32) for name in "RGB"]), axis=0)
    assert colored.mean() > 0.01
    assert (colored[:2] == 0).all()  # below 0 there is no colour
    assert same(after["A"], source["A"])
    assert same(after["depth.Z"], source["depth.Z"])


def test_the_same_light_gets_the_same_colours_in_every_encoding(exr_job: RenderJob, tmp_path: Path) -> None:
    """A gray plate's linear numbers are the same in all encodings without a curve."""
    job = replace(exr_job, source=plates(tmp_path / "plain", 1, brightest=0.9), depth=32)
    labs = []
    for encoding in ("linear-srgb", "acescg", "aces2065-1", "linear-rec2020", "linear-p3-d65"):
        output = tmp_path / encoding / "out.####.exr"
        render(replace(job, encoding=encoding, output=output))
        planes = channels(output.with_name("out.1001.exr"))
        stored = torch.from_numpy(np.stack([planes[name] for name in "RGB"])).double()[None]
        linear = convert(stored, ENCODINGS[encoding], ENCODINGS["linear-srgb"])
        labs.append(linear_rgb_to_lab(linear)[0, 1:])
    for lab in labs[1:]:
        assert float((lab - labs[0]).abs().max()) < 2.5  # the luminance of other primaries is another one
        assert float((lab - labs[0]).abs().mean()) < 0.2


def test_srgb_and_linear_files_of_one_picture_get_the_same_light(exr_job: RenderJob, tmp_path: Path) -> None:
    linear = channels(exr_job.source.with_name("in.1001.exr"))
    encode = ENCODINGS["srgb"].encode
    raw = {name: encode(torch.from_numpy(linear[name].astype(np.float32))).numpy() for name in "RGB"}
    write(tmp_path / "raw" / "in.1001.exr", raw)
    one = replace(exr_job, frames=(0, 0), depth=32, settings=replace(exr_job.settings, working_size=64))
    render(one)
    render(replace(one, source=tmp_path / "raw", encoding="srgb", output=tmp_path / "raw_out" / "out.####.exr"))
    light = channels(exr_job.output.with_name("out.1001.exr"))
    shown = channels(tmp_path / "raw_out" / "out.1001.exr")
    for name in "RGB":
        decoded = ENCODINGS["srgb"].decode(torch.from_numpy(shown[name])).numpy()
        assert np.abs(decoded - light[name]).max() < 0.02


def test_metadata_windows_and_ours_are_there(exr_job: RenderJob, tmp_path: Path) -> None:
    header = {"dataWindow": box(-16, -8, 79, 55), "displayWindow": box(0, 0, 63, 47), "pixelAspectRatio": 2.0}
    source = plates(tmp_path / "framed", 1, **header)
    with_attributes(source.with_name("in.1001.exr"), ATTRIBUTES)
    job = replace(exr_job, source=source, encoding="acescg", clip="sh010")
    render(job)
    before = attributes(source.with_name("in.1001.exr"))[0]
    after = attributes(job.output.with_name("out.1001.exr"))[0]
    kept = {name: value for name, value in before.items() if name != "channels"}
    assert kept.items() <= after.items()
    ours = {name: value[1].decode() for name, value in after.items() if name.startswith("vcnode/")}
    assert ours.pop("vcnode/job").endswith(".16")
    assert ours == {
        "vcnode/version": __version__,
        "vcnode/model": "lite",
        "vcnode/clip": "sh010",
        "vcnode/encoding": "acescg",
    }


def test_confidence_is_a_layer_when_it_is_wanted(exr_job: RenderJob, tmp_path: Path) -> None:
    render(exr_job)
    confidence = channels(exr_job.output.with_name("out.1002.exr"))["vcn_confidence.confidence"]
    assert confidence.shape == (64, 96)
    assert 0 <= confidence.min() < confidence.max() <= 1
    plain = replace(exr_job, confidence_layer=False, output=tmp_path / "plain" / "out.####.exr")
    render(plain)
    assert "vcn_confidence.confidence" not in channels(plain.output.with_name("out.1002.exr"))


def test_data_windows_may_differ_from_frame_to_frame(exr_job: RenderJob, tmp_path: Path) -> None:
    """The first frame shows a part only; what appears later is coloured all the same."""
    display = box(0, 0, 95, 63)
    windows = {1001: (0, 0, 95, 39), 1002: (0, 0, 95, 63), 1003: (-10, 8, 60, 70)}
    for number, (left, top, right, bottom) in windows.items():
        planes = gray_plate(bottom - top + 1, right - left + 1)
        planes = {name: (0.2 + 0.5 * plane).astype(np.float16) for name, plane in planes.items()}
        header = {"dataWindow": box(left, top, right, bottom), "displayWindow": display}
        write(tmp_path / "moving" / f"in.{number}.exr", planes, **header)
    job = replace(exr_job, source=tmp_path / "moving")
    assert render(job).frames == 3
    for number, (left, top, right, bottom) in windows.items():
        before = channels(tmp_path / "moving" / f"in.{number}.exr")
        target = job.output.with_name(f"out.{number}.exr")
        after = channels(target)
        assert after["R"].shape == (bottom - top + 1, right - left + 1)
        colored = np.ptp(np.stack([after[name].astype(np.float32) for name in "RGB"]), axis=0)
        assert (colored[-8:] > 0.001).mean() > 0.5
        step = np.spacing(before["G"]).astype(np.float64)
        assert (np.abs(luminance(after, "linear-srgb") - luminance(before, "linear-srgb")) <= step).all()


def test_a_gray_file_becomes_a_coloured_one(exr_job: RenderJob, tmp_path: Path) -> None:
    plane = gray_plate()["R"]
    write(tmp_path / "gray" / "in.0001.exr", {"Y": plane, "A": half(64, 96)})
    render(replace(exr_job, source=tmp_path / "gray"))
    after = channels(exr_job.output.with_name("out.0001.exr"))
    assert set(after) == {"R", "G", "B", "A", "vcn_confidence.confidence"}
    assert (np.abs(luminance(after, "linear-srgb") - plane) <= np.spacing(plane)).all()


def test_one_layer_is_coloured_and_the_rest_is_left_alone(exr_job: RenderJob, tmp_path: Path) -> None:
    planes = {f"plate.{name}": plane for name, plane in gray_plate().items()} | {name: half(64, 96) for name in "RGBA"}
    write(tmp_path / "layered" / "in.0001.exr", planes)
    render(replace(exr_job, source=tmp_path / "layered", layer="plate"))
    after = channels(exr_job.output.with_name("out.0001.exr"))
    assert all(same(after[name], planes[name]) for name in "RGBA")
    assert not same(after["plate.R"], planes["plate.R"])


def test_frames_outside_all_shots_are_the_sources_bit_for_bit(exr_job: RenderJob) -> None:
    render(replace(exr_job, shots=(Shot(1, 1, exr_job.references),), references=()))
    before, after = (channels(path.with_name(f"{name}.1001.exr")) for path, name in _both(exr_job))
    assert all(same(after[name], before[name]) for name in before)
    later = channels(exr_job.output.with_name("out.1002.exr"))
    assert not same(later["R"], later["B"])


def _both(job: RenderJob) -> tuple[tuple[Path, str], tuple[Path, str]]:
    return (job.source, "in"), (job.output, "out")


def test_a_stopped_render_goes_on_and_a_finished_one_is_kept(exr_job: RenderJob, tmp_path: Path) -> None:
    job = replace(exr_job, source=plates(tmp_path / "long", 4), segment_frames=1)
    straight = replace(job, output=tmp_path / "straight" / "out.####.exr")
    render(straight)
    with pytest.raises(Cancelled):
        render(job, cancelled=after(3))
    kept = sorted(path.name for path in job.output.parent.glob("*.exr"))
    assert kept == ["out.1001.exr", "out.1002.exr", "out.1003.exr"]
    damaged = job.output.with_name(kept[1])
    damaged.write_bytes(damaged.read_bytes()[:-100])
    assert render(job).rendered == 2
    for number in range(1001, 1005):
        one, other = (channels(each.output.with_name(f"out.{number}.exr")) for each in (job, straight))
        assert all(same(one[name], other[name]) for name in one)
    assert render(job).rendered == 0
    for another in (replace(job, encoding="acescg"), replace(job, depth=32), replace(job, confidence_layer=False)):
        with pytest.raises(MediaError, match="exists already"):
            render(another)


def test_a_video_becomes_exr_in_the_declared_encoding(job: RenderJob, tmp_path: Path) -> None:
    library()
    linear = []
    for encoding in ("linear-srgb", "acescg"):
        output = tmp_path / encoding / "out.####.exr"
        render(replace(job, output=output, encoding=encoding, depth=32, frames=(0, 0)))
        planes = channels(next(output.parent.glob("*.exr")))
        stored = torch.from_numpy(np.stack([planes[name] for name in "RGB"]))[None].double()
        linear.append(convert(stored, ENCODINGS[encoding], ENCODINGS["linear-srgb"]))
    assert torch.allclose(linear[0], linear[1], atol=1e-5)


def test_exr_becomes_a_video(exr_job: RenderJob, tmp_path: Path) -> None:
    result = render(replace(exr_job, output=tmp_path / "out.mkv", confidence_layer=False, encoding="acescg"))
    assert result.frames == 2


def test_what_is_for_exr_is_refused_elsewhere(job: RenderJob, exr_job: RenderJob, tmp_path: Path) -> None:
    film = write_film(tmp_path / "other.mkv", luma(2))
    with pytest.raises(InputError, match="encoding acescg is for EXR files, but neither"):
        render(replace(job, source=film, encoding="acescg"))
    with pytest.raises(InputError, match="layer of the confidence is for EXR files"):
        render(replace(job, source=film, confidence_layer=True))
    with pytest.raises(InputError, match="encoding 'rec709' is not known"):
        render(replace(exr_job, encoding="rec709"))
    with pytest.raises(InputError, match="has no layers"):
        render(replace(job, source=film, layer="plate"))
    with pytest.raises(InputError, match="codec is 'xvid'; choose one of"):
        render(replace(exr_job, output=tmp_path / "out.mkv", confidence_layer=False, codec="xvid"))


@pytest.mark.parametrize(("encoding", "warned"), [("acescg", True), (None, False), ("linear-srgb", False)])
def test_primaries_that_contradict_are_warned_of(
    exr_job: RenderJob, caplog: pytest.LogCaptureFixture, encoding: str | None, warned: bool
) -> None:
    with_attributes(exr_job.source.with_name("in.1001.exr"), {"chromaticities": ATTRIBUTES["chromaticities"]})
    render(replace(exr_job, encoding=encoding, frames=(0, 0)))
    assert ("primaries are not those of" in caplog.text) == warned


@pytest.mark.parametrize("listed", [False, True])
def test_a_keyframe_of_the_format_is_one_on_plates_with_overscan(exr_job: RenderJob, listed: bool) -> None:
    source = plates(
        exr_job.source.parent, 1, brightest=0.9, displayWindow=box(8, 8, 87, 55), dataWindow=box(0, 0, 95, 63)
    )
    shown = np.zeros((64, 96, 3), np.uint8) + np.uint8(128)
    shown[...] = np.random.default_rng(1).integers(0, 256, (8, 12, 3), np.uint8).repeat(8, 0).repeat(8, 1)
    picture, bare = source.with_name("still.png"), source.with_name("bare.png")
    PIL.Image.fromarray(shown[8:56, 8:88]).save(picture)
    PIL.Image.fromarray(np.pad(shown[8:56, 8:88], ((8, 8), (8, 8), (0, 0)), "edge")).save(bare)
    found = []
    for file in (picture, bare):
        named = (Reference(file, 0),)
        given = {"references": (), "shots": (Shot(0, None, named),)} if listed else {"references": named}
        output = source.with_name(file.stem) / "out.####.exr"
        render(replace(exr_job, source=source, output=output, depth=32, **given))
        found.append(channels(output.with_name("out.1001.exr")))
    assert all(same(found[0][name], found[1][name]) for name in "RGB")
