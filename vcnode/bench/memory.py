"""The greatest memory that a process has used."""

import importlib
import os
import re
import sys
from contextlib import suppress
from pathlib import Path


def peak_memory(process: int | None = None) -> int | None:
    """Return the greatest resident memory so far, in bytes.

    Linux counts on each CPU apart: what it tells may fall by some hundred KB when memory is given back.
    On macOS, of other processes only what they use at the moment can be seen.

    Args:
        process: Its number; None for this one.

    Returns:
        None where the system does not tell, or needs psutil to do so and it is not installed.
    """
    number = os.getpid() if process is None else process
    with suppress(OSError):
        found = re.search(r"^VmHWM:\s*(\d+) kB", Path(f"/proc/{number}/status").read_text(encoding="ascii"), re.M)
        return int(found[1]) * 1024 if found else None
    if process is None and sys.platform != "win32":
        import resource

        used = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return used if sys.platform == "darwin" else used * 1024
    with suppress(ImportError):
        psutil = importlib.import_module("psutil")
        with suppress(psutil.Error):
            info = psutil.Process(number).memory_info()
            return int(getattr(info, "peak_wset", info.rss))
    return None
