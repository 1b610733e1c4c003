"""Copying an adapter into a host."""

import json
import os
import secrets
import shutil
from contextlib import suppress
from pathlib import Path

import vcnode
from vcnode.errors import InputError, MediaError
from vcnode.hosting.packs import PACKS, HostPack, Installed

_NOTE = ".vcnode-host.json"  # marks a folder as ours to replace
_BESIDE = ".disabled"  # hosts pass over folders with this ending, so a half copied one is never loaded


def install(host: str, path: str | Path) -> Installed:
    """Copy an adapter into a host; an older copy is replaced as a whole, anything else is left alone.

    Args:
        host: One of `PACKS`.
        path: Where the host is installed.

    Raises:
        InputError: The host is not known, is not there, or something else has the adapter's name.
        MediaError: The path cannot be read, or the files cannot be written.
    """
    pack = PACKS.get(host)
    if pack is None:
        raise InputError(f"There is no adapter for {host!r} to be installed: give one of {', '.join(PACKS)}.")
    sources = pack.sources()
    try:
        target = pack.place(Path(os.path.expanduser(path))) / pack.folder_name
        replaces = _check_ours(target, sources[0][0], pack)
    except OSError as error:
        raise MediaError(f"{path} cannot be read ({error.strerror or error}): check the permissions.") from error
    staged = target.with_name(f".{target.name}-{secrets.token_hex(4)}{_BESIDE}")
    try:
        _copy(sources, staged, pack)
        _swap(staged, target)
    except OSError as error:
        shutil.rmtree(staged, ignore_errors=True)
        raise MediaError(f"{target} cannot be written ({error.strerror or error}): check the permissions.") from error
    return Installed(target, replaces, pack.afterwards)


def _check_ours(target: Path, source: Path, pack: HostPack) -> bool:
    """Whether an older copy is to be replaced; raises where something else is there."""
    if target.is_symlink() or target.is_junction():
        where = "this checkout" if target.resolve() == source.resolve() else str(target.resolve())
        raise InputError(f"{target} is a link to {where}: remove the link first, if a copy is wanted in its place.")
    if not target.exists():
        return False
    if not target.is_dir() or _host_of(target) != pack.name:
        raise InputError(
            f"{target} was not made by this command: remove it, or update it in the way in which it was installed."
        )
    return True


def _host_of(folder: Path) -> str | None:
    try:
        note = json.loads((folder / _NOTE).read_text("utf-8"))
    except (OSError, ValueError):
        return None
    return note.get("host") if isinstance(note, dict) else None


def _copy(sources: list[tuple[Path, str]], staged: Path, pack: HostPack) -> None:
    left_out = shutil.ignore_patterns("__pycache__", "*.pyc", ".*")
    for source, inside in sources:
        shutil.copytree(source, staged / inside, ignore=left_out, dirs_exist_ok=True)
    note = {"host": pack.name, "version": vcnode.__version__}
    (staged / _NOTE).write_text(json.dumps(note) + "\n", "utf-8")


def _swap(staged: Path, target: Path) -> None:
    """Put the copy in its place; if that fails, what was there is there again."""
    if not target.exists():
        staged.rename(target)
        return
    old = target.with_name(f".{target.name}-{secrets.token_hex(4)}-old{_BESIDE}")
    target.rename(old)
    try:
        staged.rename(target)
    except OSError:
        old.rename(target)
        raise
    with suppress(OSError):  # Windows keeps files that are in use; they do no harm there
        shutil.rmtree(old)
