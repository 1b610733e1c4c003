"""Ctrl-C, SIGTERM and Ctrl-Break: stop after the frame in flight, so that what is finished stays whole."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

from vcnode.stop_signals import STOP_SIGNALS


class StopRequest:
    """Notes signals; whoever renders asks before each frame."""

    def __init__(self) -> None:
        self.signal: int | None = None
        self._is_asked = False

    def asked(self) -> bool:
        """Whether a signal came. From the first call on, a first signal no longer interrupts by itself."""
        self._is_asked = True
        return self.signal is not None

    @property
    def exit_code(self) -> int:
        """What shells expect of a process that a signal ended."""
        return 128 + (self.signal or signal.SIGINT)

    def receive(self, number: int, frame: FrameType | None) -> None:
        """Take a signal; interrupt at once where nobody asks, or at the second one."""
        impatient = self.signal is not None or not self._is_asked
        self.signal = number
        if impatient:
            raise KeyboardInterrupt


@contextmanager
def stop_request() -> Iterator[StopRequest]:
    """Within the block, signals that ask to end are noted instead of ending the process at once."""
    request = StopRequest()
    before: dict[int, Any] = {}
    if threading.current_thread() is threading.main_thread():  # the only one that may set handlers
        for number in STOP_SIGNALS:
            before[number] = signal.signal(number, request.receive)
    try:
        yield request
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
