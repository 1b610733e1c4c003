"""What travels between a worker and its client: one JSON object a line, nothing else."""

import json
from collections.abc import Mapping

from vcnode.errors import VcnodeError

PROTOCOL = 1  # raise it when a client of the old version could misunderstand a message
MAX_LINE = 4 * 2**20  # bytes, so that a client gone mad cannot fill the memory

type Message = dict[str, object]


class ProtocolError(VcnodeError):
    """A line that is no message."""


def decode_message(line: bytes) -> Message:
    """Read a line.

    Args:
        line: UTF-8, with or without its line feed.

    Raises:
        ProtocolError: It is not one JSON object, names a field twice, or holds NaN or infinity.
    """
    try:
        message = json.loads(line.decode("utf-8"), object_pairs_hook=_fields, parse_constant=_refuse)
    except (ValueError, RecursionError) as error:
        reason = "it nests too deeply" if isinstance(error, RecursionError) else " ".join(str(error).split())
        raise ProtocolError(f"This line is no message ({reason}): send one JSON object a line, in UTF-8.") from error
    if not isinstance(message, dict):
        raise ProtocolError(f"This line holds {kind_of(message)}: send one JSON object a line.")
    return message


def encode_message(message: Mapping[str, object]) -> bytes:
    """Write a message as a line of ASCII."""
    return json.dumps(message, allow_nan=False).encode("ascii") + b"\n"


def kind_of(value: object) -> str:
    """Name a JSON value's kind for a sentence."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    names = {dict: "an object", list: "a list", str: "a text", int: "a whole number", float: "a number"}
    return names.get(type(value), type(value).__name__)


def _fields(pairs: list[tuple[str, object]]) -> Message:
    fields: Message = {}
    for name, value in pairs:
        if name in fields:
            raise ValueError(f"the field {name[:100]!r} appears twice")
        fields[name] = value
    return fields


def _refuse(name: str) -> None:
    raise ValueError(f"{name} is no number of JSON")
