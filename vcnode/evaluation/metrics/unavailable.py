"""What a metric that cannot be had here says instead of a number."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Unavailable:
    """No number, and why.

    Attributes:
        reason: One sentence: what is missing and how to get it.
    """

    reason: str
