"""Failures in the host's own error type."""

from collections.abc import Iterator
from contextlib import contextmanager

import vapoursynth as vs

from vcnode.errors import VcnodeError
from vcnode.sequence.memory import is_out_of_memory


@contextmanager
def explained(function: str = "colorize") -> Iterator[None]:
    """Turn what vcnode explains to its user, and running out of memory, into `vs.Error`."""
    try:
        yield
    except VcnodeError as error:
        raise vs.Error(f"{function}: {error}") from error
    except (RuntimeError, MemoryError) as error:
        if not is_out_of_memory(error):
            raise
        raise vs.Error(
            f"{function}: memory ran out: give a smaller working_size or look_ahead, fewer references, "
            'or device="cpu", and close other programs'
        ) from error
