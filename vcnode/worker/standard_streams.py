"""The process's own pipes kept for the protocol alone."""

import os
from collections.abc import Callable
from dataclasses import dataclass

from vcnode.errors import InputError


@dataclass(frozen=True)
class Pipes:
    """A client at the other end of two pipes.

    Attributes:
        read: Gives up to so many bytes; none when the client has gone.
        write: Sends bytes; raises `OSError` when the client has gone.
    """

    read: Callable[[int], bytes]
    write: Callable[[bytes], None]


def take_standard_streams() -> Pipes:
    """Keep stdin and stdout for the protocol.

    From now on whatever else in this process prints on stdout, C libraries included, is printed on stderr, and
    whoever reads stdin finds it empty.

    Raises:
        InputError: The process has no stdin or no stdout.
    """
    try:
        incoming, outgoing = os.dup(0), os.dup(1)
    except OSError as error:
        raise InputError("The worker talks over stdin and stdout, but one is closed: start it with pipes.") from error
    nothing = os.open(os.devnull, os.O_RDWR)
    os.dup2(nothing, 0)
    try:
        os.dup2(2, 1)
    except OSError:  # no stderr either
        os.dup2(nothing, 1)
    os.close(nothing)

    def write(data: bytes) -> None:
        while data:
            data = data[os.write(outgoing, data) :]

    return Pipes(lambda size: os.read(incoming, size), write)
