"""What a frame looks like, whatever kind of file it comes from."""

import numpy as np
import pytest
from exr_files import write
from PIL import Image

from vcnode.media import open_source, write_png
from vcnode.media.display_rgb import display_rgb

ENCODED = np.linspace(0, 1, 48 * 64 * 3, dtype=np.float32).reshape(48, 64, 3)
LINEAR = np.where(ENCODED > 0.04045, ((ENCODED + 0.055) / 1.055) ** 2.4, ENCODED / 12.92)  # IEC 61966-2-1


def shown(folder):
    with open_source(folder) as source:
        return display_rgb(source.frame(0), source.info)


def test_linear_colours_and_linear_gray_look_like_the_same_picture_in_png(tmp_path):
    planes = dict(zip("RGB", np.ascontiguousarray(LINEAR.transpose(2, 0, 1), np.float32), strict=True))
    write(tmp_path / "color" / "0.exr", planes)
    write(tmp_path / "gray" / "0.exr", {"Y": planes["G"]})
    (tmp_path / "png").mkdir()
    write_png(tmp_path / "png" / "0.png", (ENCODED * 65535).round().astype(np.uint16))
    assert shown(tmp_path / "png") == pytest.approx(ENCODED, abs=1e-4)
    assert shown(tmp_path / "color") == pytest.approx(ENCODED, abs=1e-4)
    assert shown(tmp_path / "gray") == pytest.approx(np.repeat(ENCODED[..., 1:2], 3, axis=-1), abs=1e-4)


def test_floats_that_are_encoded_already_stay_and_highlights_are_clipped(tmp_path):
    values = 1.5 * ENCODED[..., 0]
    (tmp_path / "tiff").mkdir()
    Image.fromarray(values).save(tmp_path / "tiff" / "0.tif")
    assert shown(tmp_path / "tiff") == pytest.approx(np.repeat(values.clip(0, 1)[..., None], 3, axis=-1))
    write(tmp_path / "exr" / "0.exr", {name: np.full((48, 64), 7, np.float32) for name in "RGB"})
    assert shown(tmp_path / "exr") == pytest.approx(np.ones((48, 64, 3)))
