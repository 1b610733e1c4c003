"""The OpenEXR files of a sequence, whose data windows may differ, as frames of one size."""

import logging
from fractions import Fraction
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from vcnode.errors import MediaError
from vcnode.media.exr_header import Box, ExrPart, read_exr_header
from vcnode.media.exr_layer import find_layer
from vcnode.media.exr_plate import ExrPlate, check_parts
from vcnode.media.sequence_pattern import SequencePattern

_log = logging.getLogger(__name__)


class ExrFrames:
    """Reads frames; where a frame's data window does not reach, its picture is black.

    All headers are read at once, so that what is cut off or of another kind shows before work begins.

    Args:
        pattern: The files.
        numbers: Those that are wanted, at least one.
        layer: Which picture of each file; None for the main one.

    Attributes:
        box: What every frame covers: the union of the data windows.
        boxes: The data window of each file, by number.
        gray: Whether pictures have one channel.
        half: Whether pictures are stored as 16-bit floats.
        first: The picture's header in the first file.

    Raises:
        MediaError: A file cannot be read, or is of another kind than the first.
    """

    def __init__(self, pattern: SequencePattern, numbers: tuple[int, ...], layer: str | None = None) -> None:
        self.pattern, self.layer = pattern, layer
        self.boxes: dict[int, Box] = {}
        for number in numbers:
            path = pattern.path(number)
            parts = read_exr_header(path)
            check_parts(parts, path)
            found = find_layer(parts, layer, path)
            if not self.boxes:
                self.gray, self.half = found.gray, found.half
                self.first: ExrPart = parts[found.part]
                self.box = self.first.data_window
            if found.gray != self.gray:
                kinds = {True: "one channel", False: "R, G, B"}
                raise MediaError(
                    f"{path} has {kinds[found.gray]}, but {pattern.path(numbers[0])} has {kinds[self.gray]}"
                )
            self.boxes[number] = parts[found.part].data_window
            self.box = self.box.union(self.boxes[number])
        self._latest: tuple[int, ExrPlate] | None = None
        self._told_of_loss = False

    @property
    def varies(self) -> bool:
        """Whether data windows differ."""
        return any(box != self.box for box in self.boxes.values())

    @property
    def pixel_aspect(self) -> Fraction:
        """Width of a pixel over its height, in the first file; 1 where that says nothing sensible."""
        aspect = self.first.pixel_aspect
        return Fraction(aspect).limit_denominator(1000) if 0.01 < aspect < 100 else Fraction(1)

    def plate(self, number: int) -> ExrPlate:
        """Read a file whole; the latest stays in memory, as who colours a frame soon writes it.

        Raises:
            MediaError: It cannot be read, or has changed since the sequence was opened.
        """
        latest = self._latest  # another thread may exchange it at any time
        if latest is None or latest[0] != number:
            self._latest = latest = None
            plate = ExrPlate(self.pattern.path(number), self.layer)
            if plate.box != self.boxes[number] or plate.layer.gray != self.gray:
                raise MediaError(f"{plate.path} was changed while it was being used; start again")
            if plate.is_lossy and not self._told_of_loss:
                self._told_of_loss = True
                _log.info("%s is compressed with loss; coloured files are written with ZIP instead.", plate.path)
            self._latest = latest = number, plate
        return latest[1]

    def codes(self, number: int) -> NDArray[np.float32]:
        """Read a frame: (H, W, 3), or (H, W) where it is gray, as large as `box`.

        Raises:
            MediaError: The file cannot be read or holds NaN or infinite values.
        """
        plate = self.plate(number)
        picture = plate.picture()
        if plate.box == self.box:
            return picture
        whole = np.zeros((self.box.height, self.box.width, *picture.shape[2:]), np.float32)
        whole[plate.box.within(self.box)] = picture
        return whole

    def release(self) -> None:
        """Forget the latest file."""
        self._latest = None


def is_exr(path: Path) -> bool:
    """Whether a file's ending says so."""
    return path.suffix.lower() == ".exr"
