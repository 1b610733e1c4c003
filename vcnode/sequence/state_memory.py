"""A store of states in memory."""

import threading
from collections import OrderedDict
from collections.abc import Mapping

import torch

from vcnode.errors import CacheError
from vcnode.sequence.state_store import (
    EVICT_DOWN_TO,
    CacheInfo,
    Tensors,
    check_index,
    check_limits,
    in_order_of_eviction,
    key_name,
    own_copy,
)


class MemoryStateCache:
    """The same as `StateCache` without a disk: shared by threads, gone with the process.

    Args:
        size_limit: Bytes after which the least recently used states are evicted; None for no limit.
        keep_every: Distance in frames of the states that are evicted last.

    Raises:
        InputError: `size_limit` or `keep_every` is not positive.
    """

    def __init__(self, size_limit: int | None = 2**29, *, keep_every: int = 16) -> None:
        check_limits(size_limit, keep_every)
        self.size_limit = size_limit
        self.keep_every = keep_every
        self._lock = threading.Lock()
        self._entries: OrderedDict[str, tuple[int, Tensors]] = OrderedDict()  # least recently used first
        self._bytes = 0

    def get(self, key: bytes | str) -> Tensors | None:
        """Return a copy of the tensors stored under `key`, or None.

        Raises:
            InputError: `key` is not a digest of 32 bytes.
        """
        name = key_name(key)
        with self._lock:
            if name not in self._entries:
                return None
            self._entries.move_to_end(name)
            _, tensors = self._entries[name]
        return own_copy(tensors)

    def put(self, key: bytes | str, tensors: Mapping[str, torch.Tensor], *, index: int) -> None:
        """Store a copy of `tensors` under `key`; an entry that is already there stays.

        Raises:
            CacheError: One state alone exceeds the limit.
            InputError: `key` is not a digest of 32 bytes or `index` is negative.
        """
        name = key_name(key)
        check_index(index)
        copy = own_copy(tensors)
        size = _size(copy)
        if self.size_limit is not None and size > self.size_limit:
            raise CacheError(
                f"One state takes {size} bytes and the cache in memory is limited to {self.size_limit}: "
                "raise the limit."
            )
        with self._lock:
            if name in self._entries:
                self._entries.move_to_end(name)
                return
            if self.size_limit is not None and self._bytes + size > self.size_limit:
                self._evict(int(self.size_limit * EVICT_DOWN_TO) - size)
            self._entries[name] = (index, copy)
            self._bytes += size

    def __contains__(self, key: bytes | str) -> bool:
        return key_name(key) in self._entries

    def info(self) -> CacheInfo:
        """Say how much is held."""
        with self._lock:
            return CacheInfo(len(self._entries), self._bytes, self.size_limit, None)

    def clear(self) -> None:
        """Remove every state."""
        with self._lock:
            self._entries.clear()
            self._bytes = 0

    def _evict(self, down_to: int) -> None:
        for name in in_order_of_eviction(list(self._entries), self._is_kept_longer):
            if self._bytes <= down_to:
                break
            _, tensors = self._entries.pop(name)
            self._bytes -= _size(tensors)

    def _is_kept_longer(self, name: str) -> bool:
        index, _ = self._entries[name]
        return index % self.keep_every == 0


def _size(tensors: Tensors) -> int:
    return sum(tensor.nbytes for tensor in tensors.values())
