"""Connecting to a worker that runs on this machine already."""

from __future__ import annotations

import contextlib
import socket
from typing import Callable

from vcnode_client.connection import Connection
from vcnode_client.messages import PROTOCOL
from vcnode_client.problems import ClientError

_LOOPBACK = ("127.0.0.1", "localhost", "::1", "[::1]")


def parse_address(address: str) -> tuple[str, int]:
    """Read "127.0.0.1:PORT".

    Raises:
        ClientError: It is no address on this machine.
    """
    host, _, port = address.strip().rpartition(":")
    if host not in _LOOPBACK or not port.isdecimal() or not 0 < int(port) < 65536:
        raise ClientError(f"The worker's address '{address}' cannot be used: give 127.0.0.1:PORT.")
    return host.strip("[]"), int(port)


def attach(address: str, token: str) -> tuple[Connection, Callable[[], None]]:
    """Connect, and show the token.

    Args:
        address: "127.0.0.1:PORT".
        token: What the worker printed when it began.

    Returns:
        The connection, and what ends it.

    Raises:
        ClientError: The address cannot be used, or nobody answers there.
    """
    host, port = parse_address(address)
    try:
        link = socket.create_connection((host, port), timeout=10)
    except OSError as error:
        raise ClientError(
            f"No worker answers at {address} ({error.strerror or error}): "
            "start one with 'vcnode worker --tcp 127.0.0.1:0', or let the node start its own."
        ) from None
    link.settimeout(None)
    incoming, outgoing = link.makefile("rb"), link.makefile("wb")

    def hang_up() -> None:
        with contextlib.suppress(OSError):
            link.shutdown(socket.SHUT_RDWR)
        link.close()

    connection = Connection(
        incoming, outgoing, lambda: f"The worker at {address} closed the connection: is the token the one it printed?"
    )
    connection.send({"type": "hello", "protocol": PROTOCOL, "token": token})
    return connection, hang_up
