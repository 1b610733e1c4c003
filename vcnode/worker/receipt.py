"""A note beside a job's frames of what they were made from, so that the same job finds them and no other takes them."""

import hashlib
import json
import logging
import re
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from vcnode import __version__
from vcnode.errors import MediaError
from vcnode.media.sequence_pattern import is_pattern, parse_pattern
from vcnode.whole_files import write_whole
from vcnode.worker.request import JobRequest

_log = logging.getLogger("vcnode")


@dataclass(frozen=True)
class Receipt:
    """What a stretch of frames is made from.

    Attributes:
        clip: The name that the job gave.
        first: Number of the first frame.
        last: Number of the last frame.
        digest: Of the job and its inputs; empty where another job has written some of the frames since.
        finished: Whether all frames were written.
        confidence: Their mean, 0..1, where known.
        weak_frames: Numbers of frames where a reference would help.
    """

    clip: str
    first: int
    last: int
    digest: str
    finished: bool = False
    confidence: float | None = None
    weak_frames: tuple[int, ...] = ()

    def overlaps(self, other: "Receipt") -> bool:
        """Whether frames belong to both."""
        return self.first <= other.last and other.first <= self.last


def job_digest(request: JobRequest, files: Iterable[Path]) -> str:
    """Digest what the frames depend on: the job by value, its inputs by size and time.

    Args:
        request: The job; its name, its cache and the permission to overwrite do not count.
        files: All inputs, weights included.

    Raises:
        MediaError: An input has gone.
    """
    meant = replace(request, clip="", overwrite=False, cache=None)
    digest = hashlib.sha256(f"{__version__} {meant!r}".encode("utf-8", "surrogateescape"))
    for file in files:
        try:
            status = file.stat()
        except OSError as error:
            raise MediaError(f"{file} cannot be read ({error.strerror}): check the file.") from error
        digest.update(f"{file} {status.st_size} {status.st_mtime_ns}\n".encode("utf-8", "surrogateescape"))
    return digest.hexdigest()


def read_receipts(target: Path) -> list[Receipt]:
    """Read the notes of a target; those that cannot be read do not count."""
    prefix, suffix = _name(target)
    note = re.compile(f"{re.escape(prefix)}[0-9]+-[0-9]+{re.escape(suffix)}")
    try:
        names = sorted(path.name for path in target.parent.iterdir())
    except OSError:
        return []
    found = [_read(target.parent / name) for name in names if note.fullmatch(name)]
    return [receipt for receipt in found if receipt is not None]


def write_receipt(target: Path, receipt: Receipt) -> None:
    """Write the note; those of other stretches that share frames with this one no longer vouch for them.

    Where the disk refuses, frames are as good without: the next run makes them again.
    """
    for other in read_receipts(target):
        if other.overlaps(receipt) and other.digest and other.digest != receipt.digest:
            _write(target, replace(other, digest=""))
    _write(target, receipt)


def _write(target: Path, receipt: Receipt) -> None:
    prefix, suffix = _name(target)
    path = target.with_name(f"{prefix}{receipt.first}-{receipt.last}{suffix}")
    try:
        write_whole(path, json.dumps(asdict(receipt)).encode("utf-8"), flush_to_device=False)
    except OSError as error:
        _log.warning("%s cannot be written (%s): its frames cannot be taken up later.", path, error.strerror)


def _read(path: Path) -> Receipt | None:
    try:
        note = json.loads(path.read_text("utf-8"))
        return Receipt(**{**note, "weak_frames": tuple(note["weak_frames"])})
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _name(target: Path) -> tuple[str, str]:
    """How the names of a target's notes begin and end, around the numbers: as its frames do, but hidden."""
    if not is_pattern(target):
        return f".{target.stem}.", f"{target.suffix}.vcnode.json"
    pattern = parse_pattern(target)
    return f".{pattern.prefix}", f"{pattern.suffix}.vcnode.json"
