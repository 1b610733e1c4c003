"""What a model is made of: frozen settings, read from a preset's YAML or from a weights file."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, Literal, get_args, get_origin

from vcnode.errors import ModelError


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
        unknown = sorted(set(values) - set(known))
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
        widths = values.get("color_widths", cls.color_widths)
        if len(widths) != 4 or not all(isinstance(width, int) and width > 0 for width in widths):
            raise ModelError(f"The model's configuration says color_widths: {widths!r}; give four positive numbers.")
        return cls(**{**values, "color_widths": tuple(widths)})

    def to_dict(self) -> dict[str, Any]:
        """Write it as plain values, for YAML and JSON."""
        return {**asdict(self), "color_widths": list(self.color_widths)}
