"""A worker that this node talks to, and how to reach one."""

from __future__ import annotations

import time
from typing import Callable

from vcnode_client import attaching, launching
from vcnode_client.connection import Connection
from vcnode_client.messages import Message, check_hello
from vcnode_client.problems import Cancelled, ClientError
from vcnode_client.settings import WorkerSettings

#: Seconds until a worker must have greeted: cold disks and virus scanners take their time.
GREETING = 120

#: Seconds to wait for one message before asking again whether the artist wants to stop.
PATIENCE = 0.2


def _never() -> bool:
    return False


class Worker:
    """A worker that has greeted. Use it in a `with` block, which ends a started one.

    Args:
        connection: The way to it.
        close: Ends it, or hangs up.

    Attributes:
        hello: What it said first.
    """

    def __init__(self, connection: Connection, close: Callable[[], None]) -> None:
        self._connection, self._close = connection, close
        self.hello: Message = {}

    def __enter__(self) -> Worker:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End a started worker; hang up on another."""
        self._close()

    def send(self, message: Message) -> None:
        """See `Connection.send`."""
        self._connection.send(message)

    def receive(self, timeout: float = PATIENCE) -> Message | None:
        """See `Connection.receive`."""
        return self._connection.receive(timeout)

    def check(self, is_cancelled: Callable[[], bool] = _never) -> Message:
        """Ask what the worker is and has: device, memory, models, versions.

        Raises:
            Cancelled: The artist asked to stop.
            ClientError: The worker is gone or did not understand.
        """
        return ask(self, {"type": "check"}, "checked", is_cancelled)

    def _greet(self, is_cancelled: Callable[[], bool]) -> None:
        until = time.monotonic() + GREETING
        while time.monotonic() < until:
            if is_cancelled():
                raise Cancelled()
            message = self.receive()
            if message is not None:
                check_hello(message)
                self.hello = message
                return
        raise ClientError(f"The worker did not answer within {GREETING} seconds; its log says why.")


def reach(settings: WorkerSettings, is_cancelled: Callable[[], bool] = _never) -> Worker:
    """Start a worker or connect to one, as the artist chose.

    Raises:
        Cancelled: The artist asked to stop.
        ClientError: There is none, or it does not fit.
    """
    if settings.start:
        worker = Worker(*launching.start(launching.find_python(settings.python), settings.log))
    else:
        worker = Worker(*attaching.attach(settings.address, settings.token))
    try:
        worker._greet(is_cancelled)
    except BaseException:
        worker.close()
        raise
    return worker


def ask(worker: Worker, question: Message, answer: str, is_cancelled: Callable[[], bool]) -> Message:
    """Ask a worker something that is answered at once.

    Args:
        worker: Who is asked.
        question: The message.
        answer: The type of the message that answers it.
        is_cancelled: Asked a few times a second.

    Raises:
        Cancelled: The artist asked to stop.
        ClientError: The worker is gone or did not understand.
    """
    worker.send(question)
    while True:
        if is_cancelled():
            raise Cancelled()
        message = worker.receive()
        if message is None:
            continue
        if message["type"] == answer:
            return message
        if message["type"] == "error":
            raise ClientError(str(message.get("problem")))
