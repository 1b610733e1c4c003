"""Failures in the host's own error type."""

from collections.abc import Iterator
from contextlib import contextmanager

import vapoursynth as vs

from vcnode.errors import VcnodeError
from vcnode.sequence.memory import is_out_of_memory


@contextmanager
def explained() -> Iterator[None]:
    """Turn what vcnode explains to its user, and running out of memory, into `vs.Error`."""
    try:
        yield
    except VcnodeError as error:
        raise vs.Error(f"colorize: {_on_one_line(str(error))}") from error
    except (RuntimeError, MemoryError) as error:
        if not is_out_of_memory(error):
            raise
        raise vs.Error(
            "colorize: memory ran out: give a smaller working_size or look_ahead, fewer references, "
            'or device="cpu", and close other programs'
        ) from error


def _on_one_line(sentence: str) -> str:
    """The same; where a script wrote a path with backslashes, what Python took them for is made visible."""
    visible = "".join(repr(letter)[1:-1] if letter < " " or _is_half(letter) else letter for letter in sentence)
    if visible == sentence:
        return sentence
    return f'{visible.rstrip(".")}; in a script, write a path as r"D:\\film.png" or "D:/film.png"'


def _is_half(letter: str) -> bool:
    """Whether it is half of a letter in UTF-16, which VapourSynth cannot pass on."""
    return "\ud800" <= letter <= "\udfff"
