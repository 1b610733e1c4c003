"""Flows computed once and kept on disk: a training run sees the same pairs of frames many times."""

import hashlib
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import torch
from torch import Tensor

from vcnode.sequence import StateCache
from vcnode.training.optical_flow import FlowEstimator, check_frames

_VERSION = b"vcnode flow 1"
_INDEX = 1  # flows are all alike: none is evicted last, none is flushed to the device at once


@dataclass(frozen=True)
class CachedFlow:
    """An estimator that looks up flows before it computes them.

    An entry's key is a digest of the two frames and of the estimator's identity, so it never goes stale; it is
    written in one atomic rename, carries a checksum, and a damaged one is dropped and computed again. Threads,
    processes and data-loader workers may share the folder. Flows are rounded to half precision (a 16th of a pixel at
    64 to 128 pixels) whether they come from the disk or not, so the cache never changes a result.

    Attributes:
        estimator: What computes the flows that are missing.
        folder: Created where missing; refused where it holds anything else.
        size_limit: Bytes after which the least recently used flows are deleted; None for no limit. A flow of 384x216
            pixels takes 0.33 MB.

    Raises:
        CacheError: When first used: the folder cannot be made or written, or is not a cache.
        InputError: When first used: the size limit is not positive.
    """

    estimator: FlowEstimator
    folder: Path
    size_limit: int | None = 16 * 2**30

    @property
    def identity(self) -> str:
        """The estimator's, and the rounding."""
        return f"{self.estimator.identity}, in half precision"

    def __call__(self, first: Tensor, second: Tensor) -> Tensor:
        """See `vcnode.training.optical_flow.estimate_flow`.

        Raises:
            InputError: As there.
        """
        check_frames(first, second)
        pairs = zip(first, second, strict=True)
        return torch.cat([self._flow(before[None], after[None]) for before, after in pairs])

    def _flow(self, first: Tensor, second: Tensor) -> Tensor:
        key = self._key(first, second)
        entry = self._store.get(key)
        if entry is None:
            entry = {"flow": self.estimator(first, second).half()}
            self._store.put(key, entry, index=_INDEX)
        return entry["flow"].to(first.device, torch.float32)

    def _key(self, first: Tensor, second: Tensor) -> bytes:
        key = hashlib.sha256(_VERSION)
        for part in (self.identity.encode(), repr(tuple(first.shape)).encode(), _content(first), _content(second)):
            key.update(len(part).to_bytes(8, "little"))
            key.update(part)
        return key.digest()

    @cached_property
    def _store(self) -> StateCache:
        return StateCache(self.folder, size_limit=self.size_limit)

    def __getstate__(self) -> dict[str, object]:
        """Without the open store: a worker process opens its own."""
        return {"estimator": self.estimator, "folder": self.folder, "size_limit": self.size_limit}


def kept(estimator: FlowEstimator, folder: Path | None) -> FlowEstimator:
    """The estimator, with its flows kept in a folder where one is given."""
    return estimator if folder is None else CachedFlow(estimator, folder)


def _content(frame: Tensor) -> bytes:
    return frame.detach().cpu().float().contiguous().numpy().tobytes()
