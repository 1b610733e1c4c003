"""Pictures as Nuke sees them: a format, a bounding box counted from below, named channels; and real EXR files."""

from dataclasses import dataclass, replace

import numpy as np
import OpenEXR

SHORT = {"rgba.red": "R", "rgba.green": "G", "rgba.blue": "B", "rgba.alpha": "A"}
LONG = {short: long for long, short in SHORT.items()}
RGB = ("rgba.red", "rgba.green", "rgba.blue")


@dataclass(frozen=True)
class Picture:
    """Attributes:
    width, height: Of the format.
    box: (x, y, r, t), y counted from below, r and t outside.
    channels: (H, W) float32, first row on top.
    black: Whether it is black around its box; else its edges go on.
    """

    width: int
    height: int
    box: tuple
    channels: dict
    black: bool = False

    @classmethod
    def of_rgb(cls, rgb, **others):
        height, width = rgb.shape[:2]
        channels = dict(zip(RGB, np.moveaxis(rgb.astype(np.float32), -1, 0), strict=True))
        return cls(width, height, (0, 0, width, height), {**channels, **others})

    @property
    def rgb(self):
        return np.stack([self.channels[name] for name in RGB], axis=-1)

    def inside(self, box, name):
        """A channel within a box."""
        x, y, r, t = box
        own = self.channels.get(name)
        if own is None:
            return np.zeros((t - y, r - x), np.float32)
        left, bottom, right, top = self.box
        rows = np.arange(t - 1, y - 1, -1)
        columns = np.arange(x, r)
        found = own[np.clip(top - 1 - rows, 0, top - bottom - 1)[:, None], np.clip(columns - left, 0, right - left - 1)]
        if self.black:
            there = ((rows >= bottom) & (rows < top))[:, None] & ((columns >= left) & (columns < right))
            found = np.where(there, found, 0)
        return found.astype(np.float32)

    def boxed(self, box):
        return replace(self, box=box, channels={name: self.inside(box, name) for name in self.channels})

    def with_channels(self, channels):
        return replace(self, channels={**self.channels, **channels})


def union(one, other):
    return (min(one[0], other[0]), min(one[1], other[1]), max(one[2], other[2]), max(one[3], other[3]))


def read_exr(path):
    with OpenEXR.File(path, separate_channels=True) as file:
        header = file.header()
        (x0, y0), (x1, y1) = header["displayWindow"]
        (left, top), (right, bottom) = header["dataWindow"]
        width, height = int(x1 - x0 + 1), int(y1 - y0 + 1)
        box = (int(left), height - 1 - int(bottom), int(right) + 1, height - int(top))
        channels = {LONG.get(name, name): each.pixels.astype(np.float32) for name, each in file.channels().items()}
    return Picture(width, height, box, channels)


def write_exr(path, picture, names, *, half):
    x, y, r, t = picture.box
    header = {
        "compression": OpenEXR.ZIPS_COMPRESSION,
        "type": OpenEXR.scanlineimage,
        "displayWindow": (np.array([0, 0], np.int32), np.array([picture.width - 1, picture.height - 1], np.int32)),
        "dataWindow": (
            np.array([x, picture.height - t], np.int32),
            np.array([r - 1, picture.height - y - 1], np.int32),
        ),
    }
    kind = np.float16 if half else np.float32
    channels = {
        SHORT.get(name, name): np.ascontiguousarray(picture.channels[name], dtype=kind)
        for name in names
        if name in picture.channels
    }
    with OpenEXR.File(header, channels) as file:
        file.write(path)
