"""What can go wrong, in the artist's words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Iterable


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong.

    Attributes:
        sentence: What was given, what is allowed, what to do.
        field: The control or the job's field that it is about, "" for none.
    """

    sentence: str
    field: str = ""


def from_worker(reason: dict[str, Any]) -> Problem:
    """A problem as the worker words it."""
    return Problem(str(reason.get("problem", "The worker rejected the job.")), str(reason.get("field", "")))


class ClientError(Exception):
    """Something that the artist can put right; holds every problem found, not only the first.

    Args:
        problems: What is wrong; at least one. A plain sentence will do.
    """

    def __init__(self, *problems: Problem | str) -> None:
        self.problems: list[Problem] = [each if isinstance(each, Problem) else Problem(each) for each in problems]
        super().__init__(in_words(self.problems))


class WorkerLost(ClientError):
    """The worker ended, or was never there."""


class Cancelled(Exception):
    """The artist asked to stop.

    Args:
        kept: Finished frames, which the next run need not make again.
    """

    def __init__(self, kept: int = 0) -> None:
        self.kept = kept
        super().__init__(f"cancelled; {kept} finished frames are kept")


def in_words(problems: Iterable[Problem]) -> str:
    """All problems as one message: a sentence, or a list of them."""
    sentences = [each.sentence for each in problems]
    if len(sentences) == 1:
        return sentences[0]
    listed = "\n".join(f"- {each}" for each in sentences)
    return f"{len(sentences)} things need a change:\n{listed}"
