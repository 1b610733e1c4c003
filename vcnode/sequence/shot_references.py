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
from vcnode.sequence.keyframe_choice import DetailSource
from vcnode.sequence.keyframe_detail import KeyframeDetail
from vcnode.sequence.reference import Reference
from vcnode.sequence.settings import Settings

MULTIPLE = 8

_SAME_ASPECT = 0.02  # relative difference up to which a reference can stand in for a frame


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

    def may_show(self, size: WorkingSize) -> bool:
        """Whether it can be the whole picture of a shot's frame: nothing is masked, and its shape is the same."""
        height, width = self.lab.shape[2:]
        aspect, frame_aspect = width / height, size.frame_width / size.frame_height
        return self.reference.mask is None and abs(aspect / frame_aspect - 1) <= _SAME_ASPECT


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
        self._detail: tuple[tuple[int, WorkingSize, torch.device], KeyframeDetail] | None = None

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

    def sources(self, size: WorkingSize) -> tuple[DetailSource, ...]:
        """Those whose detail may be brought to a shot's frames; none where frames lose nothing or others enlarge."""
        wanted = self.settings.upsampling == "adaptive" and self.settings.compat is None
        if not wanted or (size.frame_height <= size.height and size.frame_width <= size.width):
            return ()
        pictures = enumerate(self.pictures)
        return tuple(DetailSource(place, each.reference.frame) for place, each in pictures if each.may_show(size))

    def detail(self, source: DetailSource, size: WorkingSize, device: torch.device) -> KeyframeDetail:
        """The detail that one of them gives; that of one is kept, and threads may ask at the same time."""
        key, kept = (source.place, size, device), self._detail
        if kept is None or kept[0] != key:
            self._detail = kept = key, KeyframeDetail.of(self.pictures[source.place].lab, size).to(device)
        return kept[1]

    def _read(self, reference: Reference) -> Picture:
        """Bring a reference to a working size of its own."""
        lab, bars = _lab_and_bars(reference, self.settings)
        mask = reference.mask_for(lab.shape[2], lab.shape[3])
        mask = torch.ones_like(lab[:, :1]) if mask is None else mask
        lab, mask = bars.crop(lab), bars.crop(mask)
        size = WorkingSize.fit(lab.shape[2], lab.shape[3], self.short_side, MULTIPLE)
        mask = size.shrink(mask) * ~size.padding_mask(mask.device)
        if not bool((F.avg_pool2d(mask, 4) > 0.5).any()):
            raise InputError(f"The mask of reference {reference} leaves nothing to match: make its white area larger.")
        return Picture(reference, lab, size.shrink(lab).contiguous(), mask)


def detail_of(reference: Reference, size: WorkingSize, settings: Settings) -> KeyframeDetail:
    """The same as `ShotReferences.detail`, on the CPU, for a reference that is read again.

    Raises:
        InputError: It cannot be used.
        MediaError: It cannot be read.
    """
    lab, bars = _lab_and_bars(reference, settings)
    return KeyframeDetail.of(bars.crop(lab), size)


@contextmanager
def network(device: torch.device, settings: Settings) -> Iterator[None]:
    """No gradients, and the precision that the settings say even where the host has switched autocast on."""
    full = settings.dtype == torch.float32
    with torch.inference_mode(), torch.autocast(device.type, None if full else settings.dtype, enabled=not full):
        yield


def _lab_and_bars(reference: Reference, settings: Settings) -> tuple[Tensor, Bars]:
    lab = reference.lab()
    return lab, find_bars(lab[:, :1]) if settings.find_bars else Bars()
