"""Lines out of a stream of bytes, with a limit to their length."""

from collections.abc import Callable, Iterator

from vcnode.worker.protocol import MAX_LINE

_CHUNK = 2**16


def read_lines(read: Callable[[int], bytes], limit: int = MAX_LINE) -> Iterator[bytes | None]:
    """Yield each line without its line feed; None for one that is too long, whose bytes are not kept.

    Ends with the stream. What follows the last line feed is not a line: its sender died while writing it.

    Args:
        read: Gives up to so many bytes as soon as there are any; none at the stream's end.
        limit: Bytes that a line may have.
    """
    waiting = bytearray()
    too_long = False
    while chunk := read(_CHUNK):
        *lines, rest = chunk.split(b"\n")
        for line in lines:
            yield None if too_long or len(waiting) + len(line) > limit else bytes(waiting + line)
            waiting.clear()
            too_long = False
        waiting += rest
        if len(waiting) > limit:
            waiting.clear()
            too_long = True
