"""What a node's inputs depend on, and the files that they read."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from vcnode_client.patterns import FramePattern
from vcnode_natron.paths import expanded

#: Parameters that change nothing in a picture although Natron counts them.
_NO_PIXELS = ("userTextArea", "hideInputs", "enablePreview", "forceCaching", "onParamChanged", "onInputChanged")


def describe(app: Any, inputs: list[Any]) -> str:
    """Text that changes with everything upstream: nodes, links, values, keys, expressions, and files that are read."""
    return "\n".join(line for effect in inputs for line in _lines(app, effect))


def readers(effect: Any) -> Iterator[Any]:
    """The Reads upstream."""
    for each in _upstream(effect, set()):
        if each.isReaderNode():
            yield each


def missing_files(app: Any, reader: Any, first: int, last: int) -> list[int]:
    """Frames within a Read's own range whose file is not there; none where it reads one file, a film, or nothing."""
    pattern = _pattern_of(app, reader)
    if not pattern.numbered:
        return []
    offset = int(reader.getParam("timeOffset").getValue())
    first = max(first - offset, int(reader.getParam("firstFrame").getValue()))
    last = min(last - offset, int(reader.getParam("lastFrame").getValue()))
    return [frame + offset for frame in pattern.missing(first, last)]


def _pattern_of(app: Any, reader: Any) -> FramePattern:
    """The files of a Read."""
    return FramePattern(expanded(app, str(reader.getParam("filename").getValue())))


def _upstream(effect: Any, seen: set[str]) -> Iterator[Any]:
    """A node and everything above it, each once."""
    if effect is None or str(effect.getScriptName()) in seen:
        return
    seen.add(str(effect.getScriptName()))
    yield effect
    for number in range(effect.getMaxInputCount()):
        yield from _upstream(effect.getInput(number), seen)


def _lines(app: Any, effect: Any) -> Iterator[str]:
    for each in _upstream(effect, set()):
        yield from _lines_of(app, each)


def _lines_of(app: Any, effect: Any) -> Iterator[str]:
    sources = [effect.getInput(number) for number in range(effect.getMaxInputCount())]
    yield f"{effect.getPluginID()} {[source and str(source.getScriptName()) for source in sources]}"
    for param in effect.getParams():
        name = str(param.getScriptName())
        if hasattr(param, "getValue") and param.getEvaluateOnChange() and name not in _NO_PIXELS:
            yield f"{name} {[_value(param, dimension) for dimension in range(param.getNumDimensions())]}"
    if effect.isReaderNode():
        yield _files(app, effect)
    for child in effect.getChildren():
        yield from _lines_of(app, child)


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


def _files(app: Any, reader: Any) -> str:
    """Sizes and dates of the files that a Read names, so that a plate rendered anew is noticed."""
    first, last = (int(reader.getParam(name).getValue()) for name in ("firstFrame", "lastFrame"))
    return str(_pattern_of(app, reader).stamps(first, last))
