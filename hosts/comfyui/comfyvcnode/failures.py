"""Errors as the editor shows them: one sentence. Imports nothing, so that it works where vcnode is not installed."""

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from importlib.util import find_spec

_OLDEST_PYTHON = (3, 12)


@contextmanager
def explained(out_of_memory: tuple[type[BaseException], ...] = ()) -> Iterator[None]:
    """Turn what vcnode complains of into the error types that everybody knows; import vcnode inside the block.

    ComfyUI's own exceptions, such as the one that stops a run, pass through.

    Args:
        out_of_memory: What the host recognises as memory running out and answers by unloading models. The advice is
            added, the type stays.

    Raises:
        ValueError: Something given cannot be used.
        RuntimeError: Anything else that vcnode explains, or vcnode itself is missing.
    """
    try:
        if sys.version_info < _OLDEST_PYTHON:
            raise RuntimeError(
                f"vcnode needs Python 3.12 or newer, but this ComfyUI runs on {sys.version.split()[0]}: install a "
                "ComfyUI with a newer Python."
            )
        yield
    except ImportError as error:
        sentence = _not_installed(error)
        if sentence is None:
            raise
        raise RuntimeError(sentence) from error
    except Exception as error:
        told = _sentence_for(error, out_of_memory)
        if told is None:
            raise
        raise told from error


def _not_installed(error: ImportError) -> str | None:
    """What to do where vcnode is missing or too old; None where the error is about something else."""
    if (error.name or "").split(".")[0] != "vcnode":
        return None
    command = f'"{sys.executable}" -m pip install'
    if _is_there("vcnode"):
        problem, remedy = "is too old for these nodes", f"{command} --upgrade vcnode"
    else:
        problem, remedy = "is not installed", f"{command} vcnode"
    return f"The Python package vcnode, which does the work, {problem}: run {remedy} and restart ComfyUI."


def _is_there(package: str) -> bool:
    try:
        return find_spec(package) is not None
    except ValueError:  # somebody else's failed import left a mark in its place
        return False


def _sentence_for(error: Exception, out_of_memory: tuple[type[BaseException], ...]) -> Exception | None:
    """What to raise in its place; None where it is to pass through."""
    from vcnode.errors import InputError, VcnodeError
    from vcnode.sequence.memory import is_out_of_memory

    known = isinstance(error, VcnodeError)
    notes = getattr(error, "__notes__", [])
    cause = error.__cause__ if known and error.__cause__ is not None else error
    if is_out_of_memory(cause):
        said = " ".join(str(cause).split())[:200]
        advice = (
            f"There is too little memory for this working size ({said}): lower working_size or look_ahead, or give "
            "fewer references."
        )
        kind: Callable[[str], Exception] = type(cause) if isinstance(cause, out_of_memory) else RuntimeError  # type: ignore[assignment]
        return kind(_joined([advice, *notes]))
    if not known:
        return None
    kind = ValueError if isinstance(error, InputError) else RuntimeError
    return kind(_joined([str(error), *notes]))


def _joined(parts: Sequence[str]) -> str:
    return " ".join(part if part.endswith((".", "!", "?")) else f"{part}." for part in parts)
