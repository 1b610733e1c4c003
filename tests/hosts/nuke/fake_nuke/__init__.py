"""A Nuke for tests, written after Foundry's manual: strict where the real one hangs, crashes or answers in silence.

It reads and writes scripts, knows the node classes that VCNode uses, computes their pictures and writes real EXR files.
"""

from .pictures import Picture, read_exr, write_exr
from .rules import BrokenRule
from .session import Session, running

__all__ = ["BrokenRule", "Picture", "Session", "read_exr", "running", "write_exr"]
