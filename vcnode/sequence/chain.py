"""Content-addressed keys for the states of a shot: each derives from the key before and this frame's luma.

The first link holds the model, the settings and the references; every frame adds its luma. So an edit to
frame k changes the keys of k to the end of its shot and no others. Frame numbers do not enter: the same
content elsewhere shares its states.

Every digest and key is 64 hexadecimal digits (BLAKE2b with 32 bytes, RFC 7693).
"""

import hashlib
import json
import math
from collections.abc import Iterable, Mapping

import torch

from vcnode.errors import InputError

_CHAIN_VERSION = 1  # raise it when the same inputs begin to yield other states


def digest_tensor(tensor: torch.Tensor) -> str:
    """Digest dtype, shape and values, bit for bit; device and memory layout do not enter.

    Args:
        tensor: Any shape and dtype, on any device.
    """
    values = tensor.detach().cpu().contiguous().reshape(-1).view(torch.uint8).numpy()
    return _digest("tensor", f"{tensor.dtype}{tuple(tensor.shape)}".encode(), memoryview(values))


def digest_settings(settings: Mapping[str, object]) -> str:
    """Digest settings as canonical JSON; the order of names does not enter, the order of lists does.

    Args:
        settings: None, booleans, numbers, strings, and lists, tuples and mappings (named by strings) of them.

    Raises:
        InputError: A value of another type, or a number that is not finite.
    """
    text = json.dumps(_plain(settings, "settings"), sort_keys=True, separators=(",", ":"))
    return _digest("settings", text.encode("ascii"))


def combine_digests(digests: Iterable[str]) -> str:
    """Make one digest of several, in their order; for example of a shot's references."""
    return _digest("combined", *(digest.encode() for digest in digests))


def start_key(model_digest: str, settings: Mapping[str, object], references_digest: str) -> str:
    """Return the key that a shot's chain starts with, before its first frame.

    Args:
        model_digest: Identifies the weights and the architecture.
        settings: Everything else that changes a state (see `digest_settings`).
        references_digest: Identifies the references of the shot.

    Raises:
        InputError: See `digest_settings`.
    """
    parts = (str(_CHAIN_VERSION), model_digest, digest_settings(settings), references_digest)
    return _digest("start", *(part.encode() for part in parts))


def next_key(previous_key: str, luma_digest: str) -> str:
    """Return the key of the state after a frame, from the key before it and the digest of its luma."""
    return _digest("next", previous_key.encode(), luma_digest.encode())


def _digest(kind: str, *parts: bytes | memoryview) -> str:
    """Digest `parts` with their lengths, so that moving a byte from one to the next is another input."""
    digest = hashlib.blake2b(digest_size=32, person=kind.encode())
    for part in parts:
        length = part.nbytes if isinstance(part, memoryview) else len(part)
        digest.update(length.to_bytes(8, "little"))
        digest.update(part)
    return digest.hexdigest()


def _plain(value: object, name: str) -> object:
    """Copy `value` as what JSON can say without loss, or raise InputError."""
    match value:
        case None | bool() | int() | str():
            return value
        case float() if math.isfinite(value):
            return value
        case list() | tuple():
            return [_plain(item, f"{name}[{position}]") for position, item in enumerate(value)]
        case Mapping() if all(isinstance(key, str) for key in value):
            return {key: _plain(item, f"{name}.{key}") for key, item in value.items()}
    raise InputError(
        f"{name} is {value!r}: give None, a boolean, a finite number, a string, or lists or mappings of them."
    )
