"""vcnode: colours black-and-white video after reference images.

>>> import vcnode
>>> model = vcnode.load("lite")
>>> for frame in vcnode.colorize(frames, [vcnode.Reference("reference.png")], model=model):
...     show(frame.rgb())
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from vcnode.errors import VcnodeError
    from vcnode.network import Model, State
    from vcnode.sequence import (
        ClipState,
        ColoredFrame,
        MemoryStateCache,
        Reference,
        Sequence,
        Settings,
        Shot,
        StateCache,
        colorize,
        find_cuts,
        load,
        load_shots,
    )

__version__ = "0.1.0"

__all__ = [
    "ClipState",
    "ColoredFrame",
    "MemoryStateCache",
    "Model",
    "Reference",
    "Sequence",
    "Settings",
    "Shot",
    "State",
    "StateCache",
    "VcnodeError",
    "colorize",
    "find_cuts",
    "load",
    "load_shots",
]


def __getattr__(name: str) -> object:
    """Import the library when something of it is first used.

    That takes a second, in which the command line is to obey Ctrl-C already; it imports this file first.
    """
    if not name.startswith("__"):
        for part in ("errors", "network", "sequence"):  # each brings what it needs, which is then found here, too
            module = import_module(f"vcnode.{part}")
            globals().update({each: getattr(module, each) for each in __all__ if hasattr(module, each)})
    if name in globals():
        return globals()[name]
    raise AttributeError(f"module 'vcnode' has no attribute {name!r}")
