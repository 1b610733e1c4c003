"""One file over http(s): resumed where the server allows it, complete or absent under its name."""

import errno
import http.client
import shutil
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from email.message import Message
from pathlib import Path
from typing import Any

from vcnode.errors import ModelError
from vcnode.whole_files import put_in_place, remove_file

Progress = Callable[[int, int | None], None]
"""Called with (bytes done, bytes in total or None); may raise to stop, the part fetched so far is kept."""

CHUNK = 1 << 20  # bytes
TIMEOUT = 30.0  # seconds without a byte


def fetch(url: str, target: Path, *, progress: Progress | None = None) -> Path:
    """Fetches a file; what an interrupted call got waits in ``target.part`` and is continued by the next one.

    Proxies are taken from the environment, as urllib does.

    Args:
        url: http or https address.
        target: Where to put the file; its folder is made.
        progress: Told after every chunk.

    Raises:
        ModelError: No network, not found, refused, interrupted, or too little disk space.
    """
    part, tag = target.with_name(f"{target.name}.part"), target.with_name(f"{target.name}.tag")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with _open(url, part, tag) as response:
            done = _position(response)
            total = _total(response, done)
            _check_room(target.parent, done, total)
            _remember(response.headers, tag)
            _receive(_chunks(url, response), part, done, total, progress)
        if total is not None and part.stat().st_size != total:
            raise _broken(url, f"the connection ended after {part.stat().st_size} of {total} bytes")
        put_in_place(part, target)
        remove_file(tag)
    except OSError as error:
        reason = "the disk is full" if error.errno == errno.ENOSPC else error.strerror or error
        raise ModelError(f"{part} cannot be written: {reason}; make room or choose another folder.") from error
    return target


def _open(url: str, part: Path, tag: Path) -> Any:
    done = part.stat().st_size if part.is_file() and tag.is_file() else 0
    headers = {"User-Agent": "vcnode", "Accept-Encoding": "identity"}
    if done:
        # If-Range: the server sends the rest only if the file is still the one that the first part came from.
        headers |= {"Range": f"bytes={done}-", "If-Range": tag.read_text(encoding="utf-8")}
    try:
        response = urllib.request.urlopen(urllib.request.Request(url, headers=headers), timeout=TIMEOUT)
    except urllib.error.HTTPError as error:
        error.close()
        if error.code == 416 and done:  # "range not satisfiable": what lies here does not fit the server's file
            part.unlink()
            return _open(url, part, tag)
        told = "does not have it (404)" if error.code == 404 else f"answered {error.code} {error.reason}"
        raise ModelError(f"The server of {url} {told}: check the address, or give a local file.") from error
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise _broken(url, getattr(error, "reason", error)) from error
    if url.lower().startswith("https:") and not response.url.lower().startswith("https:"):
        response.close()
        raise ModelError(f"{url} leads to {response.url}, which is not encrypted: give another mirror or a local file.")
    return response


def _broken(url: str, reason: object) -> ModelError:
    return ModelError(
        f"{url} cannot be fetched ({reason}): check the network and run the command again to continue, or "
        "give a file fetched on another machine."
    )


def _position(response: Any) -> int:
    """Returns the offset of the first byte that the server sends: not 0 only where it continues a file."""
    start = response.headers.get("Content-Range", "").removeprefix("bytes ").partition("-")[0]
    return int(start) if response.status == 206 and start.isdecimal() else 0


def _total(response: Any, done: int) -> int | None:
    length = response.headers.get("Content-Length", "")
    return done + int(length) if length.isdecimal() else None


def _check_room(folder: Path, done: int, total: int | None) -> None:
    free = shutil.disk_usage(folder).free
    if total is not None and total - done > free:
        raise ModelError(
            f"The download needs {(total - done) / 1e6:.0f} MB in {folder}, where {free / 1e6:.0f} MB are "
            "free: make room or set VCNODE_MODELS to another folder."
        )


def _remember(headers: Message, tag: Path) -> None:
    validator = headers.get("ETag") or headers.get("Last-Modified") or ""
    if validator and not validator.startswith("W/"):  # a weak tag does not promise the same bytes
        tag.write_text(validator, encoding="utf-8")
    else:
        tag.unlink(missing_ok=True)


def _chunks(url: str, response: Any) -> Iterator[bytes]:
    try:
        while chunk := response.read(CHUNK):
            yield chunk
    except (OSError, http.client.HTTPException) as error:
        raise _broken(url, error) from error


def _receive(chunks: Iterator[bytes], part: Path, done: int, total: int | None, progress: Progress | None) -> None:
    with open(part, "r+b" if done else "wb") as sink:
        sink.seek(done)
        for chunk in chunks:
            sink.write(chunk)
            done += len(chunk)
            if progress is not None:
                progress(done, total)
