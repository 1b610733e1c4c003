"""Work beside Nuke's main thread, with Nuke's own progress bar."""

from __future__ import annotations

import threading
from typing import Any, Callable

import nuke


class Background:
    """One thread at a time, and the bar that shows how far it is. Without a user, everything runs in line.

    Args:
        title: Of the bar.
    """

    def __init__(self, title: str) -> None:
        self._title = title
        self._bar: Any | None = None
        self._said = -1

    def run(self, work: Callable[[], Any], finished: Callable[[Any, BaseException | None], None]) -> None:
        """See `Host.in_background`."""
        if not nuke.GUI:
            value, error = _outcome(work)
            finished(value, error)
            return
        self._bar = nuke.ProgressTask(self._title)
        threading.Thread(target=self._in_thread, args=(work, finished), name="vcnode", daemon=True).start()

    def progress(self, fraction: float, message: str) -> None:
        """See `Host.progress`."""
        percent = int(100 * fraction)
        if self._bar is not None:
            self._bar.setMessage(message)
            self._bar.setProgress(percent)
        elif not nuke.GUI and percent != self._said:
            self._said = percent
            nuke.tprint(f"{self._title}: {percent}%, {message}")

    def is_cancelled(self) -> bool:
        """See `Host.is_cancelled`."""
        return self._bar is not None and bool(self._bar.isCancelled())

    def _in_thread(self, work: Callable[[], Any], finished: Callable[[Any, BaseException | None], None]) -> None:
        value, error = _outcome(work)
        self._bar = None  # its end closes the bar
        nuke.executeInMainThread(finished, args=(value, error))


def _outcome(work: Callable[[], Any]) -> Any:
    try:
        return work(), None
    except BaseException as error:
        return None, error
