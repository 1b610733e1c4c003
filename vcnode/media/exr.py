"""OpenEXR pictures: scene-linear float, through the reference library (the extra `vcnode[exr]`)."""

import os
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vcnode.errors import InputError, MediaError
from vcnode.media._failures import explained, reason
from vcnode.media.still_writer import part_of


def _library(path: Path) -> Any:
    try:
        import OpenEXR
    except ImportError as error:
        raise MediaError(f"{path} needs the OpenEXR library; install it with: pip install vcnode[exr]") from error
    return OpenEXR


def read_exr(path: Path) -> NDArray[np.float32]:
    """Read the R, G and B channels, or Y alone.

    Returns:
        Scene-linear (H, W, 3), or (H, W) for Y.

    Raises:
        MediaError: When the library is absent, the file cannot be read, has neither channels, or holds NaN or
            infinite values.
    """
    library = _library(path)
    with explained("open", path), path.open("rb"):
        pass
    try:
        with library.File(str(path), separate_channels=True) as file:
            channels = {name: channel.pixels.astype(np.float32) for name, channel in file.channels().items()}
    except (RuntimeError, ValueError, OSError) as error:
        raise MediaError(f"cannot read {path}: it is damaged or not an EXR file ({reason(error)})") from error
    if {"R", "G", "B"} <= channels.keys():
        picture = np.stack([channels["R"], channels["G"], channels["B"]], axis=-1)
    elif "Y" in channels:
        picture = channels["Y"]
    else:
        raise MediaError(f"cannot read {path}: it has the channels {', '.join(channels)}, but R, G, B or Y are needed")
    broken = int((~np.isfinite(picture)).any(axis=-1).sum() if picture.ndim == 3 else (~np.isfinite(picture)).sum())
    if broken:
        raise MediaError(f"{path} has {broken} pixels that are NaN or infinite; repair them before colouring")
    return picture


def write_exr(path: Path, picture: NDArray[np.float32], *, half: bool = True) -> None:
    """Write scene-linear R, G, B, whole or not at all.

    Args:
        path: The target.
        picture: (H, W, 3) float.
        half: Whether 16-bit floats are stored, as is usual, or 32-bit ones.

    Raises:
        InputError: For another shape.
        MediaError: When the library is absent or the disk refuses.
    """
    library = _library(path)
    if picture.ndim != 3 or picture.shape[2] != 3:
        raise InputError(f"{picture.shape} cannot be an EXR; (H, W, 3) can")
    header = {"compression": library.ZIP_COMPRESSION, "type": library.scanlineimage}
    stored = np.ascontiguousarray(picture, dtype=np.float16 if half else np.float32)
    temporary = part_of(path)
    try:
        with library.File(header, {"RGB": stored}) as file:
            file.write(str(temporary))
        os.replace(temporary, path)
    except (RuntimeError, OSError) as error:
        temporary.unlink(missing_ok=True)
        raise MediaError(f"cannot write {path}: {reason(error)}") from error
