"""Which channels of an OpenEXR file are the picture."""

from dataclasses import dataclass
from pathlib import Path

from vcnode.errors import MediaError
from vcnode.media.exr_header import ExrChannel, ExrPart

_NAMES = (("R", "G", "B"), ("r", "g", "b"), ("red", "green", "blue"))
_MAIN = {"rgb", "rgba"}  # what compositing programs call the channels without a layer
_NOT_A_PICTURE = {"a", "alpha", "z"}  # alone in a layer, opacity and depth are no gray picture


@dataclass(frozen=True)
class ExrLayer:
    """The channels of a picture.

    Attributes:
        part: Their part, counted from 0.
        sources: Their full names: red, green and blue, or one of a gray picture.
        targets: What red, green and blue of the coloured picture are called; the same names where there are three.
        half: Whether all are 16-bit floats.
    """

    part: int
    sources: tuple[str, ...]
    targets: tuple[str, str, str]
    half: bool

    @property
    def gray(self) -> bool:
        """Whether there is one channel only."""
        return len(self.sources) == 1

    @property
    def alpha(self) -> str:
        """What its alpha is called, where it has one."""
        return f"{_prefix(self.sources[0])}A"


def find_layer(parts: tuple[ExrPart, ...], layer: str | None, path: Path) -> ExrLayer:
    """Find a picture's channels.

    Red, green and blue are taken; else Y; else the only channel.

    Args:
        parts: Of the file.
        layer: "diffuse" for `diffuse.R` and so on, or a part's name; None for the channels without a layer, or the only
            layer that has colours.
        path: For messages.

    Raises:
        MediaError: There is no such layer, several are possible, or it holds no picture that can be used.
    """
    places = [(number, prefix) for number, part in enumerate(parts) for prefix in _prefixes(part, layer)]
    colored = [(number, _colors(parts[number], prefix)) for number, prefix in places]
    pictures = [(number, names) for number, names in colored if names is not None]
    pictures.sort(key=lambda picture: layer is None and "." in picture[1][0])
    if layer is None and len(pictures) > 1 and "." in pictures[0][1][0]:
        layers = ", ".join(_prefix(names[0])[:-1] for _, names in pictures)
        raise MediaError(f"cannot read {path}: it has the layers {layers}; name the one that is meant")
    if pictures:
        number, colors = pictures[0]
        return ExrLayer(number, colors, colors, _half(parts[number], colors, path))
    for number, prefix in places:
        gray = None if layer is None and prefix else _gray(parts[number], prefix)
        if gray is not None:
            targets = (f"{prefix}R", f"{prefix}G", f"{prefix}B")
            return ExrLayer(number, (gray,), targets, _half(parts[number], (gray,), path))
    names = ", ".join(channel.name for part in parts for channel in part.channels)
    if layer is None:
        raise MediaError(f"cannot read {path}: it has the channels {names}, but R, G, B or Y are needed; name a layer")
    raise MediaError(f"cannot read {path}: it has no layer {layer} with R, G, B or Y; its channels are {names}")


def _prefixes(part: ExrPart, layer: str | None) -> list[str]:
    """What names of the layer's channels may begin with in this part, the likeliest first."""
    if layer is not None:
        return [f"{layer}.", ""] if layer == part.name or layer in _MAIN else [f"{layer}."]
    return list(dict.fromkeys(["", *(_prefix(channel.name) for channel in part.channels)]))


def _prefix(name: str) -> str:
    return name[: name.rfind(".") + 1]


def _members(part: ExrPart, prefix: str) -> list[str]:
    return [channel.name for channel in part.channels if _prefix(channel.name) == prefix]


def _colors(part: ExrPart, prefix: str) -> tuple[str, str, str] | None:
    members = _members(part, prefix)
    for red, green, blue in _NAMES:
        names = (prefix + red, prefix + green, prefix + blue)
        if set(names) <= set(members):
            return names
    return None


def _gray(part: ExrPart, prefix: str) -> str | None:
    members = _members(part, prefix)
    if f"{prefix}Y" in members:
        return f"{prefix}Y"
    single = [name for name in members if name.removeprefix(prefix).lower() not in _NOT_A_PICTURE]
    return single[0] if len(single) == 1 else None


def _half(part: ExrPart, names: tuple[str, ...], path: Path) -> bool:
    channels: list[ExrChannel] = [channel for channel in part.channels if channel.name in names]
    if any(channel.pixels == "uint" for channel in channels):
        raise MediaError(f"cannot read {path}: {', '.join(names)} hold integers, but half or float is needed")
    return all(channel.pixels == "half" for channel in channels)
