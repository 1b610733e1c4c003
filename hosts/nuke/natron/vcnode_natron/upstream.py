"""What a node's inputs depend on, and the files that they read."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

from vcnode_client.patterns import FramePattern
from vcnode_client.problems import ClientError

#: Parameters that change nothing in a picture although Natron counts them.
_NO_PIXELS = ("userTextArea", "hideInputs", "enablePreview", "forceCaching", "onParamChanged", "onInputChanged")


def describe(inputs: list[Any]) -> str:
    """Text that changes with everything upstream: nodes, links, values, keys, expressions, and files that are read."""
    return "\n".join(line for effect in inputs for line in _lines(effect))


def readers(effect: Any) -> Iterator[Any]:
    """The Reads upstream."""
    for each in _upstream(effect, set()):
        if each.isReaderNode():
            yield each


def missing_files(reader: Any, first: int, last: int) -> list[int]:
    """Frames within a Read's own range whose file is not there."""
    pattern = _pattern_of(reader)
    if pattern is None:
        return []
    offset = int(reader.getParam("timeOffset").getValue())
    first = max(first - offset, int(reader.getParam("firstFrame").getValue()))
    last = min(last - offset, int(reader.getParam("lastFrame").getValue()))
    return [frame + offset for frame in pattern.missing(first, last)]


def _pattern_of(reader: Any) -> FramePattern | None:
    """The numbered files of a Read; None where it reads one file, a film, or nothing."""
    try:
        pattern = FramePattern(str(reader.getParam("filename").getValue()))
    except ClientError:
        return None
    return pattern if pattern.numbered else None


def _upstream(effect: Any, seen: set[str]) -> Iterator[Any]:
    """A node and everything above it, each once."""
    if effect is None or str(effect.getScriptName()) in seen:
        return
    seen.add(str(effect.getScriptName()))
    yield effect
    for number in range(effect.getMaxInputCount()):
        yield from _upstream(effect.getInput(number), seen)


def _lines(effect: Any) -> Iterator[str]:
    for each in _upstream(effect, set()):
        yield from _lines_of(each)


def _lines_of(effect: Any) -> Iterator[str]:
    sources = [effect.getInput(number) for number in range(effect.getMaxInputCount())]
    yield f"{effect.getPluginID()} {[source and str(source.getScriptName()) for source in sources]}"
    for param in effect.getParams():
        name = str(param.getScriptName())
        if hasattr(param, "getValue") and param.getEvaluateOnChange() and name not in _NO_PIXELS:
            yield f"{name} {[_value(param, dimension) for dimension in range(param.getNumDimensions())]}"
    if effect.isReaderNode():
        yield from _files(effect)
    for child in effect.getChildren():
        yield from _lines_of(child)


def _value(param: Any, dimension: int) -> Any:
    """An expression, keys, or the one value."""
    if hasattr(param, "getExpression") and param.getExpression(dimension)[0]:
        return str(param.getExpression(dimension)[0])
    if hasattr(param, "getNumKeys") and param.getNumKeys(dimension):
        times = [param.getKeyTime(key, dimension)[-1] for key in range(param.getNumKeys(dimension))]
        return [(time, param.curve(time, dimension)) for time in times]
    try:
        return param.getValue(dimension)
    except TypeError:  # strings, booleans and choices have one dimension and take no number
        return param.getValue()


def _files(reader: Any) -> Iterator[str]:
    """Sizes and times of the files that a Read names, so that a plate rendered anew is noticed."""
    pattern = _pattern_of(reader)
    if pattern is None:
        yield str(_stamp(str(reader.getParam("filename").getValue())))
        return
    first, last = (int(reader.getParam(name).getValue()) for name in ("firstFrame", "lastFrame"))
    yield str([_stamp(pattern.path(frame)) for frame in range(first, last + 1)])


def _stamp(path: str) -> tuple[int, int] | None:
    try:
        status = os.stat(path)
    except OSError:
        return None
    return status.st_size, int(status.st_mtime)
