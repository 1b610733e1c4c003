"""What is timed: a size of frame, and the size at which the network works."""

import re
from dataclasses import dataclass

from vcnode.color import WorkingSize
from vcnode.errors import InputError
from vcnode.sequence.reference_picture import MULTIPLE

_PATTERN = re.compile(r"(\d{1,5})x(\d{1,5})(?:@(\d{1,5}))?")
_GREATEST = 16384  # pixels, of the films that are written in H.264


@dataclass(frozen=True)
class Case:
    """One size.

    Attributes:
        width: Of the frames, in pixels.
        height: Of the frames.
        short_side: At which the network works.

    Raises:
        InputError: A side below 64 pixels, or above what H.264 holds.
    """

    width: int
    height: int
    short_side: int

    def __post_init__(self) -> None:
        sides = (self.width, self.height, self.short_side)
        if min(sides) < 64 or max(sides) > _GREATEST:
            raise InputError(
                f"The size {self} has a side below 64 pixels or above {_GREATEST}: give one such as 768x432 or "
                "1920x1080@432."
            )

    @classmethod
    def parse(cls, text: str) -> "Case":
        """Read `WIDTHxHEIGHT`, where the network works at the frame's own size, or `WIDTHxHEIGHT@SHORT_SIDE`.

        Raises:
            InputError: It is neither.
        """
        found = _PATTERN.fullmatch(text)
        if found is None:
            raise InputError(f"The size {text!r} is not known: give WIDTHxHEIGHT or, say, 1920x1080@432.")
        width, height, short_side = (int(part) if part else None for part in found.groups())
        assert width is not None
        assert height is not None
        return cls(width, height, min(width, height) if short_side is None else short_side)

    @property
    def working_size(self) -> WorkingSize:
        """What the network sees of a frame, padding included."""
        return WorkingSize.fit(self.height, self.width, self.short_side, MULTIPLE)

    @property
    def pixels(self) -> int:
        """Of the working size."""
        return self.working_size.padded_height * self.working_size.padded_width

    def __str__(self) -> str:
        frame = f"{self.width}x{self.height}"
        return frame if self.short_side == min(self.width, self.height) else f"{frame}@{self.short_side}"


USUAL_CASES = tuple(map(Case.parse, ("384x216", "768x432", "960x536", "1920x1080@432")))
"""The paper's size, twice that, the one that others publish times for, and films of today coloured at a half."""
