"""A conversation with a worker: lines out at once, lines in through a queue that a thread fills."""

from __future__ import annotations

import contextlib
import queue
import threading
from typing import IO, Callable

from vcnode_client.messages import LONGEST, Message, decode, encode
from vcnode_client.problems import WorkerLost


class Connection:
    """Sends and receives messages.

    Args:
        incoming: Lines from the worker.
        outgoing: Lines to it.
        explain: Says in a sentence why the worker is gone, once it is.
    """

    def __init__(self, incoming: IO[bytes], outgoing: IO[bytes], explain: Callable[[], str]) -> None:
        self._outgoing, self._explain = outgoing, explain
        self._received: queue.Queue[bytes | None] = queue.Queue()
        self._lost = False
        threading.Thread(target=self._read, args=(incoming,), name="vcnode-worker-reader", daemon=True).start()

    def send(self, message: Message) -> None:
        """Send a message.

        Raises:
            WorkerLost: The worker is gone.
        """
        line = encode(message)
        try:
            self._outgoing.write(line)
            self._outgoing.flush()
        except (OSError, ValueError):  # ValueError: the stream was closed
            raise WorkerLost(self._explain()) from None

    def receive(self, timeout: float) -> Message | None:
        """The next message, or None when none came in that many seconds.

        Raises:
            WorkerLost: The worker is gone, and everything that it said has been received.
            ClientError: It said something that is no message.
        """
        if self._lost:
            raise WorkerLost(self._explain())
        try:
            line = self._received.get(timeout=timeout)
        except queue.Empty:
            return None
        if line is None:
            self._lost = True
            raise WorkerLost(self._explain())
        return decode(line)

    def _read(self, incoming: IO[bytes]) -> None:
        with contextlib.suppress(OSError, ValueError), incoming:
            while True:
                line = incoming.readline(LONGEST + 1)
                if not line.endswith(b"\n") and len(line) <= LONGEST:  # the end, perhaps in the middle of a line
                    break
                self._received.put(line)
        self._received.put(None)
