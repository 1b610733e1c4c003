"""What the network made of a frame, and how that is brought to the frame's own size."""

from collections.abc import Mapping
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from vcnode.color import Bars, WorkingSize, devc_finish, enlarge_ab, saturate
from vcnode.network import State
from vcnode.sequence.frame import ColoredFrame
from vcnode.sequence.keyframe_choice import DetailSource, influence, nearest_source
from vcnode.sequence.keyframe_detail import KeyframeDetail
from vcnode.sequence.settings import Settings


@dataclass(frozen=True)
class WorkingFrame:
    """What the network made of a frame, at working size: all that is stored and all that is finished.

    Attributes:
        state: The state the frame leaves; its `ab` is the frame's colour.
        confidence: `(1, 1, H/4, W/4)`.
        reference: `(1, 1, H/4, W/4)`, int16.
        warped_ab: `(1, 2, H/4, W/4)`.
    """

    state: State
    confidence: Tensor
    reference: Tensor
    warped_ab: Tensor

    def to(self, device: torch.device | str) -> "WorkingFrame":
        """Move to a device."""
        parts = (part.to(device) for part in (self.confidence, self.reference, self.warped_ab))
        return WorkingFrame(self.state.to(device), *parts)

    def tensors(self) -> dict[str, Tensor]:
        """Everything by name, for a state cache."""
        parts = {"confidence": self.confidence, "reference": self.reference, "warped_ab": self.warped_ab}
        return {**self.state.state_dict(), **parts}

    @classmethod
    def from_tensors(cls, tensors: Mapping[str, Tensor]) -> "WorkingFrame":
        """The inverse of `tensors`."""
        parts = dict(tensors)
        confidence, reference, warped_ab = (parts.pop(name) for name in ("confidence", "reference", "warped_ab"))
        return cls(State.from_state_dict(parts), confidence, reference, warped_ab)


@dataclass(frozen=True)
class Finisher:
    """All that finishing the frames of a shot needs; small, so that hosts can keep it when the engine is gone.

    Attributes:
        bars: Black bars of the shot.
        size: Its working size.
        settings: The user's choices.
        sources: Those of its references that have detail to give.
    """

    bars: Bars
    size: WorkingSize
    settings: Settings
    sources: tuple[DetailSource, ...] = ()

    def source(self, number: int) -> DetailSource | None:
        """Whose detail `finish` is to be given for a frame; None for no one's."""
        return nearest_source(number, self.sources, self.settings.direction)

    def finish(
        self, frame: WorkingFrame, lightness: Tensor, number: int, detail: KeyframeDetail | None = None
    ) -> ColoredFrame:
        """Bring the network's result to the frame's own size.

        Args:
            frame: Of the shot.
            lightness: L of the frame at its own size `(1, 1, H, W)`; the work is done on its device.
            number: Of the frame in the clip.
            detail: That of the frame's `source`, on the same device.
        """
        frame = frame.to(lightness.device)
        picture = self.bars.crop(lightness)
        sighting = None if detail is None else detail.look(frame.state, self.size)
        state = self._without_padding(frame.state)
        if sighting is not None:
            state = sighting.correct(state, influence(number, self.sources, self.settings.direction))
        ab = self._enlarge(state, picture)
        if sighting is not None:
            ab = sighting.add(ab, picture, state.uncertainty)
        ab = saturate(ab, self.settings.saturation)
        size = picture.shape[2:]
        confidence, warped_ab = (
            F.interpolate(self._crop_quarter(x), size, mode="bilinear", align_corners=False)
            for x in (frame.confidence, frame.warped_ab)
        )
        nearest = F.interpolate(self._crop_quarter(frame.reference.float()), size, mode="nearest") + 1
        return ColoredFrame(
            number,
            lightness,
            self.bars.restore(ab),
            self.bars.restore(confidence),
            (self.bars.restore(nearest) - 1).to(torch.int16),
            self.bars.restore(warped_ab),
        )

    def _without_padding(self, state: State) -> State:
        planes = (state.lightness, state.ab, state.uncertainty.expand_as(state.lightness))
        return State(*(self.size.crop(plane) for plane in planes))

    def _enlarge(self, state: State, picture: Tensor) -> Tensor:
        if self.settings.compat == "devc":
            return devc_finish(state.ab, picture)
        return enlarge_ab(state.ab, state.uncertainty, state.lightness, picture, self.settings.upsampling)

    def _crop_quarter(self, x: Tensor) -> Tensor:
        """Remove what lies wholly in the padding, at matching's resolution."""
        return x[..., : -(-self.size.height // 4), : -(-self.size.width // 4)]
