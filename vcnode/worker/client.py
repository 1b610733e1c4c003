"""The other end of a worker on this machine: connect, hand in a job, hear of it."""

import socket
from collections.abc import Iterator, Mapping
from types import TracebackType
from typing import Self

from vcnode.errors import VcnodeError
from vcnode.worker.protocol import PROTOCOL, Message, decode_message, encode_message


class WorkerClient:
    """A connection to a worker that listens on this machine's loopback.

    Args:
        port: The worker's.
        token: What it said in its hello.
        host: Its loopback address.

    Raises:
        VcnodeError: There is none, or it refuses.
    """

    def __init__(self, port: int, token: str, host: str = "127.0.0.1") -> None:
        try:
            self._socket = socket.create_connection((host, port))
        except OSError as error:
            raise VcnodeError(f"No worker answers at {host}:{port} ({error.strerror}): start one.") from error
        self._lines = self._socket.makefile("rb")
        try:
            self.send(type="hello", protocol=PROTOCOL, token=token)
            self.hello = self.receive()
        except VcnodeError as error:
            self.close()
            raise VcnodeError(f"No worker answers at {host}:{port} any more (it is ending): start one.") from error
        if self.hello.get("type") != "hello":
            self.close()
            raise VcnodeError(f"The worker refuses: {self.hello.get('problem')}")

    def send(self, **message: object) -> None:
        """Send a message.

        Raises:
            VcnodeError: The worker is gone.
        """
        try:
            self._socket.sendall(encode_message(message))
        except OSError as error:
            raise VcnodeError(f"The worker is gone ({error.strerror}): see its log.") from error

    def receive(self) -> Message:
        """Wait for the next message.

        Raises:
            VcnodeError: The worker is gone.
        """
        try:
            line = self._lines.readline()
        except OSError:
            line = b""
        if not line.endswith(b"\n"):
            raise VcnodeError("The worker is gone: see its log.")
        return decode_message(line)

    def run(self, job: Mapping[str, object], identifier: str = "job") -> Iterator[Message]:
        """Hand in a job and yield what the worker says of it; the last message is its end.

        Raises:
            VcnodeError: The worker is gone.
        """
        self.send(type="job", id=identifier, job=job)
        while True:
            message = self.receive()
            if message.get("id") == identifier:
                yield message
                if message["type"] not in ("accepted", "progress"):
                    return

    def close(self) -> None:
        """Leave; the worker goes on for others."""
        self._lines.close()
        self._socket.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
