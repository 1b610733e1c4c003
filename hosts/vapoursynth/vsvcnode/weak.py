"""Callbacks that do not keep their object alive.

A clip that depends on itself holds its callback, and the callback the clip: a cycle through VapourSynth's core, which
no garbage collector sees. So callbacks inside such a clip refer to their object weakly, and the clip's users hold it.
"""

from collections.abc import Callable
from typing import Any
from weakref import WeakMethod

import vapoursynth as vs


def weakly(method: Callable[..., Any]) -> Callable[..., Any]:
    """Make a callback for FrameEval or ModifyFrame of a method that takes `n`, or `n` and `f`, by these names."""
    reference = WeakMethod(method)

    def callback(**request: Any) -> Any:
        found = reference()
        if found is None:
            raise vs.Error("colorize: the clip was asked for a frame after it was freed")
        return found(**request)

    return callback
