"""What a node's panel says, the same in both programs."""

from __future__ import annotations

import os
from typing import Any

from vcnode_client.host import Clip
from vcnode_client.settings import Settings

_LABELS = {
    "stale": "STALE",
    "missing": "MISSING",
    "checking": "RUNNING",
    "rendering": "RUNNING",
    "colouring": "RUNNING",
}


def label(saved: dict[str, Any], state: str) -> str:
    """The text below a node's name: what it holds, and whether that is all there is to know.

    Args:
        saved: What the node keeps of its result.
        state: One of the controller's.
    """
    words = [str(saved.get("summary") or ""), _LABELS.get(state, "")]
    return "\n".join(word for word in words if word)


def shots_in_words(settings: Settings, clip: Clip | None) -> str:
    """What a shots file means for the node, "" where there is none: how it counts, and which inputs do not."""
    if not settings.shots_file:
        return ""
    words = [] if clip is None or clip.first is None else [f"frame 0 of {_name(settings)} is {clip.first}"]
    if settings.ignored:
        inputs = " and ".join(f"Ref{number}" for number in settings.ignored)
        words.append(f"{inputs} {'is' if len(settings.ignored) == 1 else 'are'} ignored because of {_name(settings)}")
    return "; ".join(words)


def references_in_words(settings: Settings) -> str:
    """Where the colours come from, as short as possible."""
    count = len(settings.references)
    return _name(settings) if settings.shots_file else "1 ref" if count == 1 else f"{count} refs"


def _name(settings: Settings) -> str:
    return os.path.basename(settings.shots_file)


def worker_in_words(answer: dict[str, Any]) -> str:
    """A worker's answer to what it has, in a few lines."""
    lines = [
        f"vcnode {answer.get('version')}, Python {answer.get('python')}, PyTorch {answer.get('torch')}",
        f"{answer.get('device_name') or 'a processor'} on {answer.get('device')}",
    ]
    if answer.get("memory_free") is not None and answer.get("memory_total"):
        lines.append(f"{answer['memory_free'] / 1e9:.1f} of {answer['memory_total'] / 1e9:.1f} GB memory free")
    for model in answer.get("models") or ():
        there = "there" if model.get("there") else f"not there: vcnode models get {model.get('name')}"
        lines.append(f"model {model.get('name')}: {there}; licence {model.get('licence')}")
    return "\n".join(lines)
