"""vcnode in VapourSynth: colours black-and-white clips after reference images.

>>> from vsvcnode import colorize
>>> clip = colorize(clip, "reference.png")
"""

from vsvcnode.colorize import Colorized, colorize
from vsvcnode.scenes import scene_starts

__all__ = ["Colorized", "colorize", "scene_starts"]
