import ctypes
import platform
import subprocess
import sys

import pytest

from vcnode.cli import allocation
from vcnode.cli.allocation import keep_freed_memory

MEGABYTES = 64
KEPT_OF_A_FREED_BLOCK = f"""
import ctypes, resource, sys
if sys.argv[1] == "keep":
    from vcnode.cli.allocation import keep_freed_memory
    keep_freed_memory()

def resident():
    return int(open("/proc/self/statm").read().split()[1]) * resource.getpagesize() / 2**20

library = ctypes.CDLL(None)
library.malloc.restype, library.free.argtypes = ctypes.c_void_p, [ctypes.c_void_p]
library.malloc.argtypes = [ctypes.c_size_t]
before = resident()
block = library.malloc({MEGABYTES} << 20)
ctypes.memset(block, 1, {MEGABYTES} << 20)
library.free(block)
print(resident() - before)
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="the allocator is glibc's")
@pytest.mark.parametrize("keep", [True, False])
def test_a_freed_block_is_kept_for_the_next(keep):
    command = [sys.executable, "-c", KEPT_OF_A_FREED_BLOCK, "keep" if keep else "leave"]
    kept = float(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    assert (kept > MEGABYTES / 2) == keep


@pytest.mark.parametrize("system", ["win32", "darwin"])
def test_other_systems_are_left_as_they_are(monkeypatch, system):
    monkeypatch.setattr(sys, "platform", system)
    monkeypatch.setattr(ctypes, "CDLL", lambda name: pytest.fail("a library was opened"))
    keep_freed_memory()


def test_other_c_libraries_are_left_as_they_are(monkeypatch):
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(allocation.ctypes, "CDLL", lambda name: object())
    keep_freed_memory()
