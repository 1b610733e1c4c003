"""Small pictures of what was coloured, for reports."""

import io
from collections.abc import Mapping
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from PIL import Image
from torch import Tensor

from vcnode.color import gray_of_lightness
from vcnode.rendering.contact_sheet import heat

_WIDTH = 320
_TALLEST = 400
_QUALITY = 82
_PER_CLIP = 3

CONFIDENCE, GRAY, REFERENCE, TRUTH = "confidence", "gray input", "reference", "truth"


@dataclass(frozen=True)
class Still:
    """One frame as everybody has it.

    Attributes:
        number: Of the frame.
        pictures: Encoded WebP pictures by what they show: truth, gray input, reference, confidence, or a method's name.
    """

    number: int
    pictures: Mapping[str, bytes]


def frames_to_show(first: int, count: int) -> frozenset[int]:
    """Some frames of a clip: one soon after the start, one in the middle, the last.

    Args:
        first: The first frame that may be shown.
        count: How many frames the clip has.
    """
    last = count - 1
    return frozenset(round(first + (last - first) * part / (_PER_CLIP - 1)) for part in range(_PER_CLIP))


def thumbnail(rgb: Tensor) -> bytes:
    """Encode a picture `(1, 3, H, W)`, 0..1, as a small WebP."""
    height, width = rgb.shape[2:]
    scale = min(1.0, _WIDTH / width, _TALLEST / height)
    size = (max(1, round(height * scale)), max(1, round(width * scale)))
    small = F.interpolate(rgb.float(), size, mode="bilinear", antialias=True) if scale < 1 else rgb.float()
    codes = (small[0].clamp(0, 1) * 255).round().to(torch.uint8).permute(1, 2, 0).contiguous().numpy()
    buffer = io.BytesIO()
    Image.fromarray(codes).save(buffer, "WEBP", quality=_QUALITY)
    return buffer.getvalue()


def gray_thumbnail(lightness: Tensor) -> bytes:
    """Encode L `(1, 1, H, W)`, 0..100, as the network's user sees it."""
    return thumbnail(gray_of_lightness(lightness).clamp(0, 1).expand(-1, 3, -1, -1))


def heat_thumbnail(confidence: Tensor) -> bytes:
    """Encode confidence `(1, 1, H, W)`, dark for none and bright for a match without difference."""
    return thumbnail(torch.from_numpy(heat(confidence)).permute(2, 0, 1)[None])
