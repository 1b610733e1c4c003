"""Whether a result still shows what the script says: everything that its pixels depend on, as one short text."""

from __future__ import annotations

import hashlib
import json
import os
from typing import Any

from vcnode_client.host import Clip
from vcnode_client.settings import ReferenceSettings, Settings

_SCHEMA = 2  # raise it when results made before are to be made anew


def fingerprint(settings: Settings, clip: Clip, views: list[str], upstream: str) -> str:
    """Digest what the result depends on; not where it lies, nor on which device it is made.

    Args:
        settings: What the artist chose.
        clip: The source.
        views: The views.
        upstream: See `Host.upstream`.
    """
    meant = {
        "schema": _SCHEMA,
        "range": [settings.first, settings.last],
        "references": [_reference(each) for each in settings.references],
        "model": settings.model,
        "working_size": settings.working_size,
        "precision": settings.precision,
        "saturation": settings.saturation,
        "encoding": settings.encoding,
        "depth": settings.depth,
        "confidence": settings.confidence,
        "overscan": settings.overscan,
        "size": [clip.width, clip.height],
        "views": views,
        "upstream": upstream,
    }
    return hashlib.sha256(json.dumps(meant, sort_keys=True).encode("utf-8")).hexdigest()


def _reference(reference: ReferenceSettings) -> list[Any]:
    of_file = _of_file(reference.file) if reference.file else None
    return [reference.number, reference.frame, reference.keyframe, reference.weight, reference.file, of_file]


def _of_file(path: str) -> list[int] | None:
    try:
        status = os.stat(path)
    except OSError:
        return None
    return [status.st_size, int(status.st_mtime)]
