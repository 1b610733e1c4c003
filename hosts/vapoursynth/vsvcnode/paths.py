"""Paths as scripts write them."""

import os

from vcnode.errors import InputError


def checked_path(given: str | os.PathLike[str], what: str) -> str:
    """Take a path that files can have; the core and Python itself would not say in words what is wrong with others.

    Args:
        given: The path.
        what: It is of, for messages.

    Raises:
        InputError: It is bytes, or holds what no name on this system can.
    """
    path = os.fspath(given)
    if not isinstance(path, str):
        raise InputError(f"the path of {what} is {path!r}: give it as text")
    try:
        possible = b"\0" not in os.fsencode(path)
    except UnicodeEncodeError:
        possible = False
    if not possible:
        raise InputError(f"{path} cannot be the path of {what}: it holds a character that no file name can have")
    return path
