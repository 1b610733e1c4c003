"""A program's command line as one text, from which its arguments are made."""

import os
import re
import shlex
from collections.abc import Mapping

from vcnode.errors import InputError

_WINDOWS_PIECE = re.compile(r'(?P<slashes>\\*)(?P<quote>")|(?P<blanks>[ \t]+)|\\+|[^\\" \t]+')


def fill_in(command: str, values: Mapping[str, str], *, windows: bool = os.name == "nt") -> list[str]:
    """Split a command line and put values in the place of `{name}`; what they hold is never taken for syntax.

    Args:
        command: The program and its arguments, quoted as usual on the system.
        values: By name; other places stay as they are.
        windows: Whether Windows' rules hold, by which a backslash in front of anything but quotes is itself and single
            quotes are letters; else a POSIX shell's.

    Raises:
        InputError: The command is empty or its quotes do not match.
    """
    try:
        parts = _split_as_windows(command) if windows else shlex.split(command)
    except ValueError as error:
        raise InputError(f"The command {command!r} cannot be understood ({error}): check its quotes.") from error
    if not parts:
        raise InputError("The command is empty: give a program and its arguments.")
    return [_filled(part, values) for part in parts]


def _split_as_windows(command: str) -> list[str]:
    """Split as the C runtime does there, which is how nearly every program on Windows comes by its arguments."""
    parts: list[str] = []
    part: str | None = None
    quoted, closed_at = False, -1
    for piece in _WINDOWS_PIECE.finditer(command):
        if piece["blanks"] and not quoted:
            parts += [] if part is None else [part]
            part = None
            continue
        part = part or ""
        if not piece["quote"]:
            part += piece[0]
            continue
        part += "\\" * (len(piece["slashes"]) // 2)
        if len(piece["slashes"]) % 2:
            part += '"'
        elif piece.start() == closed_at:  # two in a row, inside quotes, are one that is meant
            part, quoted = part + '"', True
        else:
            quoted = not quoted
            closed_at = -1 if quoted else piece.end()
    if quoted:
        raise ValueError("No closing quotation")  # as `shlex.split` words it
    return parts if part is None else [*parts, part]


def _filled(text: str, values: Mapping[str, str]) -> str:
    """All at once, since a value may look like a place itself."""
    return re.sub(r"\{(\w+)\}", lambda place: values.get(place[1], place[0]), text)
