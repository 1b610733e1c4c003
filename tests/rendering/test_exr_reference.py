from pathlib import Path

import numpy as np
import PIL.Image
import pytest
import torch
from exr_files import box, library, write

from vcnode.color.encodings import ENCODINGS, convert
from vcnode.errors import InputError, MediaError
from vcnode.media import read_image
from vcnode.media.exr_header import Box
from vcnode.rendering import mask_picture, reference_picture
from vcnode.sequence import Reference


@pytest.fixture
def colors() -> np.ndarray:
    """sRGB values inside the gamut, (24, 32, 3)."""
    library()
    return np.random.default_rng(3).uniform(0.05, 0.95, (24, 32, 3)).astype(np.float32)


def planes(values: np.ndarray) -> dict[str, np.ndarray]:
    return {name: values[..., number].copy() for number, name in enumerate("RGB")}


@pytest.mark.parametrize("encoding", [*sorted(ENCODINGS), None])
def test_every_encoding_of_a_picture_is_read_as_the_same_srgb(
    tmp_path: Path, colors: np.ndarray, encoding: str | None
) -> None:
    declared = ENCODINGS[encoding or "linear-srgb"]
    shown = torch.from_numpy(colors).permute(2, 0, 1)[None].double()
    stored = declared.encode(convert(ENCODINGS["srgb"].decode(shown), ENCODINGS["linear-srgb"], declared))
    path = write(tmp_path / "r.exr", planes(stored[0].permute(1, 2, 0).float().numpy()))
    assert np.abs(reference_picture(path, encoding) - colors).max() < 1e-5


def test_a_reference_takes_an_exr_file_as_linear_light(tmp_path: Path, colors: np.ndarray) -> None:
    linear = ENCODINGS["srgb"].decode(torch.from_numpy(colors)).numpy()
    path = write(tmp_path / "r.exr", planes(linear))
    assert np.abs(read_image(path).rgb - colors).max() < 1e-5
    assert torch.allclose(Reference(path).lab(), Reference(reference_picture(path)).lab(), atol=0.01)


def test_a_reference_takes_an_exr_mask_as_coverage(tmp_path: Path, colors: np.ndarray) -> None:
    covered = np.tile(np.linspace(0, 1, 32, dtype=np.float32), (24, 1))
    mask = write(tmp_path / "m.exr", {"Y": covered})
    for given in (mask, str(mask)):
        found = Reference(colors, mask=given).mask_for(24, 32)
        assert found is not None
        assert np.abs(found[0, 0].numpy() - covered).max() < 1e-3


def test_light_beyond_white_and_colours_beyond_srgb_are_brought_in_without_another_luminance(tmp_path: Path) -> None:
    library()
    values = np.zeros((8, 8, 3), np.float32)
    values[:4] = (0.1, 0.6, 0.05)  # a green that sRGB lacks
    values[4:] = (9.0, 7.0, 5.0)
    picture = reference_picture(write(tmp_path / "r.exr", planes(values)), "linear-rec2020")
    assert (picture[4:] == 1).all()
    srgb = ENCODINGS["srgb"]
    shown = torch.from_numpy(picture[:4]).permute(2, 0, 1)[None].double()
    wanted = float(ENCODINGS["linear-rec2020"].luminance(torch.tensor([0.1, 0.6, 0.05]).view(1, 3, 1, 1)))
    assert float(srgb.luminance(srgb.decode(shown)).mean()) == pytest.approx(wanted, abs=1e-3)
    assert picture[0, 0, 1] > picture[0, 0, 2] > picture[0, 0, 0] >= 0


def test_a_picture_covers_the_display_window_or_the_box_that_is_asked_for(tmp_path: Path, colors: np.ndarray) -> None:
    window = {"dataWindow": box(-2, 3, 29, 26), "displayWindow": box(0, 0, 19, 29)}
    path = write(tmp_path / "r.exr", planes(colors), **window)
    shown = reference_picture(path, "srgb")
    assert shown.shape == (30, 20, 3)
    assert np.abs(shown[3:27] - colors[:, 2:22]).max() < 1e-6
    assert not shown[:3].any()
    asked = reference_picture(path, "srgb", box=Box(-2, 3, 29, 26))
    assert np.abs(asked - colors).max() < 1e-6


def test_other_files_are_srgb_unless_declared(tmp_path: Path, colors: np.ndarray) -> None:
    codes = np.rint(colors * 255).astype(np.uint8)
    PIL.Image.fromarray(codes).save(tmp_path / "r.png")
    assert np.abs(reference_picture(tmp_path / "r.png") - codes / 255).max() < 1e-5
    with pytest.raises(InputError, match="'log' is not known"):
        reference_picture(tmp_path / "r.png", "log")
    with pytest.raises(MediaError, match=r"absent\.exr: the file or its folder does not exist"):
        reference_picture(tmp_path / "absent.exr")


def test_a_mask_is_read_as_it_is(tmp_path: Path, colors: np.ndarray) -> None:
    mask = colors[..., 0]
    assert np.array_equal(mask_picture(write(tmp_path / "m.exr", {"Y": mask.copy()})), mask)
    codes = np.rint(mask * 255).astype(np.uint8)
    PIL.Image.fromarray(codes).save(tmp_path / "m.png")
    assert np.abs(mask_picture(tmp_path / "m.png") - codes / 255).max() < 1e-6


def test_colours_that_alpha_has_darkened_are_as_they_were(tmp_path: Path, colors: np.ndarray) -> None:
    alpha = np.linspace(0.5, 1, 32, dtype=np.float32) * np.ones((24, 1), np.float32)
    alpha[:, :4] = 0
    linear = ENCODINGS["srgb"].decode(torch.from_numpy(colors)).numpy()
    path = write(tmp_path / "r.exr", planes(linear * alpha[..., None]) | {"A": alpha})
    image = read_image(path)
    for shown in (reference_picture(path), image.rgb):
        assert np.abs(shown - colors)[:, 4:].max() < 1e-5
        assert not shown[:, :4].any()
    assert image.alpha is not None
    assert np.array_equal(image.alpha, alpha)
    assert not np.array_equal(mask_picture(path), alpha)  # a mask's colours are its values


def test_a_matte_beside_the_colours_is_no_opacity(tmp_path: Path, colors: np.ndarray) -> None:
    matte = np.linspace(0, 1, 32, dtype=np.float32) * np.ones((24, 1), np.float32)
    path = write(tmp_path / "r.exr", planes(colors) | {"A": matte})
    assert read_image(path).alpha is None
    assert np.abs(reference_picture(path, "srgb") - colors).max() < 1e-6
