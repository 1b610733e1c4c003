"""Photographs and other single pictures, as references are."""

import logging
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import PIL.Image
from numpy.typing import NDArray

from vcnode.media.color_profile import to_srgb
from vcnode.media.display_rgb import srgb_of_linear
from vcnode.media.exr import read_exr
from vcnode.media.exr_plate import ExrPlate
from vcnode.media.still import load_still

_log = logging.getLogger(__name__)


@dataclass(frozen=True, eq=False)
class Image:
    """A picture, upright and in sRGB.

    Attributes:
        rgb: (H, W, 3) float32, gamma-encoded, 0..1 (float files may exceed it).
        depth: Bits a code in the file: 8, 16, or 32 for float.
        alpha: Opacity (H, W) float32 in 0..1, or None; `rgb` is not multiplied with it.
        gray: Whether the file has one channel only.
    """

    rgb: NDArray[np.float32]
    depth: int
    alpha: NDArray[np.float32] | None = None
    gray: bool = False


def read_image(path: Path | str) -> Image:
    """Read a picture at full depth, upright (EXIF); 8-bit ones are converted from their ICC profile to sRGB.

    EXR is taken as linear light of BT.709's primaries; `vcnode.rendering.reference_picture` reads other encodings.

    Raises:
        MediaError: When the file is missing, empty, not a picture or damaged.
    """
    if Path(path).suffix.lower() == ".exr":
        return _scene_linear(Path(path))
    still = load_still(Path(path)).upright()
    codes: NDArray[Any] = still.codes
    if still.icc is not None:
        if still.depth == 8:
            codes = np.asarray(to_srgb(PIL.Image.fromarray(codes), still.icc))
        else:
            _log.info("%s: the colour profile of a %d-bit picture is not applied; sRGB is assumed", path, still.depth)
    rgb = np.repeat(codes[..., None], 3, axis=-1) if codes.ndim == 2 else codes
    return Image(
        rgb=_unit(rgb),
        depth=still.depth,
        alpha=None if still.alpha is None else _unit(still.alpha),
        gray=still.codes.ndim == 2,
    )


def read_mask(path: Path | str) -> NDArray[np.float32]:
    """Read a picture as a mask: its numbers are coverage as they stand, whatever colours the file says they are.

    Args:
        path: Of any kind; of three channels the mean is taken.

    Returns:
        (H, W), 0..1: codes over the greatest, or the values of EXR.

    Raises:
        MediaError: When the file is missing, empty, not a picture or damaged.
    """
    path = Path(path)
    values = read_exr(path) if path.suffix.lower() == ".exr" else _unit(load_still(path).upright().codes)
    gray = values if values.ndim == 2 else values.mean(axis=-1)
    return gray.clip(0, 1).astype(np.float32)


def _scene_linear(path: Path) -> Image:
    values, opacity = ExrPlate(path).straight_picture()
    encoded, gray = srgb_of_linear(values), values.ndim == 2
    return Image(np.repeat(encoded[..., None], 3, axis=-1) if gray else encoded, 32, opacity, gray)


def _unit(codes: NDArray[Any]) -> NDArray[np.float32]:
    if codes.dtype.kind == "f":
        return codes.astype(np.float32)
    return (codes / np.float32(np.iinfo(codes.dtype).max)).astype(np.float32)
