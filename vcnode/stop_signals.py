"""The signals by which terminals, schedulers and clusters ask a process to end."""

import signal

# Windows' Ctrl-Break is one more, and exists there alone.
STOP_SIGNALS = tuple(int(getattr(signal, name)) for name in ("SIGINT", "SIGTERM", "SIGBREAK") if hasattr(signal, name))
