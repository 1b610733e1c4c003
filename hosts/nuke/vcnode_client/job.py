"""A job as the worker wants it: plain values, ready for JSON."""

from __future__ import annotations

from typing import Any

from vcnode_client import encodings
from vcnode_client.host import Clip
from vcnode_client.settings import Settings


def build(
    settings: Settings,
    source: Clip,
    clip: str,
    frames: str,
    references: dict[int, str],
    output: str,
    cache: str | None,
) -> dict[str, Any]:
    """Write down one view's work.

    Args:
        settings: What the artist chose.
        source: The clip that a shots file is about.
        clip: A name for messages and metadata.
        frames: Pattern of the source's pictures.
        references: By number, the picture that was rendered from an input.
        output: Pattern of the result.
        cache: Folder for states; None for none.
    """
    return {
        "clip": clip,
        "frames": {"pattern": frames, "first": settings.first, "last": settings.last},
        "encoding": settings.encoding,
        "references": _references(settings, references),
        "shots": _shots(settings, source),
        "options": {
            "model": settings.model,
            "device": settings.device,
            "working_size": settings.working_size,
            "saturation": settings.saturation,
            "look_ahead": None,  # the worker knows its device
            "precision": settings.precision,
            "upsampling": "adaptive",
            "direction": settings.direction,
        },
        "output": {"pattern": output, "depth": settings.depth, "confidence": settings.confidence},
        "cache": cache,
    }


def _shots(settings: Settings, source: Clip) -> dict[str, Any] | None:
    if not settings.shots_file:
        return None
    return {
        "file": settings.shots_file,
        "first": source.first,
        "last": source.last,
        "encoding": settings.file_encoding or None,
    }


def _references(settings: Settings, rendered: dict[int, str]) -> list[dict[str, Any]]:
    return [
        {
            "file": each.file or rendered[each.number],
            "frame": each.frame if each.keyframe else None,
            "weight": each.weight,
            "mask": None,
            "encoding": encodings.of_file(each.file, settings.file_encoding) if each.file else settings.encoding,
        }
        for each in settings.references
    ]
