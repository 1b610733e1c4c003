import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import PIL.Image
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from PIL import ImageCms, ImageOps

from vcnode.errors import InputError, MediaError
from vcnode.media import read_image, read_mask, write_png, write_tiff

RANDOM = np.random.default_rng(0)
COLOR = RANDOM.integers(0, 256, (5, 7, 3), dtype=np.uint8)


@pytest.mark.parametrize(("write", "suffix"), [(write_png, ".png"), (write_tiff, ".tif")])
@given(data=st.data())
@settings(max_examples=40, deadline=None)
def test_what_is_written_comes_back(
    tmp_path_factory: pytest.TempPathFactory, write: Callable[..., None], suffix: str, data: st.DataObject
) -> None:
    kind = data.draw(st.sampled_from([np.uint8, np.uint16]))
    height, width = data.draw(st.integers(1, 9)), data.draw(st.integers(1, 9))
    shape = data.draw(st.sampled_from([(height, width), (height, width, 3)]))
    codes = data.draw(arrays(kind, shape))
    path = tmp_path_factory.getbasetemp() / f"picture{suffix}"
    write(path, codes)
    image = read_image(path)
    most = np.iinfo(kind).max
    back = np.rint(image.rgb.astype(np.float64) * most).astype(kind)
    np.testing.assert_array_equal(back, codes if codes.ndim == 3 else np.repeat(codes[..., None], 3, -1))
    assert image.depth == codes.itemsize * 8
    assert image.gray == (codes.ndim == 2)
    assert image.rgb.dtype == np.float32


@pytest.mark.parametrize("suffix", [".png", ".tif", ".bmp", ".webp"])
def test_eight_bit_kinds(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"a{suffix}"
    PIL.Image.fromarray(COLOR).save(path, **({"lossless": True} if suffix == ".webp" else {}))
    np.testing.assert_allclose(read_image(path).rgb * 255, COLOR, atol=1e-4)


def test_jpeg_is_close(tmp_path: Path) -> None:
    smooth = np.full((16, 16, 3), (200, 100, 50), np.uint8)
    PIL.Image.fromarray(smooth).save(tmp_path / "a.jpg", quality=95)
    np.testing.assert_allclose(read_image(tmp_path / "a.jpg").rgb * 255, smooth, atol=3)


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("suffix", [".jpg", ".png"])
def test_exif_turns_the_picture_upright(tmp_path: Path, orientation: int, suffix: str) -> None:
    picture = PIL.Image.fromarray(COLOR)
    exif = picture.getexif()
    exif[274] = orientation
    path = tmp_path / f"a{suffix}"
    picture.save(path, exif=exif)
    with PIL.Image.open(path) as opened:
        truth = np.asarray(ImageOps.exif_transpose(opened))
    np.testing.assert_allclose(read_image(path).rgb * 255, truth, atol=1e-3)


def test_alpha_is_kept_apart(tmp_path: Path) -> None:
    rgba = RANDOM.integers(0, 256, (4, 6, 4), dtype=np.uint8)
    PIL.Image.fromarray(rgba).save(tmp_path / "a.png")
    image = read_image(tmp_path / "a.png")
    assert image.alpha is not None
    np.testing.assert_allclose(image.rgb * 255, rgba[..., :3], atol=1e-4)
    np.testing.assert_allclose(image.alpha * 255, rgba[..., 3], atol=1e-4)


@pytest.mark.parametrize("mode", ["L", "RGB"])
def test_a_colour_that_stands_for_transparent_is(tmp_path: Path, mode: str) -> None:
    picture = PIL.Image.new(mode, (4, 4), 200 if mode == "L" else (200, 40, 40))
    hole = 0 if mode == "L" else (0, 0, 0)
    picture.putpixel((1, 2), hole)
    picture.save(tmp_path / "a.png", transparency=hole)
    image = read_image(tmp_path / "a.png")
    assert image.gray == (mode == "L")
    assert image.alpha is not None
    assert np.argwhere(image.alpha == 0).tolist() == [[2, 1]]
    np.testing.assert_allclose(image.rgb[0, 0, 0], 200 / 255, atol=1e-6)


def test_palettes_bitmaps_and_print_colours(tmp_path: Path) -> None:
    palette = PIL.Image.fromarray(COLOR).quantize(8)
    palette.save(tmp_path / "palette.png")
    np.testing.assert_allclose(
        read_image(tmp_path / "palette.png").rgb * 255, np.asarray(palette.convert("RGB")), atol=1e-4
    )
    PIL.Image.fromarray(COLOR[..., 0] > 128).save(tmp_path / "bits.png")
    bits = read_image(tmp_path / "bits.png")
    assert bits.gray
    np.testing.assert_array_equal(bits.rgb[..., 0], COLOR[..., 0] > 128)
    PIL.Image.new("CMYK", (4, 4), (0, 255, 255, 0)).save(tmp_path / "print.tif")
    red = read_image(tmp_path / "print.tif").rgb[0, 0]
    assert red[0] > 0.8
    assert red[1:].max() < 0.3


def test_an_icc_profile_is_applied(tmp_path: Path) -> None:
    # A profile whose red and green are exchanged cannot be mistaken for sRGB.
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    red, green = profile.find(b"rXYZ"), profile.find(b"gXYZ")
    profile[red : red + 4], profile[green : green + 4] = b"gXYZ", b"rXYZ"
    profile = bytearray(bytes(profile).replace("sRGB".encode("utf-16-be"), "eRGB".encode("utf-16-be")))
    profile = bytearray(bytes(profile).replace(b"sRGB", b"eRGB", 1))
    picture = PIL.Image.new("RGB", (4, 4), (255, 0, 0))
    picture.save(tmp_path / "a.png", icc_profile=bytes(profile))
    with PIL.Image.open(tmp_path / "a.png") as opened:
        truth = ImageCms.profileToProfile(
            opened, ImageCms.ImageCmsProfile(io.BytesIO(bytes(profile))), ImageCms.createProfile("sRGB")
        )
    assert truth is not None
    rgb = read_image(tmp_path / "a.png").rgb
    np.testing.assert_allclose(rgb * 255, np.asarray(truth), atol=1e-4)
    assert rgb[0, 0, 1] > rgb[0, 0, 0]


def test_an_srgb_profile_changes_nothing_and_a_broken_one_is_ignored(tmp_path: Path) -> None:
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    for icc in (srgb, b"nonsense"):
        PIL.Image.fromarray(COLOR).save(tmp_path / "a.png", icc_profile=icc)
        np.testing.assert_allclose(read_image(tmp_path / "a.png").rgb * 255, COLOR, atol=1e-4)


def tiff(**options: Any) -> Callable[[Path, Any], None]:
    tifffile = pytest.importorskip("tifffile")

    def write(path: Path, array: Any) -> None:
        tifffile.imwrite(path, array, **options)

    return write


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("compression", [None, "deflate"])
def test_foreign_sixteen_bit_tiff(tmp_path: Path, order: str, compression: str | None) -> None:
    codes = RANDOM.integers(0, 65536, (5, 7, 3), dtype=np.uint16)
    tiff(photometric="rgb", byteorder=order, compression=compression)(tmp_path / "a.tif", codes)
    image = read_image(tmp_path / "a.tif")
    assert image.depth == 16
    np.testing.assert_array_equal(np.rint(image.rgb * 65535), codes)


@pytest.mark.parametrize("order", ["<", ">"])
def test_sixteen_bit_print_colours(tmp_path: Path, order: str) -> None:
    inks = np.zeros((5, 7, 4), np.uint16)
    inks[..., 1:3] = 65535  # magenta and yellow
    tiff(photometric="separated", byteorder=order)(tmp_path / "a.tif", inks)
    image = read_image(tmp_path / "a.tif")
    assert image.alpha is None
    np.testing.assert_array_equal(image.rgb[0, 0], (1, 0, 0))


@pytest.mark.parametrize("shape", [(5, 7), (5, 7, 3)])
def test_float_tiff_keeps_values_above_one(tmp_path: Path, shape: tuple[int, ...]) -> None:
    values = RANDOM.random(shape, np.float32) * 2
    tiff(photometric="rgb" if len(shape) == 3 else "minisblack")(tmp_path / "a.tif", values)
    image = read_image(tmp_path / "a.tif")
    assert image.depth == 32
    np.testing.assert_array_equal(image.rgb, values if len(shape) == 3 else np.repeat(values[..., None], 3, -1))


def test_tiff_that_would_be_misread_is_refused(tmp_path: Path) -> None:
    half = RANDOM.random((5, 7, 3)).astype(np.float16)
    tiff(photometric="rgb")(tmp_path / "a.tif", half)
    with pytest.raises(MediaError, match="save it with 16-bit integers or 32-bit floats"):
        read_image(tmp_path / "a.tif")


def test_errors_are_sentences(tmp_path: Path) -> None:
    with pytest.raises(MediaError, match=r"cannot open .*none\.png: the file or its folder does not exist"):
        read_image(tmp_path / "none.png")
    (tmp_path / "empty.png").touch()
    with pytest.raises(MediaError, match="the file is empty"):
        read_image(tmp_path / "empty.png")
    (tmp_path / "text.png").write_text("words")
    with pytest.raises(MediaError, match="damaged or not a picture"):
        read_image(tmp_path / "text.png")
    with pytest.raises(MediaError, match=r"it is a folder|may not access"):
        read_image(tmp_path)
    for depth in (np.uint8, np.uint16):
        write_png(tmp_path / "whole.png", RANDOM.integers(0, 255, (40, 40, 3)).astype(depth))
        data = (tmp_path / "whole.png").read_bytes()
        (tmp_path / "cut.png").write_bytes(data[: len(data) // 2])
        with pytest.raises(MediaError, match=r"cut\.png"):
            read_image(tmp_path / "cut.png")


def test_only_pictures_are_written(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="of uint8 or uint16 can"):
        write_png(tmp_path / "a.png", np.zeros((4, 4), np.float32))
    with pytest.raises(InputError, match="nothing to write"):
        write_png(tmp_path / "a.png", np.zeros((0, 4), np.uint8))
    with pytest.raises(MediaError, match="the file or its folder does not exist"):
        write_png(tmp_path / "nowhere" / "a.png", np.zeros((4, 4), np.uint8))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("kind", [np.uint16, np.float32])
def test_tiles_are_refused_rather_than_read_as_noise(tmp_path: Path, kind: Any) -> None:
    codes = RANDOM.random((40, 40, 3)) * (65535 if kind == np.uint16 else 1)
    tiff(photometric="rgb", tile=(16, 16))(tmp_path / "a.tif", codes.astype(kind))
    with pytest.raises(MediaError, match=r"tiled TIFF .*in strips"):
        read_image(tmp_path / "a.tif")


def test_a_deep_tiff_whose_data_are_damaged_is_refused(tmp_path: Path) -> None:
    codes = RANDOM.integers(0, 65536, (40, 40, 3), dtype=np.uint16)
    tiff(photometric="rgb", compression="deflate", rowsperstrip=8)(tmp_path / "a.tif", codes)
    data = bytearray((tmp_path / "a.tif").read_bytes())
    data[len(data) // 2 : len(data) // 2 + 400] = bytes(400)
    (tmp_path / "a.tif").write_bytes(data)
    with pytest.raises(MediaError, match=r"a\.tif: the picture is damaged"):
        read_image(tmp_path / "a.tif")


@pytest.mark.parametrize("channels", [2, 4])
@pytest.mark.parametrize("order", ["<", ">"])
def test_alpha_of_a_deep_tiff(tmp_path: Path, channels: int, order: str) -> None:
    codes = RANDOM.integers(0, 65536, (5, 7, channels), dtype=np.uint16)
    photometric = "rgb" if channels == 4 else "minisblack"
    write = tiff(photometric=photometric, byteorder=order, planarconfig="contig", extrasamples=["unassalpha"])
    write(tmp_path / "a.tif", codes)
    image = read_image(tmp_path / "a.tif")
    assert image.alpha is not None
    np.testing.assert_array_equal(np.rint(image.alpha * 65535), codes[..., -1])
    np.testing.assert_array_equal(np.rint(image.rgb * 65535)[..., 0], codes[..., 0])


@pytest.mark.parametrize("kind", [np.uint8, np.uint16])
def test_a_mask_is_coverage_as_it_stands(tmp_path: Path, kind: type) -> None:
    codes = RANDOM.integers(0, np.iinfo(kind).max, (5, 7), dtype=kind, endpoint=True)
    write_png(tmp_path / "mask.png", codes)
    np.testing.assert_allclose(read_mask(tmp_path / "mask.png"), codes / np.iinfo(kind).max, atol=1e-6)
    np.testing.assert_allclose(read_mask(tmp_path / "mask.png"), read_image(tmp_path / "mask.png").rgb[..., 0])


def test_no_profile_changes_a_mask(tmp_path: Path) -> None:
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    linear = srgb.replace(bytes.fromhex("00026666"), bytes.fromhex("00010000"))  # the exponent of its curves
    other = linear.replace("sRGB".encode("utf-16-be"), "eRGB".encode("utf-16-be")).replace(b"sRGB", b"eRGB")
    PIL.Image.new("RGB", (7, 5), (128, 128, 128)).save(tmp_path / "mask.png", icc_profile=other)
    assert abs(read_image(tmp_path / "mask.png").rgb[0, 0, 0] - 128 / 255) > 0.1
    np.testing.assert_allclose(read_mask(tmp_path / "mask.png"), np.full((5, 7), 128 / 255), atol=1e-6)


@pytest.mark.parametrize("suffix", [".dpx", ".CIN"])
def test_scans_of_film_are_told_from_damaged_pictures(tmp_path: Path, suffix: str) -> None:
    (tmp_path / f"still{suffix}").write_bytes(b"SDPX" + bytes(2044))
    with pytest.raises(MediaError, match=r"DPX and Cineon are not read.*: convert them to EXR in linear light"):
        read_image(tmp_path / f"still{suffix}")
