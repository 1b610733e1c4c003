"""What comes through when a file is written with other colours: everything else, bit for bit."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from exr_files import ATTRIBUTES, RANDOM, attributes, box, channels, half, library, same, with_attributes, write

from vcnode.errors import MediaError
from vcnode.media.exr_plate import ExrPlate

COLORS = np.full((24, 32, 3), (0.5, 0.25, 0.125), np.float32)


def layers() -> dict[str, np.ndarray]:
    """A comp's channels of every pixel type, with values that arithmetic would not leave alone."""
    depth = RANDOM.random((24, 32), np.float32)
    depth[0, :3] = np.nan, np.inf, -0.0
    alpha = half()
    alpha[1, :2] = np.nan, 6e-8
    return {
        **{name: half() for name in "RGB"},
        "A": alpha,
        "depth.Z": depth,
        "id.objectId": RANDOM.integers(0, 2**32 - 1, (24, 32), dtype=np.uint32),
        "diffuse.R": half(),
        "diffuse.G": half(),
        "diffuse.B": half(),
        "mask.A": half().astype(np.float32),
    }


def again(source: Path, *, deep: bool = False, layer: str | None = None, **options: Any) -> Path:
    """Write a file once more with other colours."""
    target = source.with_name(f"again_{source.name}")
    ExrPlate(source, layer).write(target, COLORS, half=not deep, **options)
    return target


def test_alpha_and_layers_stay_bit_for_bit(tmp_path: Path) -> None:
    planes = layers()
    after = channels(again(write(tmp_path / "a.exr", planes)))
    assert set(after) == set(planes)
    for name, plane in planes.items():
        if name in "RGB":
            assert same(after[name], COLORS[..., "RGB".index(name)].astype(np.float16))
        else:
            assert same(after[name], plane), name


@pytest.mark.parametrize("deep", [False, True])
def test_colours_are_stored_in_the_type_that_is_asked_for(tmp_path: Path, deep: bool) -> None:
    target = again(write(tmp_path / "a.exr", layers()), deep=deep, confidence=np.full((24, 32), 0.75, np.float32))
    after = channels(target)
    assert {after[name].dtype for name in "RGB"} == {np.dtype("f4" if deep else "f2")}
    assert (after["vcn_confidence.confidence"] == 0.75).all()
    assert after["diffuse.R"].dtype == np.float16


def test_windows_and_shape_of_pixels_stay(tmp_path: Path) -> None:
    source = write(
        tmp_path / "a.exr",
        layers(),
        dataWindow=box(-5, -3, 26, 20),
        displayWindow=box(0, 0, 19, 17),
        pixelAspectRatio=2.0,
        screenWindowWidth=1.5,
        lineOrder=library().DECREASING_Y,
    )
    before, after = attributes(source)[0], attributes(again(source))[0]
    assert {name: value for name, value in after.items() if name != "channels"} == {
        name: value for name, value in before.items() if name != "channels"
    }
    plate = ExrPlate(again(source))
    assert (plate.box.left, plate.box.top, plate.box.width, plate.box.height) == (-5, -3, 32, 24)


@pytest.mark.parametrize("name", ATTRIBUTES)
def test_metadata_stay_in_type_and_bytes(tmp_path: Path, name: str) -> None:
    source = with_attributes(write(tmp_path / "a.exr", layers()), {name: ATTRIBUTES[name]})
    assert attributes(again(source))[0][name] == ATTRIBUTES[name]


def test_metadata_of_ours_are_added_and_replaced(tmp_path: Path) -> None:
    source = with_attributes(write(tmp_path / "a.exr", layers()), dict(ATTRIBUTES))
    once = again(source, metadata={"vcnode/model": "lite"})
    twice = again(once, metadata={"vcnode/model": "devc", "vcnode/clip": "sh010"})
    after = attributes(twice)[0]
    assert after["vcnode/model"] == ("string", b"devc")
    assert after["vcnode/clip"] == ("string", b"sh010")
    assert ATTRIBUTES.items() <= after.items()


@pytest.mark.parametrize("compression", ["NO", "RLE", "ZIPS", "ZIP", "PIZ", "HTJ2K256"])
def test_lossless_compression_is_kept(tmp_path: Path, compression: str) -> None:
    wanted = getattr(library(), f"{compression}_COMPRESSION", None)
    if wanted is None:
        pytest.skip(f"this OpenEXR does not know {compression}")
    source = write(tmp_path / "a.exr", layers(), compression=wanted)
    assert attributes(again(source))[0]["compression"] == attributes(source)[0]["compression"]
    assert same(channels(again(source))["A"], channels(source)["A"])


@pytest.mark.parametrize("compression", ["B44", "B44A", "DWAA", "DWAB", "PXR24"])
def test_compression_with_loss_is_not_applied_a_second_time(tmp_path: Path, compression: str) -> None:
    source = write(tmp_path / "a.exr", layers(), compression=getattr(library(), f"{compression}_COMPRESSION"))
    before, after = channels(source), channels(again(source))
    assert all(same(after[name], before[name]) for name in before if name not in "RGB")
    assert same(after["R"], COLORS[..., 0].astype(np.float16))
    assert ExrPlate(source).is_lossy


def test_pxr24_is_lossless_for_halves_and_stays(tmp_path: Path) -> None:
    source = write(tmp_path / "a.exr", {name: half() for name in "RGBA"}, compression=library().PXR24_COMPRESSION)
    assert attributes(again(source))[0]["compression"] == ("compression", b"\5")


def test_tiles_stay_tiles(tmp_path: Path) -> None:
    exr = library()
    tiles = exr.TileDescription()
    tiles.xSize = tiles.ySize = 16
    source = write(tmp_path / "a.exr", layers(), type=exr.tiledimage, tiles=tiles)
    after = attributes(again(source))[0]
    assert (after["type"][1], after["tiles"]) == (b"tiledimage", attributes(source)[0]["tiles"])
    assert same(channels(again(source))["depth.Z"], channels(source)["depth.Z"])


def many_parts(path: Path) -> Path:
    """Two views and depth, each with its own window and compression."""
    exr = library()
    scan = {"type": exr.scanlineimage}
    windows = {"dataWindow": box(3, 4, 12, 9), "displayWindow": box(0, 0, 31, 23)}
    parts = [
        exr.Part(
            {**scan, "compression": exr.ZIP_COMPRESSION, "view": "left", "note": 3},
            {name: half() for name in "RGBA"},
            "rgba.left",
        ),
        exr.Part(
            {**scan, "compression": exr.PIZ_COMPRESSION, "view": "right"},
            {name: half() for name in "RGB"},
            "rgba.right",
        ),
        exr.Part(
            {**scan, "compression": exr.DWAB_COMPRESSION, **windows},
            {"depth.Z": RANDOM.random((6, 10), np.float32)},
            "depth",
        ),
    ]
    exr.File(parts).write(str(path))
    return path


@pytest.mark.parametrize(("layer", "number"), [(None, 0), ("rgba.left", 0), ("rgba.right", 1)])
def test_parts_stay_and_one_of_them_is_coloured(tmp_path: Path, layer: str | None, number: int) -> None:
    source = many_parts(tmp_path / "a.exr")
    target = again(source, layer=layer, confidence=np.ones((24, 32), np.float32), metadata={"vcnode/model": "m"})
    before, after = attributes(source), attributes(target)
    assert len(after) == 3
    assert [part["name"] for part in after] == [part["name"] for part in before]
    assert [part.get("view") for part in after] == [part.get("view") for part in before]
    assert after[0]["note"] == before[0]["note"]
    assert [part["dataWindow"] for part in after] == [part["dataWindow"] for part in before]
    assert [part["compression"][1] for part in after] == [b"\3", b"\4", b"\3"]
    assert ["vcnode/model" in part for part in after] == [each == number for each in range(3)]
    for each in range(3):
        old, new = channels(source, each), channels(target, each)
        assert ("vcn_confidence.confidence" in new) == (each == number)
        changed = set("RGB") if each == number else set()
        assert all(same(new[name], old[name]) for name in set(old) - changed)
        assert all(same(new[name], COLORS[..., "RGB".index(name)].astype(np.float16)) for name in changed)


@pytest.mark.parametrize(
    ("names", "layer", "targets"),
    [
        (["Y"], None, ["R", "G", "B"]),
        (["Y", "A"], None, ["A", "R", "G", "B"]),
        (["gray", "Z"], None, ["Z", "R", "G", "B"]),
        (["R"], None, ["R", "G", "B"]),
        (["R", "G", "B", "plate.Y"], "plate", ["R", "G", "B", "plate.R", "plate.G", "plate.B"]),
    ],
)
def test_a_gray_channel_makes_way_for_colours(
    tmp_path: Path, names: list[str], layer: str | None, targets: list[str]
) -> None:
    source = write(tmp_path / "a.exr", {name: half() for name in names})
    plate = ExrPlate(source, layer)
    assert plate.picture().shape == (24, 32)
    after = channels(again(source, layer=layer))
    assert set(after) == set(targets)
    assert same(after[targets[-1]], COLORS[..., 2].astype(np.float16))


@pytest.mark.parametrize(
    ("names", "layer", "first"),
    [
        (["R", "G", "B", "beauty.R", "beauty.G", "beauty.B"], "beauty", "beauty.R"),
        (["R", "G", "B", "beauty.R", "beauty.G", "beauty.B"], None, "R"),
        (["R", "G", "B", "beauty.R", "beauty.G", "beauty.B"], "rgba", "R"),
        (["beauty.red", "beauty.green", "beauty.blue", "depth.Z"], None, "beauty.red"),
        (["left.beauty.R", "left.beauty.G", "left.beauty.B", "Z"], "left.beauty", "left.beauty.R"),
    ],
)
def test_a_layer_is_found_by_its_name(tmp_path: Path, names: list[str], layer: str | None, first: str) -> None:
    planes = {name: half() for name in names}
    plate = ExrPlate(write(tmp_path / "a.exr", planes), layer)
    assert same(plate.picture()[..., 0].astype(np.float16), planes[first])


@pytest.mark.parametrize(
    ("names", "layer", "message"),
    [
        (["Z", "u"], "depth", r"has no layer depth with R, G, B or Y; its channels are Z, u"),
        (["A", "Z"], None, r"has the channels A, Z, but R, G, B or Y are needed; name a layer"),
        (["u", "v"], None, r"has the channels u, v, but R, G, B or Y are needed"),
        (["a.R", "a.G", "a.B", "b.R", "b.G", "b.B"], None, r"has the layers a, b; name the one that is meant"),
    ],
)
def test_channels_that_are_missing_are_named(tmp_path: Path, names: list[str], layer: str | None, message: str) -> None:
    source = write(tmp_path / "a.exr", {name: half() for name in names})
    with pytest.raises(MediaError, match=rf"a\.exr: it {message}"):
        ExrPlate(source, layer)


def test_integers_are_no_picture(tmp_path: Path) -> None:
    source = write(tmp_path / "a.exr", {name: half().astype(np.uint32) for name in "RGB"})
    with pytest.raises(MediaError, match="R, G, B hold integers, but half or float is needed"):
        ExrPlate(source)


def test_a_half_is_not_given_what_it_cannot_hold(tmp_path: Path) -> None:
    plate = ExrPlate(write(tmp_path / "a.exr", layers()))
    sun = COLORS.copy()
    sun[0, 0, 0] = 1e6
    with pytest.raises(MediaError, match="1 pixels are brighter than a half can hold"):
        plate.write(tmp_path / "b.exr", sun, half=True)
    assert not (tmp_path / "b.exr").exists()
    plate.write(tmp_path / "b.exr", sun, half=False)


def test_a_failure_leaves_what_was_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = write(tmp_path / "a.exr", layers())
    target = again(source)
    before = target.read_bytes()
    plate = ExrPlate(source)
    monkeypatch.setattr("os.replace", lambda *_: (_ for _ in ()).throw(OSError(28, "No space left on device")))
    with pytest.raises(MediaError, match="no space left"):
        plate.write(target, COLORS, half=True)
    assert target.read_bytes() == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.exr", "again_a.exr"]


def test_pixels_that_are_not_numbers_are_counted_in_the_picture_alone(tmp_path: Path) -> None:
    planes = layers()
    source = write(tmp_path / "a.exr", planes)
    assert ExrPlate(source).picture().shape == (24, 32, 3)  # alpha and depth hold some
    planes["G"][3, 4] = planes["B"][3, 4] = np.nan
    planes["R"][5, 5:8] = -np.inf
    with pytest.raises(MediaError, match=r"a\.exr has 4 pixels that are NaN or infinite"):
        ExrPlate(write(source, planes)).picture()
