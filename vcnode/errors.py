"""Errors that users meet.

Each message is one sentence that says what was given, what is allowed and what to do. Programs print it without a
traceback; hosts translate it to their own error type.
"""


class VcnodeError(Exception):
    """Any failure that vcnode explains to its user."""


class InputError(VcnodeError, ValueError):
    """A value, image, frame or option that cannot be used as given."""


class MediaError(VcnodeError):
    """A video, image or image sequence that cannot be read or written."""


class ModelError(VcnodeError):
    """A model that is unknown, missing, damaged or does not fit."""


class CacheError(VcnodeError):
    """A state cache that cannot be used."""


class DeviceError(VcnodeError):
    """A device that is absent or has too little memory."""


class Cancelled(VcnodeError):
    """The caller asked to stop; everything finished before is kept."""
