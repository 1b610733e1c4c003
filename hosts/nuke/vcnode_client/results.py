"""What is known of a finished version: on the node, and in the file job.json beside its frames."""

from __future__ import annotations

import json
import time
from dataclasses import asdict
from typing import Any, Sequence

from vcnode_client import VERSION
from vcnode_client.colouring import Coloured
from vcnode_client.encodings import LUMINANCE
from vcnode_client.frames import in_words
from vcnode_client.host import Host, Result
from vcnode_client.panel_words import references_in_words
from vcnode_client.patterns import FramePattern
from vcnode_client.settings import Settings
from vcnode_client.versions import Version, name, read_note

NAME = "colored.%04d.exr"


def output_pattern(folder: str, several_views: bool) -> FramePattern:
    """Where a version's frames lie: a folder for each view, where the script has several."""
    return FramePattern(f"{folder}/{'%V/' if several_views else ''}{NAME}")


def result_of(settings: Settings, several_views: bool, version: Version) -> Result:
    """The result as the node is to show it, at its final place."""
    references = references_in_words(settings)
    return Result(
        pattern=output_pattern(version.final, several_views).text,
        first=settings.first,
        last=settings.last,
        version=version.number,
        encoding=settings.encoding,
        luminance=LUMINANCE[settings.encoding],
        confidence=settings.confidence,
        summary=f"{settings.first}-{settings.last}  {references}  {name(version.number)}",
    )


def note_of(
    host: Host,
    fingerprint: str,
    version: Version,
    hello: dict[str, Any],
    jobs: list[dict[str, Any]],
    coloured: list[Coloured],
    result: Result,
    pictures: Sequence[str],
) -> dict[str, Any]:
    """What job.json says: enough to make the version again, and to show it again."""
    note = {
        "fingerprint": fingerprint,
        "made": time.strftime("%Y-%m-%d %H:%M:%S"),
        "program": host.program,
        "node": host.node_name(),
        "client": VERSION,
        "worker": hello,
        "jobs": jobs,
        "coloured": [asdict(each) for each in coloured],
        "result": {key: value for key, value in asdict(result).items() if key != "pattern"},
        "several_views": host.several_views,
        "pictures": list(pictures),
    }
    text = json.dumps(note, ensure_ascii=False)  # letters stay as they are in the folder's name
    moved: dict[str, Any] = json.loads(text.replace(version.folder, version.final))
    return moved


def recall(folder: str, version: int) -> Result:
    """A finished version as its job.json tells it.

    Raises:
        KeyError: There is no such version, or its note is damaged.
    """
    note = read_note(folder, version)
    known = dict(note["result"])
    known["luminance"] = tuple(known["luminance"])
    pattern = output_pattern(f"{folder}/{name(version)}", note["several_views"]).text
    return Result(pattern=pattern, **known)


def state_of(note: dict[str, Any], result: Result, folder: str) -> dict[str, Any]:
    """What the node keeps in the script of a version's note and of the cache folder it lies in: flat."""
    weak = sorted({frame for each in note.get("coloured") or () for frame in each.get("weak_frames") or ()})
    return {
        "schema": 1,
        "fingerprint": note.get("fingerprint"),
        "folder": folder,
        "version": result.version,
        "summary": result.summary,
        "made": note.get("made"),
        "weak": in_words(weak),
        "pictures": "\n".join(note.get("pictures") or ()),
    }


def pictures_of(state: dict[str, Any]) -> list[str]:
    """The files that the result's shots file named, of what the node keeps."""
    return [each for each in str(state.get("pictures") or "").split("\n") if each]
