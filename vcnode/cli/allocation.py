"""What a process of vcnode's own asks of the C library's allocator."""

import ctypes
import sys

_TRIM_THRESHOLD, _MMAP_MAX, _ARENA_MAX = -1, -4, -8  # parameters of glibc's mallopt
_NEVER = 2**31 - 1


def keep_freed_memory() -> None:
    """Keep blocks that were freed, for the next layer or frame; on Linux with glibc, else nothing.

    By default glibc gives blocks of more than 32 MB back at once, and the system clears every page of the next one. A
    large frame's maps are such blocks, dozens of times a frame. The process keeps the most that it ever held.
    """
    if sys.platform != "linux":
        return
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (OSError, AttributeError):  # another C library
        return
    for parameter, value in ((_MMAP_MAX, 0), (_TRIM_THRESHOLD, _NEVER), (_ARENA_MAX, 1)):
        mallopt(parameter, value)
