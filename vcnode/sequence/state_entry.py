"""The file format of one cached state: a header with a checksum, then the tensors as safetensors.

Header, little-endian: magic (8 bytes), index of the frame in its shot (8), length of the payload (8), BLAKE2b
checksum (32) of magic, key, index and payload. The key is covered too: a file under another entry's name must
not pass for it.
"""

import hashlib
import struct
from collections.abc import Mapping
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load as load_safetensors
from safetensors.torch import save as save_safetensors

from vcnode.sequence.state_store import Tensors, own_copy

ENTRY_SUFFIX = ".state"

_HEADER = struct.Struct("<8sQQ32s")
_MAGIC = b"vcstate1"


class DamagedEntryError(Exception):
    """The bytes of an entry are not those that were written."""


def encode_entry(name: str, tensors: Mapping[str, torch.Tensor], index: int) -> bytes:
    """Return the file contents for the key `name` (64 hexadecimal digits).

    Args:
        name: The key.
        tensors: Any shapes and dtypes, on any device; written contiguous.
        index: Distance in frames from the first frame of the shot.
    """
    payload = save_safetensors(own_copy(tensors))
    return _HEADER.pack(_MAGIC, index, len(payload), _checksum(name, index, payload)) + payload


def decode_entry(name: str, data: bytes) -> Tensors:
    """Return the tensors of the key `name` from the file contents `data`.

    Raises:
        DamagedEntryError: The contents are not what was written under that key.
    """
    if len(data) < _HEADER.size:
        raise DamagedEntryError("shorter than its header")
    magic, index, length, checksum = _HEADER.unpack_from(data)
    payload = data[_HEADER.size :]
    if magic != _MAGIC or length != len(payload) or checksum != _checksum(name, index, payload):
        raise DamagedEntryError("length or checksum do not fit")
    try:
        tensors: Tensors = load_safetensors(payload)
    except SafetensorError as error:
        raise DamagedEntryError(str(error)) from error
    return tensors


def read_entry_index(path: Path) -> int | None:
    """Return the frame index in the header of an entry, unchecked; None where it cannot be read."""
    try:
        with path.open("rb") as file:
            magic, index, _, _ = _HEADER.unpack(file.read(_HEADER.size))
    except (OSError, struct.error):
        return None
    return int(index) if magic == _MAGIC else None


def _checksum(name: str, index: int, payload: bytes) -> bytes:
    checksum = hashlib.blake2b(_MAGIC + bytes.fromhex(name) + index.to_bytes(8, "little"), digest_size=32)
    checksum.update(payload)
    return checksum.digest()
