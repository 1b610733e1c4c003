"""What every store of states has in common: the interface, its keys and the order of eviction."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import torch

from vcnode.errors import InputError

EVICT_DOWN_TO = 0.9  # of the size limit; the slack keeps eviction rare

type Tensors = dict[str, torch.Tensor]


@dataclass(frozen=True)
class CacheInfo:
    """What a cache holds.

    Attributes:
        entries: Number of states.
        bytes: Their size in bytes.
        size_limit: The size in bytes that triggers eviction; None for no limit.
        path: The folder; None for a cache in memory.
    """

    entries: int
    bytes: int
    size_limit: int | None
    path: Path | None


class StateStore(Protocol):
    """A place for states. Keys are digests of 32 bytes, or the same as 64 lower-case hexadecimal digits."""

    def get(self, key: bytes | str) -> Tensors | None:
        """Return the tensors of `key` (contiguous, on the CPU, the caller's own), or None where missing."""

    def put(self, key: bytes | str, tensors: Mapping[str, torch.Tensor], *, index: int) -> None:
        """Store `tensors`, the state after the frame that is `index` frames behind its shot's first."""

    def __contains__(self, key: bytes | str) -> bool: ...

    def info(self) -> CacheInfo:
        """Measure the store."""

    def clear(self) -> None:
        """Remove every state."""


def key_name(key: bytes | str) -> str:
    """Return `key` as 64 lower-case hexadecimal digits.

    Raises:
        InputError: `key` is not a digest of 32 bytes.
    """
    if isinstance(key, bytes) and len(key) == 32:
        return key.hex()
    if isinstance(key, str) and len(key) == 64 and not set(key) - set("0123456789abcdef"):
        return key
    raise InputError(f"The state key is {key!r}: give 32 bytes, or the same as 64 lower-case hex digits.")


def check_limits(size_limit: int | None, keep_every: int) -> None:
    """Check the settings of a store.

    Raises:
        InputError: One of them is not positive.
    """
    if size_limit is not None and size_limit <= 0:
        raise InputError(f"The size limit is {size_limit} bytes: give a positive number, or None for no limit.")
    if keep_every < 1:
        raise InputError(f"keep_every is {keep_every}: give 1 frame or more.")


def check_index(index: int) -> None:
    """Check the distance of a frame from the first of its shot.

    Raises:
        InputError: It is negative.
    """
    if index < 0:
        raise InputError(f"The index of a frame in its shot is {index}: give 0 or more.")


def own_copy(tensors: Mapping[str, torch.Tensor]) -> Tensors:
    """Copy `tensors` to the CPU, contiguous, sharing memory with nothing else, not even with each other."""
    return {
        name: tensor.detach().to("cpu", copy=True, memory_format=torch.contiguous_format)
        for name, tensor in tensors.items()
    }


def in_order_of_eviction[T](least_recently_used_first: Iterable[T], is_kept_longer: Callable[[T], bool]) -> Iterator[T]:
    """Yield entries as they are to be evicted: those kept longer come last."""
    kept_longer = []
    for entry in least_recently_used_first:
        if is_kept_longer(entry):
            kept_longer.append(entry)
        else:
            yield entry
    yield from kept_longer
