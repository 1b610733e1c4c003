"""Videos that exist as frames in memory."""

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Protocol

import torch
from torch import Tensor

from vcnode.errors import InputError
from vcnode.rendering import weak_frames
from vcnode.sequence import ClipState

from .coloring import Coloring, Load, color_batch
from .images import check_images
from .progress import Progress
from .reports import coloring_report

type Audio = Mapping[str, Any]


class Components(Protocol):
    """A video in memory, as ComfyUI has it.

    Attributes:
        images: IMAGE `(B, H, W, C)`.
        audio: Waveform `(1, channels, samples)` and sample_rate; None: silent.
        frame_rate: Frames a second.
    """

    images: Tensor
    audio: Any
    frame_rate: Fraction


@dataclass(frozen=True)
class ColoredComponents:
    """A coloured video in memory; see `Components`."""

    images: Tensor
    audio: Audio | None
    frame_rate: Fraction
    state: ClipState
    report: str


def color_components(
    load: Load,
    video: Components,
    coloring: Coloring,
    *,
    start: int = 0,
    count: int = 0,
    state: ClipState | None = None,
    device: torch.device | str = "cpu",
    progress: Progress | None = None,
) -> ColoredComponents:
    """Colour a video in memory, or a stretch of it with its sound.

    Args:
        load: See `Load`.
        video: The video.
        coloring: How.
        start: First frame wanted.
        count: How many; 0: all.
        state: Left by the frame before the first.
        device: Where frames go.
        progress: Told of each frame; may stop the work.

    Raises:
        InputError: There is no such frame, or something cannot be used.
    """
    images = check_images(video.images, "The video's frames")
    if start >= len(images):
        raise InputError(
            f"The first frame wanted is {start}, but the video has the frames 0 to {len(images) - 1}: correct "
            "start_frame, or the state."
        )
    end = min(len(images), start + count) if count else len(images)
    batch = color_batch(
        load,
        images[start:end],
        coloring,
        state=state,
        first=start,
        whole=images,
        device=device,
        progress=progress,
        confidence=False,
    )
    mean = sum(batch.means.values()) / len(batch.means) if batch.means else None
    report = coloring_report(end - start, start, mean, weak_frames(batch.means))
    whole = start == 0 and end == len(images)
    audio = video.audio if whole or video.audio is None else _sound(video.audio, start, end, video.frame_rate)
    return ColoredComponents(batch.images, audio, video.frame_rate, batch.state, report)


def _sound(audio: Audio, start: int, end: int, frame_rate: Fraction) -> Audio:
    rate = int(audio["sample_rate"])
    first, last = (round(frame * rate / Fraction(frame_rate)) for frame in (start, end))
    return {**audio, "waveform": audio["waveform"][..., first:last]}
