"""What is evaluated, and how thoroughly."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, get_args

from vcnode.counted import counted
from vcnode.errors import InputError
from vcnode.sequence import Settings

type Protocol = Literal["first-frame", "other-scene"]
type Size = Literal["full", "working"]
type Gray = Literal["lightness", "luma", "worn"]

PROTOCOLS: tuple[Protocol, ...] = get_args(Protocol.__value__)
SIZES: tuple[Size, ...] = get_args(Size.__value__)
GRAYS: tuple[Gray, ...] = get_args(Gray.__value__)


@dataclass(frozen=True)
class EvaluationOptions:
    """Choices of an evaluation.

    Attributes:
        protocols: "first-frame": the first frame is the reference, and the truth is known; "other-scene": the colours
            come from another scene, so only looks and steadiness can be measured.
        frames: Frames to use of each clip at most; all by default.
        size: "full": at the clip's own size; "working": clips are first shrunk to the size at which the network works,
            so that enlarging its colours plays no part.
        gray: What methods are given of a frame. "lightness": its true L, so that perfect colours score perfectly;
            "luma": what a gray video would hold of it, Y' of BT.709, which shows strong colours lighter or darker than
            their L; "worn": the same of a film that flickers, flashes and grains.
        quick: Only ab-PSNR, flicker and colourfulness.
        baselines: Whether the baselines are run.
        lpips: A file with LPIPS's weights; the usual places are searched by default.
        label: What the model is called in reports; its preset's name by default.
        settings: How the network colours.

    Raises:
        InputError: A value is not allowed.
    """

    protocols: tuple[Protocol, ...] = ("first-frame",)
    frames: int | None = None
    size: Size = "full"
    gray: Gray = "lightness"
    quick: bool = False
    baselines: bool = True
    lpips: Path | None = None
    label: str | None = None
    settings: Settings = field(default_factory=Settings)

    def __post_init__(self) -> None:
        if not self.protocols or any(protocol not in PROTOCOLS for protocol in self.protocols):
            raise InputError(f"The protocols {self.protocols} are not known: give some of {', '.join(PROTOCOLS)}.")
        if self.frames is not None and self.frames < 2:
            raise InputError(
                f"{counted(self.frames, 'frame')} of each clip will not do: give 2 or more, or none for all."
            )
        if self.size not in SIZES:
            raise InputError(f"The size {self.size!r} is not known: give {' or '.join(SIZES)}.")
        if self.gray not in GRAYS:
            raise InputError(f"The gray {self.gray!r} is not known: give one of {', '.join(GRAYS)}.")
