"""A shot's references, encoded once, for every shot that shares them."""

import threading
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import cached_property

import torch
from torch import Tensor

from vcnode.color import Bars, WorkingSize
from vcnode.errors import InputError
from vcnode.network import Model, References
from vcnode.sequence.chain import combine_digests, digest_settings, digest_tensor
from vcnode.sequence.keyframe_choice import DetailSource
from vcnode.sequence.keyframe_detail import KeyframeDetail
from vcnode.sequence.reference import Reference
from vcnode.sequence.reference_picture import ReferencePicture
from vcnode.sequence.settings import Settings

_PICTURES = 2  # held at full size
_SHAPES = 2  # of shots whose pictures are kept at working size: in the dark, bars are missed
_SAME = 0.01  # units of Lab by which the same file may differ when it is read again


class ShotReferences:
    """The references of one or more shots.

    They are read when they are first wanted. At full size few are held, so that a shot may have any number of
    keyframes: of all others, what the network sees is kept, and one is read again when its detail is wanted.

    Args:
        model: On its device.
        references: At least one.
        settings: The user's choices.
    """

    def __init__(self, model: Model, references: Sequence[Reference], settings: Settings) -> None:
        self.model, self.settings = model, settings
        self.device = next(model.parameters()).device
        self.short_side = settings.working_size or model.config.working_size
        self.given = tuple(references)
        self._pictures: OrderedDict[int, ReferencePicture] = OrderedDict()
        self._seen: dict[int, tuple[Tensor, Tensor]] = {}
        self._small: OrderedDict[tuple[Bars, WorkingSize], tuple[Tensor | None, ...]] = OrderedDict()
        self._detail: tuple[tuple[int, Bars, WorkingSize, torch.device], KeyframeDetail] | None = None
        self._reading = threading.RLock()

    @cached_property
    def digest(self) -> str:
        """Identifies what the network sees of them."""
        parts = [digest_tensor(part) for matched in self._matched() for part in matched]
        return combine_digests([*parts, digest_settings({"weights": self._weights})])

    @cached_property
    def encoded(self) -> References:
        """Their features and colours; a run whose states are all stored needs none."""
        matched = self._matched()
        with network(self.device, self.settings):
            return self.model.encode_references(
                [lab.to(self.device) for lab, _ in matched],
                [mask.to(self.device) for _, mask in matched],
                self._weights,
            )

    def in_place_of_frames(self, bars: Bars, size: WorkingSize) -> tuple[Tensor | None, ...]:
        """Find which of them can be the whole picture of a shot's frames.

        Args:
            bars: Of the shot.
            size: Of the shot.

        Returns:
            For each, its Lab at the shot's working size, padded `(1, 3, h, w)`, or None.

        Raises:
            InputError: One cannot be used.
            MediaError: One cannot be read.
        """
        key = bars, size
        with self._reading:
            if key not in self._small:
                self._small[key] = tuple(_small(self._picture(place), bars, size) for place in range(len(self.given)))
            self._small.move_to_end(key)
            if len(self._small) > _SHAPES:
                self._small.popitem(last=False)
            return self._small[key]

    def sources(self, bars: Bars, size: WorkingSize) -> tuple[DetailSource, ...]:
        """Those that may be looked for in a shot's frames; none where the user has colours enlarged otherwise.

        Raises:
            InputError: One cannot be used.
            MediaError: One cannot be read.
        """
        if self.settings.upsampling != "adaptive" or self.settings.compat is not None:
            return ()
        shown = (place for place, each in enumerate(self.in_place_of_frames(bars, size)) if each is not None)
        return tuple(DetailSource(place, self.given[place].frame) for place in shown)

    def detail(self, source: DetailSource, bars: Bars, size: WorkingSize, device: torch.device) -> KeyframeDetail:
        """What one of the `sources` gives; that of one is kept, and threads may ask at the same time.

        Raises:
            InputError: It cannot be used any more, or is no longer the same picture.
            MediaError: It cannot be read any more.
        """
        key, kept = (source.place, bars, size, device), self._detail
        if kept is None or kept[0] != key:
            self._detail = kept = key, _detail(self._picture(source.place), bars, size).to(device)
        return kept[1]

    def _picture(self, place: int) -> ReferencePicture:
        """One at full size, read again where it is not held any more."""
        with self._reading:
            picture = self._pictures.pop(place, None)
            if picture is None:
                while len(self._pictures) >= _PICTURES:
                    self._pictures.popitem(last=False)
                picture = ReferencePicture.read(self.given[place], self.settings)
                now = picture.to_match(self.short_side)
                if not _alike(self._seen.setdefault(place, now), now):
                    raise _changed(self.given[place])
            self._pictures[place] = picture
            return picture

    def _matched(self) -> list[tuple[Tensor, Tensor]]:
        """What the network sees of each: its Lab, and where it may be matched."""
        for place in range(len(self.given)):
            if place not in self._seen:
                self._picture(place)
        return [self._seen[place] for place in range(len(self.given))]

    @property
    def _weights(self) -> list[float]:
        return [reference.weight for reference in self.given]


def detail_of(reference: Reference, bars: Bars, size: WorkingSize, settings: Settings) -> KeyframeDetail:
    """The same as `ShotReferences.detail`, on the CPU, for a reference that is read again.

    Raises:
        InputError: It cannot be used any more, or has another shape than before.
        MediaError: It cannot be read any more.
    """
    return _detail(ReferencePicture.read(reference, settings), bars, size)


def _detail(picture: ReferencePicture, bars: Bars, size: WorkingSize) -> KeyframeDetail:
    lab = picture.in_place_of_frame(bars, size)
    if lab is None:  # though it was a source
        raise _changed(picture.reference)
    return KeyframeDetail.of(lab, size)


def _changed(reference: Reference) -> InputError:
    return InputError(
        f"Reference {reference} is not the picture any more that it was when its shot began: put that back, or start "
        "again with the new one."
    )


def _small(picture: ReferencePicture, bars: Bars, size: WorkingSize) -> Tensor | None:
    lab = picture.in_place_of_frame(bars, size)
    if lab is None:
        return None
    return replace(size, frame_height=lab.shape[2], frame_width=lab.shape[3]).shrink(lab).contiguous()


def _alike(before: tuple[Tensor, Tensor], now: tuple[Tensor, Tensor]) -> bool:
    """Whether what the network sees is the same picture, up to rounding."""
    pairs = zip(before, now, strict=True)
    return all(one.shape == other.shape and float((one - other).abs().max()) < _SAME for one, other in pairs)


@contextmanager
def network(device: torch.device, settings: Settings) -> Iterator[None]:
    """No gradients, and the precision that the settings say even where the host has switched autocast on."""
    full = settings.dtype == torch.float32
    with torch.inference_mode(), torch.autocast(device.type, None if full else settings.dtype, enabled=not full):
        yield
