"""Natron's message boxes. Only with a user: the module that has them is absent without."""

from __future__ import annotations

import importlib
from typing import Any


def problem(title: str, text: str) -> None:
    """Tell the user what went wrong."""
    _gui().errorDialog(title, text)


def information(title: str, text: str) -> None:
    """Tell the user something."""
    _gui().informationDialog(title, text)


def confirmed(title: str, question: str) -> bool:
    """Ask the user yes or no."""
    return "Yes" in str(_gui().questionDialog(title, question))


def _gui() -> Any:
    return importlib.import_module("NatronGui").natron
