"""Work beside Natron's main thread, and waiting for it there.

Natron has no call that hands a function to its main thread, so a Qt timer of that thread looks now and then.
"""

from __future__ import annotations

import importlib
import threading
from collections.abc import Callable
from typing import Any

_INTERVAL = 100  # milliseconds between looks
_timers: set[Any] = set()  # Qt keeps no timer alive that Python has forgotten


def run(
    work: Callable[[], Any], finished: Callable[[Any, BaseException | None], None], meanwhile: Callable[[], None]
) -> None:
    """Do `work` in a thread; then, on the main thread, `finished(value, error)`.

    Args:
        work: Must not touch Natron.
        finished: See above.
        meanwhile: Called on the main thread now and then.
    """
    outcome: list[Any] = []
    threading.Thread(target=lambda: outcome.extend(outcome_of(work)), name="vcnode", daemon=True).start()
    when(lambda: len(outcome) == 2, lambda: finished(*outcome), meanwhile)


def when(condition: Callable[[], bool], then: Callable[[], None], meanwhile: Callable[[], None]) -> None:
    """Call `then` on the main thread once `condition` holds; must itself be called there."""
    timer = qt_core().QTimer()

    def look() -> None:
        if condition():
            timer.stop()
            _timers.discard(timer)
            then()
        else:
            meanwhile()

    timer.timeout.connect(look)
    timer.start(_INTERVAL)
    _timers.add(timer)


def outcome_of(work: Callable[[], Any]) -> tuple[Any, BaseException | None]:
    """What `work` gives or raises."""
    try:
        return work(), None
    except BaseException as error:
        return None, error


def qt_core() -> Any:
    """Natron's own Qt, whichever it was built with.

    Raises:
        ImportError: Natron was built without Qt for Python.
    """
    for name in ("qtpy", "PySide2", "PySide6"):
        try:
            return importlib.import_module(name + ".QtCore")
        except Exception:  # qtpy raises its own kinds where it finds no Qt
            continue
    raise ImportError("This Natron has no Qt for Python (PySide).")
