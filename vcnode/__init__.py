"""vcnode: colours black-and-white video after reference images.

>>> import vcnode
>>> model = vcnode.load("lite")
>>> for frame in vcnode.colorize(frames, [vcnode.Reference("reference.png")], model=model):
...     show(frame.rgb())
"""

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
