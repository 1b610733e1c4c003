"""What worker processes hand over: decoded pictures, and a seed for everything that is still to be drawn."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from vcnode.errors import VcnodeError
from vcnode.training.data.cut import Cut


@dataclass(frozen=True)
class RawSample:
    """One sample before augmentation.

    Attributes:
        kind: One of `config.KINDS`.
        seed: Of augmentation.
        images: sRGB codes, uint8: one photo, two photos or a video's T frames, `(N, 3, h, w)`.
        cut: Which part of a video's frames is shown; None for photos.
        reference_kind: One of `config.REFERENCE_KINDS`.
        reference: sRGB codes, uint8, `(3, H, W)`; black where the reference is made from `images`.
        complaints: What could not be read on the way.
    """

    kind: str
    seed: int
    images: Tensor
    cut: Cut | None
    reference_kind: str
    reference: Tensor
    complaints: tuple[str, ...] = ()


@dataclass(frozen=True)
class RawGroup:
    """The samples of one kind in a batch, whose images have one size.

    Attributes:
        kind: One of `config.KINDS`.
        places: Which samples of the batch they are.
        seeds: One a sample.
        images: `(B, N, 3, h, w)`, uint8.
        cuts: One a sample.
        reference_kinds: One a sample.
        references: `(B, 3, H, W)`, uint8.
    """

    kind: str
    places: tuple[int, ...]
    seeds: tuple[int, ...]
    images: Tensor
    cuts: tuple[Cut | None, ...]
    reference_kinds: tuple[str, ...]
    references: Tensor


@dataclass(frozen=True)
class RawBatch:
    """A batch before augmentation, or why there is none."""

    groups: tuple[RawGroup, ...] = ()
    complaints: tuple[str, ...] = ()
    failure: VcnodeError | None = None

    def pin_memory(self) -> "RawBatch":
        """Move to memory from which a GPU copies without waiting; torch's loader calls it."""
        pinned = (
            replace(group, images=group.images.pin_memory(), references=group.references.pin_memory())
            for group in self.groups
        )
        return replace(self, groups=tuple(pinned))


def collate(samples: Sequence[RawSample | VcnodeError]) -> RawBatch:
    """Stack samples kind by kind and size by size; the first failure stands for the whole batch."""
    usable = []
    for sample in samples:
        if isinstance(sample, VcnodeError):
            return RawBatch(failure=sample)
        usable.append(sample)
    groups = []
    for kind, shape in sorted({(sample.kind, sample.images.shape) for sample in usable}):
        members = [
            (place, sample)
            for place, sample in enumerate(usable)
            if (sample.kind, sample.images.shape) == (kind, shape)
        ]
        groups.append(
            RawGroup(
                kind,
                tuple(place for place, _ in members),
                tuple(sample.seed for _, sample in members),
                torch.stack([sample.images for _, sample in members]),
                tuple(sample.cut for _, sample in members),
                tuple(sample.reference_kind for _, sample in members),
                torch.stack([sample.reference for _, sample in members]),
            )
        )
    return RawBatch(tuple(groups), tuple(complaint for sample in usable for complaint in sample.complaints))
