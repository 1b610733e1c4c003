"""What of the processor decides how the network computes best."""

import functools
import platform
from pathlib import Path


@functools.cache
def multiplies_slowly() -> bool:
    """Whether products of matrices run far slower than convolutions do, for the same number of multiplications.

    PyTorch takes MKL for products on x86 processors, which gives its best on Intel's alone, and oneDNN for
    convolutions, which does so on all: on two cores of an AMD EPYC with AVX-512, 136 and 212 GFLOP/s (`vcnode bench`).
    """
    try:
        told = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace")
    except OSError:
        told = platform.processor()  # on Windows; where neither tells, Intel's way is taken
    return any(maker in told for maker in ("AuthenticAMD", "HygonGenuine"))
