"""Nuke's script format: Tcl commands, one node a block, connections through a stack."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

_PLAIN = re.compile(r"[A-Za-z0-9_.+\-/:]+$")


def quoted(text: str) -> str:
    """A value as one word."""
    if _PLAIN.match(text) and not text.startswith(("+", "-")):
        return text
    for mark, escaped in (
        ("\\", "\\\\"),
        ('"', '\\"'),
        ("[", "\\["),
        ("{", "\\{"),
        ("}", "\\}"),
        ("$", "\\$"),
        ("\n", "\\n"),
    ):
        text = text.replace(mark, escaped)
    return f'"{text}"'


def expression(*texts: str) -> str:
    """A value that Nuke computes; several for a knob with several numbers."""
    words = (text if _PLAIN.match(text) else '"' + text.replace("[", "\\[") + '"' for text in texts)
    return "{" + " ".join("{" + word + "}" for word in words) + "}"


@dataclass(frozen=True)
class Raw:
    """A value that is written as it stands, such as an expression."""

    text: str


type Value = str | int | float | bool | Raw


def value_text(value: Value) -> str:
    """A knob's value in a script."""
    match value:
        case Raw():
            return value.text
        case bool():
            return "true" if value else "false"
        case int() | float():
            return f"{value:g}" if isinstance(value, float) and value == round(value, 4) else repr(value)
        case _:
            return quoted(value)


@dataclass(frozen=True)
class Node:
    """A node inside the Group.

    Attributes:
        kind: Its class.
        name: Its name.
        inputs: Names of the nodes on its inputs, in order: B before A, a mask last. None leaves one free.
        knobs: What differs from the class's defaults.
        x: Place from left.
        y: Place from top.
        mask: Whether the last input is a mask.
    """

    kind: str
    name: str
    inputs: Sequence[str | None]
    knobs: Mapping[str, Value] = field(default_factory=dict)
    x: int = 0
    y: int = 0
    mask: bool = False

    def lines(self) -> Iterable[str]:
        """Its block, without connections."""
        yield f"{self.kind} {{"
        if self.mask:
            yield f" inputs {len(self.inputs) - 1}+1"
        elif len(self.inputs) != 1:
            yield f" inputs {len(self.inputs)}"
        for name, value in self.knobs.items():
            yield f" {name} {value_text(value)}"
        yield f" name {self.name}"
        yield f" xpos {self.x}"
        yield f" ypos {self.y}"
        yield "}"


class Stack:
    """Writes nodes and their connections: each node is kept under a name of its own, to be pushed where it is used."""

    def __init__(self) -> None:
        self._kept: dict[str, str] = {}

    def node(self, node: Node) -> Iterable[str]:
        """A node, connected."""
        yield from self.push(node.inputs)
        yield from node.lines()
        self._kept[node.name] = f"N{len(self._kept) + 1:04x}"
        yield f"set {self._kept[node.name]} [stack 0]"

    def push(self, inputs: Sequence[str | None]) -> Iterable[str]:
        """What the next node is connected to, its first input last."""
        for source in reversed(inputs):
            yield "push 0" if source is None else f"push ${self._kept[source]}"
