"""Files that are cut off, damaged, or hold what could not be passed on."""

import struct
import threading
from pathlib import Path

import numpy as np
import pytest
from exr_files import half, library, with_attributes, write
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from vcnode.errors import MediaError
from vcnode.media.exr_header import Box, read_exr_header
from vcnode.media.exr_plate import ExrPlate


@pytest.fixture
def whole(tmp_path: Path) -> Path:
    return write(tmp_path / "a.exr", {name: half() for name in "RGBA"})


@pytest.mark.parametrize("lost", [1, 20, 500, 0.5, 0.9, 0.98])
def test_a_file_that_is_cut_off_says_so(whole: Path, lost: float) -> None:
    data = whole.read_bytes()
    whole.write_bytes(data[: len(data) - int(lost if lost >= 1 else lost * len(data))])
    with pytest.raises(MediaError, match=r"a\.exr: the file is damaged or not complete"):
        read_exr_header(whole)


@settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.floats(0, 1))
def test_no_beginning_of_a_file_passes_for_the_whole(whole: Path, share: float) -> None:
    data = whole.read_bytes()
    part = whole.with_name("part.exr")
    part.write_bytes(data[: int(share * (len(data) - 1))])
    with pytest.raises(MediaError, match=r"part\.exr"):
        read_exr_header(part)


@settings(deadline=None, max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(0, 600), st.binary(min_size=1, max_size=8))
def test_any_damage_to_the_header_is_an_explained_failure_or_none(whole: Path, place: int, junk: bytes) -> None:
    data = bytearray(whole.read_bytes())
    data[place : place + len(junk)] = junk
    damaged = whole.with_name("damaged.exr")
    damaged.write_bytes(data)
    try:
        read_exr_header(damaged)
    except MediaError as error:
        assert "damaged.exr" in str(error)  # noqa: PT017 - no failure is right as well


def test_a_file_whose_writer_died_is_not_complete(whole: Path) -> None:
    data = bytearray(whole.read_bytes())
    table = _table(bytes(data))
    data[table : table + 8] = bytes(8)  # where chunks lie is written last
    whole.write_bytes(data)
    with pytest.raises(MediaError, match="not complete"):
        read_exr_header(whole)


def _table(data: bytes) -> int:
    place = 8
    while data[place]:
        name, kind = data[place:].split(b"\0", 2)[:2]
        place += len(name) + len(kind) + 2
        place += 4 + struct.unpack("<i", data[place : place + 4])[0]
    return place + 1


def test_damaged_pixels_are_told_without_a_word_on_standard_output(
    whole: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = bytearray(whole.read_bytes())
    data[-300:-200] = bytes(100)
    whole.write_bytes(data)
    with pytest.raises(MediaError, match=r"a\.exr: its pixels are damaged"):
        ExrPlate(whole)
    assert capsys.readouterr().out == ""


def test_what_other_threads_print_meanwhile_is_not_lost(
    whole: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    exr = library()
    opened = exr.File

    def beside_another(*arguments: object, **options: object) -> object:
        other = threading.Thread(target=lambda: print("progress of the program", flush=True))
        other.start()
        other.join()
        return opened(*arguments, **options)

    monkeypatch.setattr(exr, "File", beside_another)
    ExrPlate(whole)
    assert capsys.readouterr().out == "progress of the program\n"


@pytest.mark.parametrize("content", [b"", b"v/1\1", b"\x89PNG\r\n\x1a\n" + bytes(100)])
def test_other_files_are_no_exr(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.exr").write_bytes(content)
    with pytest.raises(MediaError, match=r"a\.exr: .*(damaged|not complete)"):
        read_exr_header(tmp_path / "a.exr")
    with pytest.raises(MediaError, match="does not exist"):
        read_exr_header(tmp_path / "b.exr")


def test_text_that_is_not_utf_8_is_named(whole: Path) -> None:
    with_attributes(whole, {"artist": ("string", b"caf\xe9")})
    with pytest.raises(MediaError, match="metadata hold text that is not UTF-8"):
        ExrPlate(whole)


def test_mip_maps_are_refused(tmp_path: Path) -> None:
    exr = library()
    tiles = exr.TileDescription()
    tiles.xSize = tiles.ySize = 16
    source = write(tmp_path / "a.exr", {name: half() for name in "RGB"}, type=exr.tiledimage, tiles=tiles)
    data = source.read_bytes()
    place = data.index(b"tiles\0tiledesc\0") + len(b"tiles\0tiledesc\0") + 4 + 8
    source.write_bytes(data[:place] + b"\1" + data[place + 1 :])
    with pytest.raises(MediaError, match="mip maps"):
        ExrPlate(source)


@pytest.mark.parametrize("tiled", [False, True])
def test_deep_data_are_refused(tmp_path: Path, tiled: bool) -> None:
    exr = library()
    samples = np.empty((8, 8), dtype=object)
    for row in range(8):
        for column in range(8):
            samples[row, column] = np.arange(row + column + 1, dtype=np.float32)
    tiles = exr.TileDescription()
    tiles.xSize = tiles.ySize = 4
    kind = {"type": exr.deeptile, "tiles": tiles} if tiled else {"type": exr.deepscanline}
    source = write(
        tmp_path / "a.exr", {name: samples.copy() for name in "RGBZ"}, compression=exr.ZIPS_COMPRESSION, **kind
    )
    with pytest.raises(MediaError, match=r"a\.exr: it holds deep data; flatten it first"):
        ExrPlate(source)


def test_subsampled_channels_are_refused(whole: Path) -> None:
    data = bytearray(whole.read_bytes())
    place = data.index(b"chlist") + 7 + 4 + 2 + 4 + 4  # of the first channel: its name "A", type and flags
    assert data[place : place + 8] == struct.pack("<2i", 1, 1)
    data[place : place + 8] = struct.pack("<2i", 2, 2)
    whole.write_bytes(data)
    with pytest.raises(MediaError, match="channel A has fewer pixels than the picture"):
        ExrPlate(whole)


def test_boxes() -> None:
    one, other = Box(-5, -3, 4, 6), Box(0, 2, 9, 9)
    assert (one.width, one.height) == (10, 10)
    assert one.union(other) == Box(-5, -3, 9, 9)
    assert one.intersection(other) == Box(0, 2, 4, 6)
    assert one.intersection(Box(5, 0, 6, 1)) is None
    plane = np.zeros((one.union(other).height, one.union(other).width))
    plane[other.within(one.union(other))] = 1
    assert plane[5:13, 5:15].all()
    assert plane.sum() == 80
