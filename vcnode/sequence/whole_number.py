"""Whole numbers as users have them, numpy's too."""

import operator
from typing import SupportsIndex

from vcnode.errors import InputError


def whole_number(value: SupportsIndex, what: str) -> int:
    """Take a whole number of any integer type.

    Args:
        value: The number.
        what: It is, for messages.

    Raises:
        InputError: It is something else, also a float without a fraction.
    """
    try:
        return operator.index(value)
    except TypeError as error:
        raise InputError(f"{what} is {value!r}: give a whole number.") from error
