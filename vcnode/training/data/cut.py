"""Which part of a picture is shown, of its motion too: so that motion is found once, whatever part is drawn."""

from dataclasses import dataclass

import numpy as np
from torch import Tensor


@dataclass(frozen=True)
class Cut:
    """A part of a picture, mirrored or not.

    Attributes:
        top: First row.
        left: First column.
        height: Rows.
        width: Columns.
        is_mirrored: Whether left and right change places.
    """

    top: int
    left: int
    height: int
    width: int
    is_mirrored: bool

    @classmethod
    def draw(cls, random: np.random.Generator, whole: tuple[int, int], size: tuple[int, int], *, flip: bool) -> "Cut":
        """Draw a place.

        Args:
            random: Decides.
            whole: Height and width of the picture.
            size: Height and width of the part, no larger.
            flip: Whether every other one is mirrored.
        """
        left, top = random.random(2).tolist()
        is_mirrored = bool(random.random() < 0.5) and flip
        return cls(int(top * (whole[0] - size[0] + 1)), int(left * (whole[1] - size[1] + 1)), *size, is_mirrored)

    def picture(self, whole: Tensor) -> Tensor:
        """The part of `(..., h, w)`."""
        part = whole[..., self.top : self.top + self.height, self.left : self.left + self.width]
        return part.flip(-1) if self.is_mirrored else part

    def flow(self, whole: Tensor) -> Tensor:
        """The part of a flow `(2, h, w)`: what moved to the right moves to the left in a mirror."""
        part = self.picture(whole)
        return part * part.new_tensor([-1.0, 1.0]).view(2, 1, 1) if self.is_mirrored else part
