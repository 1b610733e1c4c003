"""R'G'B' of a frame as it is looked at, whatever kind of file it comes from."""

import numpy as np
from numpy.typing import NDArray

from vcnode.media.rgb import rgb_from_frame
from vcnode.media.video_frame import VideoFrame
from vcnode.media.video_info import VideoInfo

_LINEAR = 8  # H.273 TransferCharacteristics


def display_rgb(frame: VideoFrame, info: VideoInfo) -> NDArray[np.float32]:
    """Convert a frame to gamma-encoded R'G'B'; linear light, as OpenEXR has it, gets sRGB's curve.

    Args:
        frame: A frame of the video or image sequence.
        info: Its facts.

    Returns:
        (H, W, 3) float32 in 0..1; what lies outside is clipped.
    """
    rgb = rgb_from_frame(frame, info).clip(0, 1)
    return srgb_of_linear(rgb) if info.tags.transfer == _LINEAR else rgb


def srgb_of_linear(linear: NDArray[np.float32]) -> NDArray[np.float32]:
    """Encode linear light by sRGB's curve (IEC 61966-2-1), without a limit; below 0 the curve is mirrored."""
    size = np.abs(linear)
    curved = 1.055 * size.clip(0.0031308) ** (1 / 2.4) - 0.055
    return np.copysign(np.where(size > 0.0031308, curved, 12.92 * size), linear).astype(np.float32)
