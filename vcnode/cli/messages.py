"""What is said on stderr besides results."""

import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tqdm import tqdm


class _AboveProgress(logging.Handler):
    """Prints records without tearing a progress bar apart."""

    def emit(self, record: logging.LogRecord) -> None:
        """Print one record."""
        say(f"{record.levelname.lower()}: {record.getMessage()}")


def say(line: str) -> None:
    """Print a line on stderr, above a progress bar if there is one."""
    tqdm.write(f"vcnode: {line}", file=sys.stderr)


def progress_bar(total: int | None, unit: str, **options: Any) -> Any:
    """A bar on stderr that is removed when it is closed; where nobody looks, as in a log, it is drawn rarely.

    Args:
        total: Of what it counts; None: unknown.
        unit: What it counts.
        **options: Others of tqdm's.
    """
    interval = 0.1 if sys.stderr.isatty() else 10.0
    return tqdm(total=total, unit=unit, file=sys.stderr, mininterval=interval, leave=False, **options)


@contextmanager
def messages_on_stderr(*, quiet: bool, debug: bool) -> Iterator[None]:
    """Within the block, print what the library warns of; everything it logs with `debug`."""
    logger, handler = logging.getLogger("vcnode"), _AboveProgress()
    handler.setLevel(logging.DEBUG if debug else logging.ERROR if quiet else logging.WARNING)
    level, propagate = logger.level, logger.propagate
    logger.addHandler(handler)
    logger.setLevel(logging.DEBUG if debug else logging.WARNING)
    logger.propagate = False
    try:
        yield
    finally:
        logger.removeHandler(handler)
        logger.setLevel(level)
        logger.propagate = propagate


def tolerant_streams() -> None:
    """Let file names that the console cannot show be shown escaped instead of ending the program."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="backslashreplace")
