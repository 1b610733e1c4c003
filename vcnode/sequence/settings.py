"""How a clip is coloured: everything a user may choose besides model and references."""

import math
from dataclasses import dataclass, replace
from typing import Literal, get_args

import torch

from vcnode.color import Enlarging
from vcnode.errors import InputError
from vcnode.network import Model
from vcnode.sequence.whole_number import whole_number

type Precision = Literal["float32", "float16", "bfloat16"]

type Direction = Literal["forward", "backward", "both"]

GPU_LOOK_AHEAD = 4
_GOOD_AT_HALF = (8, 0)  # compute capability from which half precision is the default


@dataclass(frozen=True)
class Settings:
    """Choices with defaults that suit most footage.

    Attributes:
        working_size: Short side in pixels at which the network works; None for the preset's.
        look_ahead: Frames whose features and matching are computed as one batch. Any number gives the same colours up
            to rounding (less than 0.01 in ab); it costs memory, and saves time on GPUs. None: 4 on CUDA GPUs, else 1.
        saturation: Factor on the finished chroma; 1 leaves it as the network gave it.
        upsampling: How ab is brought to the frame's size; see `vcnode.color.enlarge_ab`. "adaptive" also fetches
            colours, and what is finer than the working size, from the nearest keyframe where the frame still shows the
            same; see `vcnode.sequence.keyframe_detail`.
        find_bars: Whether black bars of clip and references are found and left out.
        compat: "devc" reproduces the authors' test script: best match alone, chroma x 1.25, their smoother; None for
            our own defaults.
        precision: "float16" lets the network's convolutions run in half precision, for speed on GPUs, "bfloat16" for
            speed on CPUs that multiply matrices of it (AMX; others are slower with it); motion, sums and the state stay
            in float32. None: float16 for the light network on CUDA GPUs of compute capability 8.0 or more; else
            float32.
        direction: "forward": colours run from each keyframe to the frames after it; "backward": to those before it, as
            if the film ran the other way; "both": between two keyframes both are blended by distance and certainty,
            and frames before a shot's first keyframe get their colours from it. Takes up to twice the time (three times
            where the states of a stretch exceed the store), and frames must be at hand in any order.

    Raises:
        InputError: A value is out of range.
    """

    working_size: int | None = None
    look_ahead: int | None = None
    saturation: float = 1.0
    upsampling: Enlarging = "adaptive"
    find_bars: bool = True
    compat: Literal["devc"] | None = None
    precision: Precision | None = None
    direction: Direction = "forward"

    def __post_init__(self) -> None:
        for name in ("working_size", "look_ahead"):
            if getattr(self, name) is not None:
                object.__setattr__(self, name, whole_number(getattr(self, name), f"The {name.replace('_', ' ')}"))
        if self.working_size is not None and self.working_size < 64:
            raise InputError(f"The working size is {self.working_size} pixels: give 64 or more for the short side.")
        if self.look_ahead is not None and self.look_ahead < 1:
            raise InputError(f"The look-ahead is {self.look_ahead} frames: give 1 or more.")
        try:
            saturation = float(self.saturation)
        except (TypeError, ValueError):
            saturation = math.nan
        if not 0 <= saturation <= 4:
            raise InputError(f"The saturation is {self.saturation}: give a factor from 0 to 4.")
        object.__setattr__(self, "saturation", saturation)
        if self.upsampling not in get_args(Enlarging.__value__):
            allowed = ", ".join(get_args(Enlarging.__value__))
            raise InputError(f"The upsampling {self.upsampling!r} is not known: give one of {allowed}.")
        if self.compat not in (None, "devc"):
            raise InputError(f"Compatibility with {self.compat!r} is not known: give 'devc', or none.")
        if self.precision not in (None, *get_args(Precision.__value__)):
            raise InputError(f"The precision {self.precision!r} is not known: give float32, float16 or bfloat16.")
        if self.direction not in get_args(Direction.__value__):
            raise InputError(f"The direction {self.direction!r} is not known: give forward, backward or both.")

    def on(self, model: Model) -> "Settings":
        """The same choices, with those left open made for the model and its device; memory at hand has no say."""
        device = next(model.parameters()).device
        half = model.config.color_net == "light" and self.compat is None and _is_good_at_half(device)
        window = GPU_LOOK_AHEAD if device.type == "cuda" else 1
        return replace(
            self, look_ahead=self.look_ahead or window, precision=self.precision or ("float16" if half else "float32")
        )

    @property
    def window(self) -> int:
        """The look-ahead, where it is decided: see `on`."""
        return self.look_ahead or 1

    @property
    def dtype(self) -> torch.dtype:
        """The type of numbers that convolutions take, where it is decided: see `on`."""
        return {"float16": torch.float16, "bfloat16": torch.bfloat16}.get(self.precision or "", torch.float32)

    def of_state(self) -> dict[str, object]:
        """The choices that change what the network computes; the others only finish its result."""
        return {
            "working_size": self.working_size,
            "look_ahead": self.window,
            "find_bars": self.find_bars,
            "compat": self.compat,
            **({} if self.precision in (None, "float32") else {"precision": self.precision}),
            **({"direction": "backward"} if self.direction == "backward" else {}),  # "both" has all states of "forward"
        }


def _is_good_at_half(device: torch.device) -> bool:
    """Whether half precision is quick and right: cuDNN's convolutions give NaN on the GTX 16 series, which is 7.5."""
    return device.type == "cuda" and torch.cuda.get_device_capability(device) >= _GOOD_AT_HALF
