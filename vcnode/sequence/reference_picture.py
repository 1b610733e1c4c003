"""A reference as it was read: what of it is matched, and what of it can stand for a shot's frames."""

from dataclasses import dataclass
from typing import Self

import torch
import torch.nn.functional as F
from torch import Tensor

from vcnode.color import Bars, WorkingSize, find_bars
from vcnode.errors import InputError
from vcnode.sequence.reference import LEAST_WHITE, Reference
from vcnode.sequence.settings import Settings

MULTIPLE = 8

_SAME_ASPECT = 0.02  # relative difference up to which a reference can stand in for a frame


@dataclass(frozen=True)
class ReferencePicture:
    """A reference at its own size.

    Attributes:
        reference: What the user gave.
        lab: Its Lab `(1, 3, H, W)`, black bars and all.
        bars: The bars found in it.
        mask: Where it may be matched `(1, 1, H, W)`, 0..1; None: everywhere.
    """

    reference: Reference
    lab: Tensor
    bars: Bars
    mask: Tensor | None

    @classmethod
    def read(cls, reference: Reference, settings: Settings) -> Self:
        """Read a reference.

        Raises:
            InputError: It cannot be used.
            MediaError: It cannot be read.
        """
        lab, mask = reference.lab_and_mask()
        bars = find_bars(lab[:, :1]) if settings.find_bars else Bars()
        return cls(reference, lab, bars, mask)

    def to_match(self, short_side: int) -> tuple[Tensor, Tensor]:
        """What the network sees of it, at a working size of its own.

        Returns:
            Lab, padded to the network's multiple, `(1, 3, h, w)`, and where it may be matched, `(1, 1, h, w)`: never in
            the padding.

        Raises:
            InputError: The mask leaves nothing.
        """
        lab = self.bars.crop(self.lab)
        mask = torch.ones_like(lab[:, :1]) if self.mask is None else self.bars.crop(self.mask)
        size = WorkingSize.fit(lab.shape[2], lab.shape[3], short_side, MULTIPLE)
        mask = size.shrink(mask) * ~size.padding_mask(mask.device)
        if not bool((F.avg_pool2d(mask, 4) > LEAST_WHITE).any()):
            raise InputError(
                f"The mask of reference {self.reference} leaves nothing to match: make its white area larger."
            )
        return size.shrink(lab).contiguous(), mask

    def in_place_of_frame(self, bars: Bars, size: WorkingSize) -> Tensor | None:
        """What of it can be the whole picture of a shot's frames.

        Bars are cut off; in the dark they may be found in one picture and missed in the other, so where what is left
        has not the shot's shape, those of the shot are tried.

        Args:
            bars: Of the shot.
            size: Of the shot.

        Returns:
            Lab `(1, 3, H, W)`, a view; None where it has a mask or its shape is another, or where it is transparent,
            bars aside.
        """
        if self.reference.mask is not None:
            return None
        height, width = size.frame_height + bars.top + bars.bottom, size.frame_width + bars.left + bars.right
        as_in_shot = bars.scaled(self.lab.shape[2] / height, self.lab.shape[3] / width)
        for own in (self.bars, as_in_shot):
            picture = own.crop(self.lab)
            aspect = picture.shape[3] / picture.shape[2] if picture.numel() else 0.0
            if abs(aspect / (size.frame_width / size.frame_height) - 1) <= _SAME_ASPECT:
                transparent = self.mask is not None and bool((own.crop(self.mask) <= LEAST_WHITE).any())
                return None if transparent else picture
        return None
