"""R'G'B' of a decoded frame, for judging and displaying; colouring itself never leaves Y'."""

import numpy as np
from numpy.typing import NDArray

from vcnode.media.video_frame import VideoFrame
from vcnode.media.video_info import VideoInfo

# Kr and Kb of ITU-R BT.601, BT.709 and BT.2020 (non-constant luminance).
_WEIGHTS = {"bt601": (0.299, 0.114), "bt709": (0.2126, 0.0722), "bt2020": (0.2627, 0.0593)}

# Where chroma sits among the luma samples that it goes with, of the way down and across (H.273 figure 1), by FFmpeg's
# number: left, center, top left, top, bottom left, bottom. A file that says nothing means left.
_SITES = {1: (0.5, 0), 2: (0.5, 0.5), 3: (0, 0), 4: (0, 0.5), 5: (1, 0), 6: (1, 0.5)}


def rgb_from_frame(frame: VideoFrame, info: VideoInfo) -> NDArray[np.float32]:
    """Convert a frame to gamma-encoded R'G'B'.

    Args:
        frame: A frame of the video.
        info: The video's facts; matrix, range, depth and chroma siting come from it.

    Returns:
        (H, W, 3) float32 in 0..1; codes outside the range are clipped. Floats, as in EXR, come back as they are.
    """
    if frame.rgb is not None:
        if frame.rgb.dtype == np.float32:
            return frame.rgb
        return (frame.rgb / np.float32(2**info.depth - 1)).astype(np.float32)
    assert frame.luma is not None
    if frame.luma.dtype == np.float32:
        return np.repeat(frame.luma[..., None], 3, axis=-1)
    unit = 2.0 ** (info.depth - 8)
    full = info.range == "full"
    black, white, swing = (
        (0.0, 2.0**info.depth - 1, 2.0**info.depth - 1) if full else (16 * unit, 235 * unit, 224 * unit)
    )
    luma = (frame.luma.astype(np.float32) - black) / (white - black)
    if frame.chroma is None:
        return np.repeat(luma[..., None].clip(0, 1), 3, axis=-1)
    location = info.chroma_location
    cb, cr = (
        _enlarge(c.astype(np.float32) - 128 * unit, luma.shape, location) / np.float32(swing) for c in frame.chroma
    )
    kr, kb = _WEIGHTS[info.matrix]
    red = luma + 2 * (1 - kr) * cr
    blue = luma + 2 * (1 - kb) * cb
    green = (luma - kr * red - kb * blue) / (1 - kr - kb)
    return np.stack([red, green, blue], axis=-1).clip(0, 1).astype(np.float32)


def _enlarge(plane: NDArray[np.float32], shape: tuple[int, ...], location: int) -> NDArray[np.float32]:
    """Interpolate chroma linearly to the luma's size, honouring where its samples sit."""
    for axis, site in enumerate(_SITES.get(location, _SITES[1])):
        factor = -(-shape[axis] // plane.shape[axis])
        plane = plane if factor == 1 else _enlarge_axis(plane, axis, shape[axis], factor, site)
    return plane


def _enlarge_axis(plane: NDArray[np.float32], axis: int, size: int, factor: int, site: float) -> NDArray[np.float32]:
    place = (np.arange(size, dtype=np.float32) - site * (factor - 1)) / factor
    place = place.clip(0, plane.shape[axis] - 1)
    below = np.floor(place).astype(int)
    above = np.minimum(below + 1, plane.shape[axis] - 1)
    weight = (place - below).astype(np.float32)
    weight = weight[:, None] if axis == 0 else weight[None, :]
    low, high = plane.take(below, axis), plane.take(above, axis)
    return np.asarray(low + (high - low) * weight, np.float32)
