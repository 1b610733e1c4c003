"""Frames on their way in and out of the engine."""

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import torch
from numpy.typing import NDArray
from torch import Tensor

from vcnode.color import (
    Matrix,
    chroma_keeping_luma,
    gray_of_lightness,
    lightness_of_gray,
    rgb_keeping_luma,
    rgb_to_ycbcr,
)
from vcnode.errors import InputError
from vcnode.sequence.reference import floats

if TYPE_CHECKING:
    from vcnode.sequence.clip_state import ClipState


@dataclass(frozen=True, eq=False)
class Lightness:
    """L of a frame `(1, 1, H, W)` as `lightness_of` gives it, for callers who find it in a thread of their own."""

    values: Tensor


type FrameLike = NDArray[Any] | Tensor | Lightness


class FrameList(Protocol):
    """A clip that can give any frame; see `lightness_of` for their form."""

    def __len__(self) -> int: ...

    def __getitem__(self, number: int, /) -> FrameLike: ...


def check_clip(frames: object, *, any_order: bool = False) -> None:
    """See that a clip is frames, not the file that they are in.

    Args:
        frames: As a user gave them.
        any_order: Whether they are wanted in any order, so that a stream will not do.

    Raises:
        InputError: They are none.
    """
    listed = hasattr(frames, "__len__") and hasattr(frames, "__getitem__")
    if isinstance(frames, str | bytes | os.PathLike) or not (listed or (hasattr(frames, "__iter__") and not any_order)):
        wanted = "a list or an array of frames" if any_order else "frames"
        raise InputError(f"The clip is {frames!r}: give {wanted} (files are for the command line, vcnode colorize).")


def lightness_of(frame: FrameLike, number: int, device: torch.device | str = "cpu") -> Tensor:
    """Take L from a frame as users have it: that of the gray with its luma.

    Colours that RGB has are dropped as a gray copy drops them, by its Y' (BT.709), so `ColoredFrame.rgb` has the Y'
    that came in. Its own L would not do: a strong colour and the gray with its L differ in Y'.

    Args:
        frame: Luma Y' `(H, W)` or `(1, H, W)`, or RGB: array `(H, W, 3)` or tensor `(3, H, W)`; gamma-encoded, 0..1 for
            floats, full scale for integers. Or what this function gave before.
        number: Of the frame, for messages.
        device: Where the result is computed.

    Returns:
        L `(1, 1, H, W)`, 0..100, float32.

    Raises:
        InputError: Another shape or type, no pixels, or values that are not numbers.
    """
    if isinstance(frame, Lightness):
        return frame.values.to(device)
    values = floats(frame, f"Frame {number}")
    shape = tuple(values.shape)
    if values.ndim == 3 and values.shape[-1] == 3 and not isinstance(frame, Tensor):
        values = values.permute(2, 0, 1)
    if values.ndim == 2:
        values = values[None]
    if values.ndim != 3 or values.shape[0] not in (1, 3) or values.numel() == 0:
        raise InputError(
            f"Frame {number} has the shape {shape}: give luma (H, W), an RGB array (H, W, 3) or an RGB "
            "tensor (3, H, W)."
        )
    on_cuda = torch.device(device).type == "cuda"
    if on_cuda:
        values = values.pin_memory()  # so that the GPU fetches it by itself; it is ours alone, nobody writes to it
    values = values.to(device, non_blocking=on_cuda)  # memory that is not pinned may be freed before MPS has read it
    if values.shape[0] == 3:
        values = rgb_to_ycbcr(values[None].clamp(0, 1), Matrix.BT709)[0, :1]
    return lightness_of_gray(values[None]).clamp(0, 100)


@dataclass(frozen=True)
class ColoredFrame:
    """A coloured frame at its own size; on the CPU unless asked for elsewhere.

    Attributes:
        number: Frame of the clip.
        lightness: L of the gray that came in `(1, 1, H, W)`, 0..100.
        ab: Colours `(1, 2, H, W)`, -128..127; 0 in black bars and outside shots.
        confidence: Greatest similarity with any reference, -1..1, `(1, 1, H, W)`; 0 in bars and outside shots.
            Similarity is not correctness: plain areas resemble each other.
        reference: Which of the shot's references was matched, counted from 0, `(1, 1, H, W)`, int16; -1 for none.
        warped_ab: What matching alone says `(1, 2, H, W)`.
        state: To go on after this frame in another run; None where frames are taken in any order (`Sequence`).
    """

    number: int
    lightness: Tensor
    ab: Tensor
    confidence: Tensor
    reference: Tensor
    warped_ab: Tensor
    state: "ClipState | None" = None

    def to(self, device: torch.device | str) -> "ColoredFrame":
        """Move the planes to a device; the state stays where it is."""
        planes = (self.lightness, self.ab, self.confidence, self.reference, self.warped_ab)
        lightness, ab, confidence, reference, warped_ab = (plane.to(device) for plane in planes)
        return ColoredFrame(self.number, lightness, ab, confidence, reference, warped_ab, self.state)

    def rgb(self, matrix: Matrix = Matrix.BT709) -> Tensor:
        """Gamma-encoded RGB `(3, H, W)`, 0..1, whose Y' is that of the frame that came in."""
        return rgb_keeping_luma(gray_of_lightness(self.lightness).clamp(0, 1), self.ab, matrix)[0].clamp(0, 1)

    def cbcr(self, luma: Tensor, matrix: Matrix) -> Tensor:
        """Cb and Cr `(1, 2, H, W)`, -0.5..0.5, that go with the source's own Y' `(1, 1, H, W)`, 0..1."""
        return chroma_keeping_luma(luma, self.ab, matrix)


def gray_frame(number: int, lightness: Tensor) -> ColoredFrame:
    """A frame that no shot covers: left as it is."""
    nothing = torch.zeros_like(lightness)
    no_reference = torch.full_like(nothing, -1, dtype=torch.int16)
    ab, warped_ab = (nothing.repeat(1, 2, 1, 1) for _ in range(2))
    return ColoredFrame(number, lightness, ab, nothing, no_reference, warped_ab)
