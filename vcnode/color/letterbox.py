"""Geometry between a frame of any size and the network's working size. No picture content is ever cropped."""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from vcnode.color._checks import floating_planes
from vcnode.errors import InputError

SMALLEST_SIDE = 64  # below, the deepest features have no extent left


@dataclass(frozen=True)
class WorkingSize:
    """How a frame is shrunk, and padded at the bottom and the right. Made by `WorkingSize.fit`.

    Attributes:
        frame_height: height of the frame.
        frame_width: width of the frame.
        height: height of the shrunk picture, aspect kept.
        width: width of the shrunk picture.
        padded_height: height with padding, what the network sees.
        padded_width: width with padding.
    """

    frame_height: int
    frame_width: int
    height: int
    width: int
    padded_height: int
    padded_width: int

    @classmethod
    def fit(cls, height: int, width: int, short_side: int, multiple: int = 16) -> "WorkingSize":
        """Shrinks a frame until its short side is `short_side`, then pads both sides to a multiple.

        A frame that is already smaller keeps its size, but no short side is below 64.

        Args:
            height: of the frame.
            width: of the frame.
            short_side: of the working picture, at least 64.
            multiple: what the network's size must be divisible by.

        Raises:
            InputError: for an empty frame, a short side below 64, or a multiple below 1.
        """
        if min(height, width) < 1:
            raise InputError(f"A frame of {width}x{height} pixels is empty; give one of at least 1x1.")
        if short_side < SMALLEST_SIDE or multiple < 1:
            raise InputError(
                f"A short side of {short_side} and a multiple of {multiple} were asked for; "
                f"the short side must be at least {SMALLEST_SIDE}, the multiple at least 1."
            )
        low = min(height, width)
        short = max(SMALLEST_SIDE, min(short_side, low))
        # Round half up in integers: the same on every machine.
        shrunk_height, shrunk_width = ((2 * side * short + low) // (2 * low) for side in (height, width))
        return cls(
            height,
            width,
            shrunk_height,
            shrunk_width,
            -(-shrunk_height // multiple) * multiple,
            -(-shrunk_width // multiple) * multiple,
        )

    @property
    def padding(self) -> tuple[int, int, int, int]:
        """Margins of the padded picture that are not picture: (top, bottom, left, right), in pixels."""
        return 0, self.padded_height - self.height, 0, self.padded_width - self.width

    def shrink(self, planes: Tensor) -> Tensor:
        """Resizes (B, C, frame_height, frame_width) with antialiasing; the padding repeats the edges.

        Returns:
            (B, C, padded_height, padded_width).

        Raises:
            InputError: for integer values or planes of another size.
        """
        planes = floating_planes(planes, None, "The frame")
        self._expect(planes, self.frame_height, self.frame_width)
        if (self.height, self.width) != (self.frame_height, self.frame_width):
            size = (self.height, self.width)
            planes = F.interpolate(planes, size=size, mode="bilinear", align_corners=False, antialias=True)
        _, bottom, _, right = self.padding
        return F.pad(planes, (0, right, 0, bottom), mode="replicate") if bottom or right else planes

    def crop(self, planes: Tensor) -> Tensor:
        """Removes the padding: (B, C, padded_height, padded_width) -> (B, C, height, width), a view.

        Raises:
            InputError: for planes of another size.
        """
        self._expect(planes, self.padded_height, self.padded_width)
        return planes[..., : self.height, : self.width]

    def padding_mask(self, device: torch.device | str | None = None) -> Tensor:
        """Marks the padding: bool, (1, 1, padded_height, padded_width), True where there is no picture."""
        mask = torch.ones((1, 1, self.padded_height, self.padded_width), dtype=torch.bool, device=device)
        mask[..., : self.height, : self.width] = False
        return mask

    @staticmethod
    def _expect(planes: Tensor, height: int, width: int) -> None:
        if planes.shape[-2:] != (height, width):
            raise InputError(
                f"The planes are {planes.shape[-1]}x{planes.shape[-2]} pixels; give {width}x{height} ones."
            )
