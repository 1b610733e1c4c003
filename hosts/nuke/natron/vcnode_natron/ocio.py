"""Which space an OpenColorIO configuration means by a role, read from its text."""

from __future__ import annotations

import re

from vcnode_client.encodings import guess

_ROLE = re.compile(r"^\s+([A-Za-z0-9_]+)\s*:\s*[\"']?(.+?)[\"']?\s*$")


def encoding_of(config: str, name: str) -> str:
    """The worker's name for a colour space of a configuration, "" where it is not known.

    Args:
        config: The configuration's file, or the name of one that OpenColorIO has built in.
        name: A role, or a colour space's own name.
    """
    space = name
    if config.startswith("ocio://") and name == "scene_linear":
        space = "ACEScg"  # the working space of both built-in configurations
    elif not config.startswith("ocio://"):
        space = _role(config, name) or name
    return guess(space) or ""


def _role(config: str, name: str) -> str | None:
    """What a role stands for."""
    inside = False
    try:
        with open(config, encoding="utf-8", errors="replace") as lines:
            for line in lines:
                if not line.startswith((" ", "\t")):
                    inside = line.strip() == "roles:"
                    continue
                match = _ROLE.match(line) if inside else None
                if match and match.group(1) == name:
                    return match.group(2)
    except OSError:
        pass
    return None
