"""One picture that shows what happened: gray, reference, coloured and confidence, side by side."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont
from torch import Tensor

from vcnode.color import gray_of_lightness
from vcnode.sequence import ColoredFrame

_TILE_WIDTH = 320
_MARGIN = 8
_CAPTION = 26
_BACKGROUND = (24, 24, 26)
_INK = (225, 225, 225)
_SCALE = ((0.0, (13, 8, 60)), (0.35, (120, 28, 109)), (0.7, (237, 105, 37)), (1.0, (252, 255, 164)))


@dataclass(frozen=True)
class Row:
    """A frame to show.

    Attributes:
        frame: The coloured frame.
        reference: The picture whose colours it got, RGB `(H, W, 3)`, 0..1.
    """

    frame: ColoredFrame
    reference: NDArray[np.float32]


def contact_sheet(rows: Sequence[Row]) -> Image.Image:
    """Draw a sheet with one row a frame; confidence goes from dark (none) to bright (the same picture)."""
    height = max(_tile_height(row.frame) for row in rows)
    columns = ("gray", "reference", "coloured", "confidence")
    width = len(columns) * (_TILE_WIDTH + _MARGIN) + _MARGIN
    sheet = Image.new("RGB", (width, _CAPTION + len(rows) * (height + _CAPTION + _MARGIN) + _MARGIN), _BACKGROUND)
    draw, font = ImageDraw.Draw(sheet), ImageFont.load_default(15)
    for number, title in enumerate(columns):
        draw.text((_MARGIN + number * (_TILE_WIDTH + _MARGIN), 6), title, fill=_INK, font=font)
    for line, row in enumerate(rows):
        top = _CAPTION + line * (height + _CAPTION + _MARGIN)
        for number, picture in enumerate(_pictures(row)):
            sheet.paste(_tile(picture, height), (_MARGIN + number * (_TILE_WIDTH + _MARGIN), top))
        mean = float(row.frame.confidence.mean())
        caption = f"frame {row.frame.number}, mean confidence {mean:.2f}"
        draw.text((_MARGIN, top + height + 5), caption, fill=_INK, font=font)
    return sheet


def heat(values: Tensor) -> NDArray[np.float32]:
    """Show values in 0..1 `(1, 1, H, W)` as colours `(H, W, 3)` of rising brightness."""
    flat = values[0, 0].clamp(0, 1).numpy()
    stops = [stop for stop, _ in _SCALE]
    channels = [np.interp(flat, stops, [color[channel] / 255 for _, color in _SCALE]) for channel in range(3)]
    return np.stack(channels, axis=-1).astype(np.float32)


def _pictures(row: Row) -> tuple[NDArray[np.float32], ...]:
    gray = gray_of_lightness(row.frame.lightness).clamp(0, 1)[0].expand(3, -1, -1)
    shown, colored = (planes.permute(1, 2, 0).numpy() for planes in (gray, row.frame.rgb()))
    return shown, row.reference, colored, heat(row.frame.confidence)


def _tile_height(frame: ColoredFrame) -> int:
    height, width = frame.lightness.shape[2:]
    return round(_TILE_WIDTH * height / width)


def _tile(picture: NDArray[np.float32], height: int) -> Image.Image:
    """Fit a picture into a tile, whatever its shape."""
    scale = min(_TILE_WIDTH / picture.shape[1], height / picture.shape[0])
    size = (max(1, round(picture.shape[0] * scale)), max(1, round(picture.shape[1] * scale)))
    planes = torch.from_numpy(np.ascontiguousarray(picture)).permute(2, 0, 1)[None]
    small = F.interpolate(planes, size, mode="bilinear", antialias=True)[0].permute(1, 2, 0).clamp(0, 1)
    tile = Image.new("RGB", (_TILE_WIDTH, height), _BACKGROUND)
    codes = (small.numpy() * 255).round().astype(np.uint8)
    tile.paste(Image.fromarray(codes), ((_TILE_WIDTH - size[1]) // 2, (height - size[0]) // 2))
    return tile
