"""OpenEXR pictures on their own, through the reference library (the extra `vcnode[exr]`)."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vcnode.media.exr_plate import CONFIDENCE, NOTHING, ExrPlate, exr_library, save, stored, stored_planes


def read_exr(path: Path) -> NDArray[np.float32]:
    """Read the main picture, R, G and B or Y alone, as large as its data window.

    Args:
        path: The file.

    Returns:
        Values as they are stored, usually scene-linear: (H, W, 3), or (H, W) for Y.

    Raises:
        MediaError: When the library is absent, the file cannot be read, has no such channels, or holds NaN or infinite
            values.
    """
    return ExrPlate(path).picture()


def write_exr(
    path: Path,
    picture: NDArray[np.float32],
    *,
    half: bool = True,
    confidence: NDArray[np.float32] | None = None,
    metadata: Mapping[str, str] = NOTHING,
) -> None:
    """Write R, G, B, whole or not at all.

    Args:
        path: The target.
        picture: (H, W, 3) float, usually scene-linear.
        half: Whether 16-bit floats are stored, as is usual, or 32-bit ones.
        confidence: (H, W), 0..1, for the channel `vcn_confidence.confidence`.
        metadata: Text attributes.

    Raises:
        InputError: For another shape.
        MediaError: When the library is absent, the disk refuses, or a half cannot hold the picture.
    """
    library = exr_library(path)
    channels: dict[str, Any] = dict(zip("RGB", stored_planes(picture, half, path), strict=True))
    if confidence is not None:
        channels[CONFIDENCE] = stored(confidence, half)
    header = {"compression": library.ZIP_COMPRESSION, "type": library.scanlineimage, **metadata}
    save(library, path, [library.Part(header, channels)])
