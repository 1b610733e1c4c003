"""A shot's references, read once and encoded once, for every shot that shares them."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property

import torch

from vcnode.color import Bars, WorkingSize
from vcnode.network import Model, References
from vcnode.sequence.chain import combine_digests, digest_settings, digest_tensor
from vcnode.sequence.keyframe_choice import DetailSource
from vcnode.sequence.keyframe_detail import KeyframeDetail
from vcnode.sequence.reference import Reference
from vcnode.sequence.reference_picture import ReferencePicture
from vcnode.sequence.settings import Settings


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
        self.pictures = [ReferencePicture.read(reference, self.settings) for reference in references]
        self._matched = [picture.to_match(self.short_side) for picture in self.pictures]
        self._detail: tuple[tuple[int, Bars, WorkingSize, torch.device], KeyframeDetail] | None = None

    @cached_property
    def digest(self) -> str:
        """Identifies what the network sees of them."""
        parts = [digest_tensor(part) for matched in self._matched for part in matched]
        return combine_digests([*parts, digest_settings({"weights": self._weights})])

    @cached_property
    def encoded(self) -> References:
        """Their features and colours; a run whose states are all stored needs none."""
        with network(self.device, self.settings):
            return self.model.encode_references(
                [lab.to(self.device) for lab, _ in self._matched],
                [mask.to(self.device) for _, mask in self._matched],
                self._weights,
            )

    def sources(self, bars: Bars, size: WorkingSize) -> tuple[DetailSource, ...]:
        """Those that may be looked for in a shot's frames; none where the user has colours enlarged otherwise."""
        if self.settings.upsampling != "adaptive" or self.settings.compat is not None:
            return ()
        shown = (place for place, each in enumerate(self.pictures) if each.in_place_of_frame(bars, size) is not None)
        return tuple(DetailSource(place, self.given[place].frame) for place in shown)

    def detail(self, source: DetailSource, bars: Bars, size: WorkingSize, device: torch.device) -> KeyframeDetail:
        """What one of the `sources` gives; that of one is kept, and threads may ask at the same time."""
        key, kept = (source.place, bars, size, device), self._detail
        if kept is None or kept[0] != key:
            self._detail = kept = key, _detail(self.pictures[source.place], bars, size).to(device)
        return kept[1]

    @property
    def _weights(self) -> list[float]:
        return [reference.weight for reference in self.given]


def detail_of(reference: Reference, bars: Bars, size: WorkingSize, settings: Settings) -> KeyframeDetail:
    """The same as `ShotReferences.detail`, on the CPU, for a reference that is read again.

    Raises:
        InputError: It cannot be used.
        MediaError: It cannot be read.
    """
    return _detail(ReferencePicture.read(reference, settings), bars, size)


def _detail(picture: ReferencePicture, bars: Bars, size: WorkingSize) -> KeyframeDetail:
    lab = picture.in_place_of_frame(bars, size)
    assert lab is not None  # it is a source
    return KeyframeDetail.of(lab, size)


@contextmanager
def network(device: torch.device, settings: Settings) -> Iterator[None]:
    """No gradients, and the precision that the settings say even where the host has switched autocast on."""
    full = settings.dtype == torch.float32
    with torch.inference_mode(), torch.autocast(device.type, None if full else settings.dtype, enabled=not full):
        yield
