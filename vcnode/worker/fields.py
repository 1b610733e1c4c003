"""Fields of a message, read one by one; whatever is wrong is noted, so that a user hears of everything at once."""

import math
import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from vcnode.worker.protocol import kind_of

_LONGEST = 32_000  # characters of a path, more than any system takes
_MISSING = object()


@dataclass(frozen=True)
class Problem:
    """Something in a job that cannot be used.

    Attributes:
        field: Where, as in `references[0].file`.
        problem: A sentence: what was given, what is allowed, what to do.
    """

    field: str
    problem: str


def sentence_of(error: Exception) -> str:
    """An error's message as a sentence."""
    text = str(error)
    return text[:1].upper() + text[1:] + ("" if text.endswith((".", "!", "?")) else ".")


class Fields:
    """The fields of one object of a job.

    Every reader returns a usable value, or the default after noting a problem.

    Args:
        value: What should be an object.
        place: Its name in the job, `""` for the job itself.
        problems: Where problems are noted.
        allowed: Names of the fields there are; others are problems.
    """

    def __init__(self, value: object, place: str, problems: list[Problem], allowed: Iterable[str]) -> None:
        self.place, self.problems = place, problems
        self.values: dict[str, Any] = value if isinstance(value, dict) else {}
        self._is_object = isinstance(value, dict)
        if not self._is_object:
            self._note(place or "job", f"This is {kind_of(value)}: give an object with its fields.")
            return
        known = tuple(allowed)
        for name in self.values:
            if name not in known:
                self.note(name[:100], f"There is no such field: give only {', '.join(known)}.")

    def note(self, name: str, sentence: str) -> None:
        """Note a problem with a field."""
        self._note(self.name(name), sentence)

    def name(self, name: str) -> str:
        """A field's name in the job."""
        return f"{self.place}.{name}" if self.place else name

    def text(self, name: str, default: str | None = None) -> str:
        """A text; required where there is no default."""
        value = self._value(name, _MISSING if default is None else default, str, "a text")
        return value if isinstance(value, str) else default or ""

    def whole(self, name: str, default: int | None = None, *, required: bool = False, least: int = 0) -> int | None:
        """A whole number from `least` on, or null where it is not required."""
        value = self._value(name, _MISSING if required else default, int, "a whole number")
        if isinstance(value, int) and not least <= value < 10**9:
            self.note(name, f"{value} was given: give a whole number from {least} to 999999999.")
            return default
        return value if isinstance(value, int) else default

    def number(self, name: str, default: float | None) -> float | None:
        """A finite number."""
        value = self._value(name, default, (int, float), "a number")
        try:
            return None if value is None else float(value)
        except OverflowError:
            self.note(name, "The number is too large: give a smaller one.")
            return default

    def switch(self, name: str, default: bool) -> bool:
        """True or false."""
        return bool(self._value(name, default, bool, "true or false"))

    def choice(self, name: str, default: str, allowed: Iterable[str]) -> str:
        """One of a few texts."""
        value, choices = self.text(name, default), tuple(allowed)
        if value in choices:
            return value
        self.note(name, f"{value[:100]!r} is not known: give one of {', '.join(choices)}.")
        return default

    def path(self, name: str, *, required: bool = True) -> Path | None:
        """An absolute path without `..`."""
        value = self._value(name, _MISSING if required else None, str, "an absolute path")
        return None if value is None else self.checked_path(name, value)

    def checked_path(self, name: str, text: str) -> Path | None:
        """A text as a path; None after noting that it is not absolute, climbs up, or is no path at all."""
        if not text or "\0" in text or "\n" in text or len(text) > _LONGEST or not _can_be_a_name(text):
            self.note(name, f"{text[:200]!r} cannot be a path: give an absolute path.")
            return None
        path = Path(text)
        if not path.is_absolute():
            self.note(name, f"{text} is not absolute: give the whole path, since a worker may run in any folder.")
        elif ".." in path.parts:
            self.note(name, f"{text} climbs up with '..': give the path as it is without.")
        else:
            return path
        return None

    def items(self, name: str) -> list[Any]:
        """A list, empty where it is left out or null."""
        value = self._value(name, None, list, "a list")
        return value if isinstance(value, list) else []

    def _value(self, name: str, default: object, kind: type | tuple[type, ...], wanted: str) -> Any:
        value, is_required = self.values.get(name, _MISSING), default is _MISSING
        instead = None if is_required else default
        if value is _MISSING or (value is None and not is_required):
            if is_required and self._is_object:
                self.note(name, f"It is missing: give {wanted}.")
            return instead
        wrong = not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool)
        if wrong or (isinstance(value, float) and not math.isfinite(value)):
            self.note(name, f"This is {kind_of(value)}: give {wanted}.")
            return instead
        return value

    def _note(self, field: str, sentence: str) -> None:
        self.problems.append(Problem(field, sentence))


def _can_be_a_name(text: str) -> bool:
    try:
        os.fsencode(text)
    except UnicodeEncodeError:  # half a surrogate pair
        return False
    return True
