"""What a model is made of: frozen settings, read from a preset's YAML or from a weights file."""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, Literal, get_args, get_origin

from vcnode.errors import ModelError


def _is_true_or_false(value: object) -> bool:
    return isinstance(value, bool)


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value > 0


def _is_four_counts(value: object) -> bool:
    return isinstance(value, list | tuple) and len(value) == 4 and all(map(_is_count, value))


def _is_temperature(value: object) -> bool:
    return value is None or (isinstance(value, int | float) and not isinstance(value, bool) and 1e-12 <= value < 1e12)


def _is_side(value: object) -> bool:
    return isinstance(value, int) and value >= 64


_CHECKS: dict[str, tuple[Callable[[object], bool], str]] = {
    "head_width": (_is_count, "a positive number"),
    "head_refine": (_is_true_or_false, "true or false"),
    "color_widths": (_is_four_counts, "four positive numbers"),
    "coherent": (_is_true_or_false, "true or false"),
    "align": (_is_true_or_false, "true or false"),
    "temperature": (_is_temperature, "a positive number, or null for the best match alone"),
    "working_size": (_is_side, "64 pixels or more"),
}


@dataclass(frozen=True)
class ModelConfig:
    """The architecture and the settings it was tuned with.

    Attributes:
        name: The preset's name.
        encoder: Feature pyramid: "vgg19" (the paper's) or "efficientnet_lite0".
        head: From pyramid to descriptors: "devc" (the paper's correspondence subnet) or "light".
        head_width: Length of a descriptor (light head).
        head_refine: Whether a residual block follows the projection (light head).
        color_net: The recurrent colour net: "devc" (the paper's) or "light".
        color_widths: Channels of the colour net's scales, fine to coarse.
        coherent: Whether matched colours are smoothed along edges where matching is unsure.
        align: Whether the previous frame is moved onto this one before the colour net sees it.
        temperature: Of the softmax in matching; 0.01 in the paper; None for the best match alone.
        working_size: Short side, in pixels, at which frames are processed by default.
    """

    name: str
    encoder: Literal["vgg19", "efficientnet_lite0"] = "vgg19"
    head: Literal["devc", "light"] = "devc"
    head_width: int = 256
    head_refine: bool = False
    color_net: Literal["devc", "light"] = "devc"
    color_widths: tuple[int, int, int, int] = (64, 128, 256, 512)
    coherent: bool = False
    align: bool = False
    temperature: float | None = 0.01
    working_size: int = 216

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> "ModelConfig":
        """Read a configuration; the inverse of `to_dict`.

        Raises:
            ModelError: A setting is unknown, missing or has a value that is not allowed.
        """
        known = {field.name: field for field in fields(cls)}
        unknown = [name for name in values if name not in known]
        if unknown:
            raise ModelError(
                f"The model's configuration has an unknown setting {unknown[0]!r}; known are: {', '.join(known)}."
            )
        if not isinstance(values.get("name"), str):
            raise ModelError("The model's configuration has no name; add one, such as 'name: lite'.")
        for key, value in values.items():
            allowed = get_args(known[key].type) if get_origin(known[key].type) is Literal else ()
            if allowed and value not in allowed:
                raise ModelError(f"The model's configuration says {key}: {value!r}; allowed are {', '.join(allowed)}.")
            if key in _CHECKS and not _CHECKS[key][0](value):
                raise ModelError(f"The model's configuration says {key}: {value!r}; give {_CHECKS[key][1]}.")
        config = cls(**{**values, "color_widths": tuple(values.get("color_widths", cls.color_widths))})
        if (config.head == "devc") != (config.encoder == "vgg19"):
            raise ModelError(
                f"The model's configuration joins the head {config.head!r} to the encoder {config.encoder!r}; the head "
                "'devc' belongs to 'vgg19', and 'light' to 'efficientnet_lite0'."
            )
        return config

    def to_dict(self) -> dict[str, Any]:
        """Write it as plain values, for YAML and JSON."""
        return {**asdict(self), "color_widths": list(self.color_widths)}
