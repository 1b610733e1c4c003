"""EXR films for the tests: a gray plate with alpha and depth, and what it looks like in colour."""

import numpy as np
import OpenEXR

from tests.hosts.nuke import plates

FIRST, LAST = 1001, 1004
FRAMES = range(FIRST, LAST + 1)
WEIGHTS = np.array([0.2126390059, 0.7151686788, 0.0721923154])


def write(path, channels, box=None):
    """Write an EXR; `box` is (left, top, right, bottom) of the data window, the last two inside."""
    header = {"compression": OpenEXR.ZIP_COMPRESSION, "type": OpenEXR.scanlineimage}
    if box:
        header["dataWindow"] = (np.array(box[:2], np.int32), np.array(box[2:], np.int32))
        header["displayWindow"] = (
            np.array([0, 0], np.int32),
            np.array([plates.WIDTH - 1, plates.HEIGHT - 1], np.int32),
        )
    with OpenEXR.File(header, {name: np.ascontiguousarray(pixels) for name, pixels in channels.items()}) as file:
        file.write(str(path))


def read(path):
    """All channels of an EXR as float32."""
    with OpenEXR.File(str(path), separate_channels=True) as file:
        return {name: channel.pixels.astype(np.float32) for name, channel in file.channels().items()}


def windows(path):
    """Data window of an EXR as (left, top, right, bottom)."""
    with OpenEXR.File(str(path), separate_channels=True) as file:
        return tuple(int(number) for corner in file.header()["dataWindow"] for number in corner)


def rgb(channels):
    """(H, W, 3)."""
    return np.stack([channels[name] for name in "RGB"], axis=-1)


def luminance(channels):
    """(H, W) of linear sRGB."""
    return rgb(channels) @ WEIGHTS


def make_plate(folder, frames=FRAMES, name="plate"):
    """A plate with alpha and a layer; gives its pattern."""
    for frame in frames:
        gray = plates.gray(frame)
        height, width = gray.shape[:2]
        alpha = np.linspace(0, 1, height * width, dtype=np.float32).reshape(height, width)
        depth = np.full((height, width), float(frame), np.float32)
        write(folder / f"{name}.{frame:04d}.exr", {**_rgb(gray), "A": alpha, "depth.Z": depth})
    return f"{folder.as_posix()}/{name}.%04d.exr"


def make_painted(folder, frames=(FIRST, FIRST + 1)):
    """Coloured frames of it; gives their pattern."""
    for frame in frames:
        write(folder / f"painted.{frame:04d}.exr", _rgb(plates.colored(frame)))
    return f"{folder.as_posix()}/painted.%04d.exr"


def _rgb(picture):
    return {name: picture[..., number] for number, name in enumerate("RGB")}
