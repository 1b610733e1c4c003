"""Whether a result still shows what the script says: everything that its pixels depend on, as one short text."""

from __future__ import annotations

import hashlib
import json
from typing import Any, Sequence

from vcnode_client.file_stamp import stamp
from vcnode_client.host import Clip
from vcnode_client.settings import ReferenceSettings, Settings

_SCHEMA = 3  # raise it when results made before are to be made anew


def fingerprint(settings: Settings, clip: Clip, views: list[str], upstream: str, pictures: Sequence[str] = ()) -> str:
    """Digest what the result depends on; not where it lies, nor on which device it is made.

    Args:
        settings: What the artist chose.
        clip: The source.
        views: The views.
        upstream: See `Host.upstream`.
        pictures: Files that the shots file names. Only a worker can tell, so without them the digest is good for going
            on with an unfinished run, whose worker looks at them itself, and no more.
    """
    meant = {
        "schema": _SCHEMA,
        "range": [settings.first, settings.last],
        "references": [_reference(each) for each in settings.references],
        "shots": _shots(settings.shots_file, clip, pictures) if settings.shots_file else None,
        "direction": settings.direction,
        "model": settings.model,
        "working_size": settings.working_size,
        "precision": settings.precision or "float32",  # the default's name since the first digest
        "saturation": settings.saturation,
        "encoding": [settings.encoding, settings.file_encoding, settings.conversion],
        "depth": settings.depth,
        "confidence": settings.confidence,
        "overscan": settings.overscan,
        "size": [clip.width, clip.height],
        "views": views,
        "upstream": upstream,
    }
    return hashlib.sha256(json.dumps(meant, sort_keys=True).encode("utf-8")).hexdigest()


def _reference(reference: ReferenceSettings) -> list[Any]:
    of_file = stamp(reference.file) if reference.file else None
    return [reference.number, reference.frame, reference.keyframe, reference.weight, reference.file, of_file]


def _shots(path: str, clip: Clip, pictures: Sequence[str]) -> list[Any]:
    """The file by what it says; the clip's first frame, which is its 0; its pictures by size and date."""
    try:
        with open(path, "rb") as file:
            says = hashlib.sha256(file.read()).hexdigest()
    except OSError:
        says = ""
    return [path, says, clip.first, [[each, stamp(each)] for each in pictures]]
