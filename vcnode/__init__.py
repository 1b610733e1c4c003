"""vcnode: colours black-and-white video after reference images."""

__version__ = "0.1.0"
