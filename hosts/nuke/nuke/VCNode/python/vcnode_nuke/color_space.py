"""What the script's numbers mean."""

from __future__ import annotations

from typing import Any

import nuke
from vcnode_client.encodings import guess

_ACES = ("aces", "cg-config", "studio-config")


def encoding_of(node: Any) -> str:
    """The encoding that the worker is told; "" where nobody knows.

    What the sRGB curve was left in is decoded inside the Group, and what OCIO converts has the space chosen there.
    """
    choice = str(node["encoding"].value())
    if choice == "auto":
        return _of_script()
    if choice == "srgb":
        return "linear-srgb"
    if choice == "ocio":
        return guess(space_name(node.node("ToWorker")["out_colorspace"].value())) or ""
    return choice


def file_encoding_of(node: Any) -> str:
    """The encoding of EXR files that no node inside the Group decodes; where OCIO converts, none can be used."""
    return "srgb" if node["encoding"].value() == "srgb" else encoding_of(node)


def conversion_of(node: Any) -> str:
    """What OCIO converts from and to inside the Group; "" where it does not."""
    if node["encoding"].value() != "ocio":
        return ""
    return " > ".join(space_name(node.node("ToWorker")[f"{end}_colorspace"].value()) for end in ("in", "out"))


def space_name(value: str) -> str:
    """A colour space as it is called, without what Nuke's lists add: "default (x)" and aliases after a tab."""
    name = value.split("\t")[0].strip()
    if name.startswith("default (") and name.endswith(")"):
        name = name[len("default (") : -1]
    return name.split("/")[-1]


def _of_script() -> str:
    """The working space. Nuke's own management is linear with sRGB primaries; OCIO configurations name theirs."""
    if _root("colorManagement") == "Nuke":
        return "linear-srgb"
    name = space_name(_root("workingSpaceLUT"))
    if name != "scene_linear":
        return guess(name) or ""
    config = _root("OCIO_config")
    if config == "nuke-default":
        return "linear-srgb"
    return "acescg" if any(part in config for part in _ACES) else ""


def _root(name: str) -> str:
    knob = nuke.root().knob(name)
    return "" if knob is None else str(knob.value())
