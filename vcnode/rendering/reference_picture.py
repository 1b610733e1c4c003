"""Reference pictures whose numbers mean something else than sRGB."""

from pathlib import Path
from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray

from vcnode.color import linear_to_srgb
from vcnode.color.encodings import ENCODINGS, convert, find_encoding
from vcnode.color.scene_linear import inside_gamut
from vcnode.media import read_image, read_mask
from vcnode.media.exr_frames import is_exr
from vcnode.media.exr_header import Box
from vcnode.media.exr_plate import ExrPlate
from vcnode.sequence.reference import LEAST_WHITE

_SRGB = ENCODINGS["linear-srgb"]


def reference_picture(
    path: Path | str, encoding: str | None = None, *, layer: str | None = None, box: Box | None = None
) -> NDArray[np.float32]:
    """Read a picture for `vcnode.Reference` as sRGB, whatever its file's numbers mean.

    What is brighter than white becomes white; colours that sRGB lacks move towards neutral at their luminance, instead
    of being clipped to another hue.

    Args:
        path: An EXR file, or a picture of another kind, which is read as `read_image` does.
        encoding: A name in `vcnode.color.ENCODINGS`; None: "linear-srgb" for EXR, "srgb" for all else.
        layer: Of an EXR file, the layer that is the picture; None for the main one.
        box: The part of an EXR file that is wanted, black where the file has no pixels: `ExrFrames.box` of the frames
            that it goes with; None: the display window.

    Returns:
        (H, W, 3), gamma-encoded, 0..1.

    Raises:
        InputError: The encoding is not known.
        MediaError: The file cannot be read.
    """
    path = Path(path)
    declared = find_encoding(encoding or ("linear-srgb" if is_exr(path) else "srgb"))
    values = _straight_in_box(path, layer, box)[0] if is_exr(path) else read_image(path).rgb
    if values.ndim == 2:
        values = np.repeat(values[..., None], 3, axis=-1)
    stored = torch.from_numpy(np.ascontiguousarray(values)).permute(2, 0, 1)[None].double()
    linear = convert(declared.decode(stored), declared, _SRGB)
    luminance = _SRGB.luminance(linear)
    shown = inside_gamut(linear, luminance, 1.0).clamp(0.0, 1.0)
    picture: NDArray[np.float32] = linear_to_srgb(shown)[0].permute(1, 2, 0).float().contiguous().numpy()
    return picture


def mask_picture(path: Path | str, *, layer: str | None = None, box: Box | None = None) -> NDArray[np.float32]:
    """Read a mask for `vcnode.Reference`: an EXR file's values as they are, the mean of three channels, 0..1.

    Args:
        path: An EXR file, or a picture of another kind.
        layer: Of an EXR file.
        box: As for the picture that the mask belongs to.

    Returns:
        (H, W), 0..1.

    Raises:
        MediaError: The file cannot be read.
    """
    path = Path(path)
    if not is_exr(path):
        return read_mask(path)
    plate = ExrPlate(path, layer)
    window = box or plate.parts[plate.layer.part].display_window
    values = placed(plate.picture(), plate.box, window, "constant")
    gray: NDArray[np.float32] = (values if values.ndim == 2 else values.mean(axis=-1)).clip(0, 1).astype(np.float32)
    return gray


def opaque_part(path: Path, box: Box | None = None) -> NDArray[np.float32] | None:
    """Find where an EXR picture is not transparent, which colours multiplied with its alpha tell.

    Args:
        path: The file.
        box: As for the picture.

    Returns:
        (H, W), 0..1; None where it is opaque, around it aside: what surrounds a picture is taken for bars.

    Raises:
        MediaError: The file cannot be read.
    """
    opacity = _straight_in_box(path, None, box)[1]
    if opacity is None:
        return None
    seen = opacity > LEAST_WHITE
    rows, columns = (np.flatnonzero(seen.any(axis=axis)) for axis in (1, 0))
    whole = rows.size > 0 and seen[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1].all()
    return None if whole else opacity


def _straight_in_box(
    path: Path, layer: str | None, box: Box | None
) -> tuple[NDArray[np.float32], NDArray[np.float32] | None]:
    """Read a part of an EXR file and its opacity, both 0 where it has no pixels; see `ExrPlate.straight_picture`."""
    plate = ExrPlate(path, layer)
    box = box or plate.parts[plate.layer.part].display_window
    picture, opacity = plate.straight_picture()
    shown = None if opacity is None else placed(opacity, plate.box, box, "constant")
    return placed(picture, plate.box, box, "constant"), shown


def placed(
    values: NDArray[np.float32], box: Box, wanted: Box, beyond: Literal["edge", "constant"]
) -> NDArray[np.float32]:
    """Bring values that cover one box to another; beyond them their edges go on, or 0."""
    common = box.intersection(wanted)
    if common is None:
        return np.zeros((wanted.height, wanted.width, *values.shape[2:]), np.float32)
    rows, columns = common.within(wanted)
    margins = [(rows.start, wanted.height - rows.stop), (columns.start, wanted.width - columns.stop)]
    return np.pad(values[common.within(box)], [*margins, *[(0, 0)] * (values.ndim - 2)], mode=beyond)
