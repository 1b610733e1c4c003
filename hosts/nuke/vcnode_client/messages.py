"""The lines that client and worker exchange: one JSON object each."""

from __future__ import annotations

import json
from typing import Any, Dict

from vcnode_client.problems import ClientError

#: The version of the protocol that this client speaks.
PROTOCOL = 1

#: A longer line is refused, in bytes.
LONGEST = 4 * 1024 * 1024

Message = Dict[str, Any]


def encode(message: Message) -> bytes:
    """A message as a line.

    Raises:
        ClientError: It is longer than a line may be.
    """
    line = json.dumps(message, ensure_ascii=True, allow_nan=False).encode("ascii") + b"\n"
    if len(line) > LONGEST:
        raise ClientError(f"The job is too long for one message ({len(line)} bytes); {LONGEST} are allowed.")
    return line


def decode(line: bytes) -> Message:
    """A line as a message.

    Raises:
        ClientError: It is none: something else than a vcnode worker is at the other end.
    """
    try:
        message = json.loads(line.decode("utf-8"))
    except ValueError:
        message = None
    if not isinstance(message, dict) or not isinstance(message.get("type"), str):
        raise ClientError(f"The worker said something that is no message: {line[:200]!r}.")
    return message


def check_hello(message: Message) -> None:
    """Look at a worker's first message.

    Raises:
        ClientError: It is no greeting, or the worker speaks another version.
    """
    if message["type"] == "error":
        raise ClientError(f"The worker refused: {message.get('problem', 'it gave no reason.')}")
    if message["type"] != "hello":
        raise ClientError(f"The worker did not greet but said {message['type']!r}: is it a vcnode worker?")
    if message.get("protocol") != PROTOCOL:
        raise ClientError(
            f"The worker (vcnode {message.get('version', '?')}) speaks protocol {message.get('protocol')}, "
            f"this node speaks {PROTOCOL}: install the same version of both."
        )
