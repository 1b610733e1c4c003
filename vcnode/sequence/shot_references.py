"""A shot's references, read once and encoded once, for every shot that shares them."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property

import torch
import torch.nn.functional as F
from torch import Tensor

from vcnode.color import Bars, WorkingSize, find_bars
from vcnode.errors import InputError
from vcnode.network import Model, References
from vcnode.sequence.chain import combine_digests, digest_settings, digest_tensor
from vcnode.sequence.reference import Reference
from vcnode.sequence.settings import Settings

MULTIPLE = 8


@dataclass(frozen=True)
class Picture:
    """A reference as it was read, bars cut off, and as the network sees it.

    Attributes:
        reference: What the user gave.
        lab: Lab at its own size `(1, 3, H, W)`.
        working: Lab at working size, padded to the network's multiple.
        mask: Where it may be matched, at working size `(1, 1, H, W)`; never in the padding.
    """

    reference: Reference
    lab: Tensor
    working: Tensor
    mask: Tensor


class ShotReferences:
    """The references of one or more shots.

    Args:
        model: On its device.
        references: At least one.
        settings: The user's choices.

    Raises:
        InputError: A reference cannot be used.
        MediaError: A reference cannot be read.
    """

    def __init__(self, model: Model, references: Sequence[Reference], settings: Settings) -> None:
        self.model, self.settings = model, settings
        self.device = next(model.parameters()).device
        self.short_side = settings.working_size or model.config.working_size
        self.given = tuple(references)
        self.pictures = [self._read(reference) for reference in references]

    @cached_property
    def digest(self) -> str:
        """Identifies what the network sees of them."""
        parts = [digest_tensor(part) for picture in self.pictures for part in (picture.working, picture.mask)]
        weights = [picture.reference.weight for picture in self.pictures]
        return combine_digests([*parts, digest_settings({"weights": weights})])

    @cached_property
    def encoded(self) -> References:
        """Their features and colours; a run whose states are all stored needs none."""
        with network(self.device, self.settings):
            return self.model.encode_references(
                [picture.working.to(self.device) for picture in self.pictures],
                [picture.mask.to(self.device) for picture in self.pictures],
                [picture.reference.weight for picture in self.pictures],
            )

    def _read(self, reference: Reference) -> Picture:
        """Bring a reference to a working size of its own."""
        lab = reference.lab()
        mask = reference.mask_for(lab.shape[2], lab.shape[3])
        bars = find_bars(lab[:, :1]) if self.settings.find_bars else Bars()
        mask = torch.ones_like(lab[:, :1]) if mask is None else mask
        lab, mask = bars.crop(lab), bars.crop(mask)
        size = WorkingSize.fit(lab.shape[2], lab.shape[3], self.short_side, MULTIPLE)
        mask = size.shrink(mask) * ~size.padding_mask(mask.device)
        if not bool((F.avg_pool2d(mask, 4) > 0.5).any()):
            raise InputError(f"The mask of reference {reference} leaves nothing to match: make its white area larger.")
        return Picture(reference, lab, size.shrink(lab).contiguous(), mask)


@contextmanager
def network(device: torch.device, settings: Settings) -> Iterator[None]:
    """No gradients, and the precision that the settings say even where the host has switched autocast on."""
    full = settings.dtype == torch.float32
    with torch.inference_mode(), torch.autocast(device.type, None if full else settings.dtype, enabled=not full):
        yield
