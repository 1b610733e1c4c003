"""States of finished frames, kept on disk under content-addressed keys.

A key says everything a state depends on (see `vcnode.sequence.chain`). So an entry never goes stale, two
processes that write the same key write the same content, and they need no lock: an entry appears in one
atomic rename. Every entry carries a checksum; a damaged one is dropped and computed again.
"""

import contextlib
import logging
import os
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import torch

from vcnode.errors import CacheError
from vcnode.sequence.state_entry import (
    ENTRY_SUFFIX,
    DamagedEntryError,
    decode_entry,
    encode_entry,
    read_entry_index,
)
from vcnode.sequence.state_folder import check_folder, claim_folder
from vcnode.sequence.state_store import (
    EVICT_DOWN_TO,
    CacheInfo,
    Tensors,
    check_index,
    check_limits,
    in_order_of_eviction,
    key_name,
)
from vcnode.whole_files import TEMPORARY_SUFFIX, remove_file, write_whole

_STALE_SECONDS = 3600  # a temporary file this old belongs to a process that was killed
_RESCAN_PART = 16  # the folder is measured anew after writing 1/16 of the limit: other processes write too

_log = logging.getLogger("vcnode")


class StateCache:
    """States in a folder, shared safely by threads and processes.

    States at every `keep_every`-th frame of a shot are evicted last, so that after a seek few frames are
    replayed. They are also flushed to the device: a killed process loses only the frame in flight, a power
    cut at most `keep_every` frames.

    Storing never stops a render: where the disk is full or goes away, a warning is logged once and states are
    not kept.

    Args:
        path: The folder; created where missing, refused where it holds anything else.
        size_limit: Bytes after which the least recently used states are evicted; None for no limit. Several
            processes on one folder may exceed it by a sixteenth each.
        keep_every: Distance in frames of the states that are evicted last.

    Raises:
        CacheError: The folder cannot be made or written, is no state cache, or has an unknown version.
        InputError: `size_limit` or `keep_every` is not positive.
    """

    def __init__(
        self, path: str | os.PathLike[str], *, size_limit: int | None = 4 * 2**30, keep_every: int = 16
    ) -> None:
        check_limits(size_limit, keep_every)
        self.path = Path(path)
        self.size_limit = size_limit
        self.keep_every = keep_every
        self._lock = threading.Lock()
        self._warned: set[str] = set()
        try:
            claim_folder(self.path)
            self._bytes = sum(entry.size for entry in self._scan())
        except OSError as error:
            raise CacheError(
                f"The state cache folder {self.path} cannot be used ({_reason(error)}): "
                "choose a folder that can be created and written."
            ) from error
        self._bytes_since_scan = 0
        self._bytes_being_written = 0  # by threads that have been given room; a scan does not see them yet

    def get(self, key: bytes | str) -> Tensors | None:
        """Return the tensors stored under `key`, or None; a damaged entry is logged, deleted and missing.

        Raises:
            InputError: `key` is not a digest of 32 bytes.
        """
        name = key_name(key)
        path = self._entry_path(name)
        try:
            data = path.read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            self._warn_once(f"The state cache {self.path} cannot be read ({_reason(error)}): going on without it.")
            return None
        try:
            tensors = decode_entry(name, data)
        except DamagedEntryError as error:
            _log.warning("The cached state %s is damaged (%s): dropped, to be computed again.", path, error)
            remove_file(path)
            return None
        _mark_used(path)
        return tensors

    def put(self, key: bytes | str, tensors: Mapping[str, torch.Tensor], *, index: int) -> None:
        """Store `tensors` under `key`; an entry that is already there stays (same key, same content).

        Args:
            key: The digest.
            tensors: Any shapes and dtypes, on any device; stored contiguous.
            index: Distance in frames from the first frame of the shot, 0 or more.

        Raises:
            InputError: `key` is not a digest of 32 bytes or `index` is negative.
        """
        name = key_name(key)
        check_index(index)
        path = self._entry_path(name)
        if _mark_used(path):
            return
        data = encode_entry(name, tensors, index)
        try:
            if self._make_room(len(data)):
                try:
                    path.parent.mkdir(exist_ok=True)
                    write_whole(path, data, flush_to_device=index % self.keep_every == 0)
                except PermissionError:
                    # Windows does not replace a file that another process has open; it holds the same content already.
                    if not path.exists():
                        raise
                finally:
                    with self._lock:
                        self._bytes_being_written -= len(data)
        except OSError as error:
            self._warn_once(
                f"The state cache {self.path} cannot be written ({_reason(error)}): going on without storing."
            )

    def __contains__(self, key: bytes | str) -> bool:
        """Whether there is an entry; it is not read, so `get` may still find it damaged."""
        return os.path.exists(self._entry_path(key_name(key)))

    def info(self) -> CacheInfo:
        """Measure the folder.

        Raises:
            CacheError: The folder is gone or no longer a state cache.
        """
        entries = self._checked_scan()
        return CacheInfo(len(entries), sum(entry.size for entry in entries), self.size_limit, self.path)

    def clear(self) -> None:
        """Remove every state; other files in the folder are not touched.

        Raises:
            CacheError: The folder is gone or no longer a state cache.
        """
        with self._lock:
            for entry in self._checked_scan():
                remove_file(entry.path)
            self._bytes = self._bytes_since_scan = 0

    def _entry_path(self, name: str) -> Path:
        return self.path / name[:2] / f"{name}{ENTRY_SUFFIX}"

    def _checked_scan(self) -> list["_Entry"]:
        try:
            check_folder(self.path)
            return self._scan()
        except OSError as error:
            raise CacheError(
                f"The state cache folder {self.path} cannot be read ({_reason(error)}): check that it exists."
            ) from error

    def _scan(self) -> list["_Entry"]:
        """List the entries and remove what killed processes left behind."""
        entries = []
        stale_before = time.time_ns() - _STALE_SECONDS * 10**9
        with os.scandir(self.path) as shards:
            shard_paths = [shard.path for shard in shards if len(shard.name) == 2 and shard.is_dir()]
        for shard_path in shard_paths:
            with os.scandir(shard_path) as files:
                for file in files:
                    with contextlib.suppress(FileNotFoundError):  # another process evicts at the same time
                        status = file.stat()
                        if file.name.endswith(ENTRY_SUFFIX):
                            entries.append(_Entry(status.st_mtime_ns, status.st_size, Path(file.path)))
                        elif file.name.endswith(TEMPORARY_SUFFIX) and status.st_mtime_ns < stale_before:
                            remove_file(Path(file.path))
        return entries

    def _make_room(self, size: int) -> bool:
        """Account for `size` bytes to be written and evict what exceeds the limit; False: they do not fit."""
        if self.size_limit is None:
            with self._lock:
                self._bytes_being_written += size
            return True
        if size > self.size_limit:
            self._warn_once(
                f"One state takes {size} bytes and the cache {self.path} is limited to {self.size_limit}: "
                "going on without storing; raise the limit to keep states."
            )
            return False
        with self._lock:
            self._bytes += size
            self._bytes_since_scan += size
            if self._bytes > self.size_limit or self._bytes_since_scan > self.size_limit // _RESCAN_PART:
                self._bytes = self._evict(self.size_limit, size + self._bytes_being_written)
                self._bytes_since_scan = 0
            fits = self._bytes <= self.size_limit
            self._bytes_being_written += size if fits else 0
            return fits

    def _evict(self, size_limit: int, size: int) -> int:
        """Measure the folder, evict where `size` bytes more exceed the limit, return the size to expect."""
        entries = sorted(self._scan(), key=lambda entry: entry.last_used)
        total = size + sum(entry.size for entry in entries)
        if total > size_limit:
            for entry in in_order_of_eviction(entries, self._is_kept_longer):
                if total <= size_limit * EVICT_DOWN_TO:
                    break
                if remove_file(entry.path):
                    total -= entry.size
        return total

    def _is_kept_longer(self, entry: "_Entry") -> bool:
        index = read_entry_index(entry.path)
        return index is not None and index % self.keep_every == 0

    def _warn_once(self, message: str) -> None:
        if message not in self._warned:
            self._warned.add(message)
            _log.warning("%s", message)


@dataclass(frozen=True)
class _Entry:
    last_used: int  # nanoseconds; the modification time, because many systems do not keep access times
    size: int
    path: Path


def _mark_used(path: Path) -> bool:
    """Note the time of use for eviction; False where there is no such file or it cannot be touched."""
    now = time.time_ns()
    try:
        os.utime(path, ns=(now, now))
    except OSError:
        return False
    return True


def _reason(error: OSError) -> str:
    return error.strerror or type(error).__name__
