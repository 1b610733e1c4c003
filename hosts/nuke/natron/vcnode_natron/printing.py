"""What is said where there is no user to show it to."""

from __future__ import annotations

import sys


def say(line: str) -> None:
    """Print a line at once; what the console cannot show is escaped, as printing must not fail a finished run."""
    encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
    sys.stdout.write(line.encode(encoding, "backslashreplace").decode(encoding) + "\n")
    sys.stdout.flush()
