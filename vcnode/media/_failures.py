"""What went wrong with a file, in the user's words."""

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from av.error import FFmpegError, InvalidDataError

from vcnode.errors import MediaError

_REASONS = {
    errno.ENOENT: "the file or its folder does not exist",
    errno.EACCES: "this user may not access it",
    errno.EPERM: "this user may not access it",
    errno.EROFS: "the disk is read-only",
    errno.ENOSPC: "there is no space left on the disk; free some and start again",
    errno.EDQUOT: "the disk quota is used up; free some space and start again",
    errno.EFBIG: "the disk does not take files of this size",
    errno.EISDIR: "it is a folder",
    errno.ENOTDIR: "a part of its path is not a folder",
    errno.EIO: "the disk reports an input/output error",
}
_SHARING_VIOLATIONS = (32, 33)  # Windows counts them among what this user may not access


def reason(error: BaseException) -> str:
    """Say in a few words why the system or FFmpeg refused."""
    if isinstance(error, InvalidDataError):
        return "its data are damaged or of another kind than the name says"
    if getattr(error, "winerror", None) in _SHARING_VIOLATIONS:
        return "another program has it open"
    number = getattr(error, "errno", None)
    if number in _REASONS:
        return _REASONS[number]
    if isinstance(error, OSError | FFmpegError) and error.strerror:
        return error.strerror
    return str(error) or type(error).__name__


@contextmanager
def explained(action: str, path: Path | str, hint: str = "") -> Iterator[None]:
    """Turn system and FFmpeg errors inside the block into one sentence.

    Args:
        action: What was being done, as in "cannot ACTION PATH: REASON".
        path: The file concerned.
        hint: Added in parentheses after the reason.

    Raises:
        MediaError: In place of any `OSError` or FFmpeg error.
    """
    try:
        yield
    except (OSError, FFmpegError) as error:
        tail = f" ({hint})" if hint else ""
        raise MediaError(f"cannot {action} {path}: {reason(error)}{tail}") from error
