"""Gets a known model onto this machine, when asked: from its address, a mirror, or files at hand."""

import errno
import os
import shutil
import tempfile
from collections.abc import Callable, Mapping
from fnmatch import fnmatchcase
from pathlib import Path

from vcnode.errors import InputError, ModelError
from vcnode.weights.archive import extract_members
from vcnode.weights.checkpoints import Shapes
from vcnode.weights.convert import find_parts, import_checkpoints
from vcnode.weights.directories import user_models_directory
from vcnode.weights.fetch import Progress, fetch
from vcnode.weights.files import check_file, read_metadata
from vcnode.weights.locate import locate
from vcnode.weights.registry import RegistryEntry, lookup
from vcnode.whole_files import replacing


def get(
    name: str,
    *,
    source: str | os.PathLike[str] | None = None,
    expected: Mapping[str, Shapes] | None = None,
    progress: Progress | None = None,
    on_file: Callable[[Path], None] = lambda path: None,
    replace: bool = False,
    registry: Mapping[str, RegistryEntry] | None = None,
) -> Path:
    """Installs a known model into the user's models folder and returns its weights file.

    This is the only function of vcnode that uses the network, and only when called. A model that is here
    already is left alone, unless ``source`` or ``replace`` is given.

    Args:
        name: Registry name.
        source: None for the registry's address; an ``http(s)://`` folder that mirrors its files; or a local
            file, zip or folder with them, for machines without internet.
        expected: Keys and shapes of the model's parts (see ``import_checkpoints``); needed where its files
            are converted.
        progress: Called with (bytes done, total or None) for each file that is fetched.
        on_file: Called with each file that is converted, by its path in the folder or zip, since those of a folder are
            looked for anywhere below it.
        replace: Get it again although it is here.
        registry: Known models, the shipped registry by default.

    Raises:
        ModelError: Unknown name, no network, not found, wrong hash, damaged, unsafe, or no space; nothing is
            installed then, and a partial download is continued by the next call.
        InputError: ``source`` is an address of another kind, or ``expected`` is missing.
    """
    entry = lookup(name, registry)
    if source is None and not replace and (present := locate(entry)) is not None:
        return present
    if not entry.is_single_file and expected is None:
        raise InputError(
            f"The model '{name}' is converted when it is installed: give the expected shapes of its parts."
        )
    mirror = source if isinstance(source, str) and "://" in source else None
    if mirror is not None and not mirror.lower().startswith(("http://", "https://")):
        raise InputError(f"The source {source!r} is neither an http(s) address nor a local path: give one of these.")
    folder = user_models_directory()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if source is not None and mirror is None:
            return _install_from(Path(os.path.expanduser(source)), entry, expected, folder, on_file)
        return _download_and_install(entry, mirror, expected, folder, progress, on_file)
    except OSError as error:
        reason = "the disk is full" if error.errno == errno.ENOSPC else error.strerror or error
        raise ModelError(
            f"The model '{name}' cannot be installed in {folder}: {reason}; set VCNODE_MODELS to choose another folder."
        ) from error


def _download_and_install(
    entry: RegistryEntry,
    mirror: str | None,
    expected: Mapping[str, Shapes] | None,
    folder: Path,
    progress: Progress | None,
    on_file: Callable[[Path], None],
) -> Path:
    downloads = folder / "downloads" / entry.name
    _fetch_all(entry, mirror, downloads, progress)
    try:
        installed = _install_from(downloads, entry, expected, folder, on_file)
    except ModelError:
        shutil.rmtree(downloads, ignore_errors=True)  # what does not fit once will not fit the next time
        raise
    shutil.rmtree(downloads, ignore_errors=True)
    return installed


def _fetch_all(entry: RegistryEntry, mirror: str | None, downloads: Path, progress: Progress | None) -> None:
    addresses = {file.download_name: file.url for file in entry.files}
    for download_name, url in addresses.items():
        address = f"{mirror.rstrip('/')}/{download_name}" if mirror is not None else url
        if address is None:
            raise ModelError(
                f"The registry knows no address for {download_name} of '{entry.name}': give the file itself "
                "or a mirror."
            )
        if not (downloads / download_name).is_file():  # an earlier call may have got this far
            fetch(address, downloads / download_name, progress=progress)


def _install_from(
    source: Path,
    entry: RegistryEntry,
    expected: Mapping[str, Shapes] | None,
    folder: Path,
    on_file: Callable[[Path], None],
) -> Path:
    with tempfile.TemporaryDirectory(dir=folder, prefix=".unpacked-") as unpacked:
        found = _unpack(source, entry, Path(unpacked))
        if expected is not None and not entry.is_single_file:
            target = folder / entry.weights_name
            return import_checkpoints(found, target, expected=expected, entry=entry, on_file=on_file)
        return _copy(found, entry, folder / entry.weights_name)


def _unpack(source: Path, entry: RegistryEntry, unpacked: Path) -> Path:
    """Returns what holds the entry's files: a folder, or the single file that was given."""
    if not source.exists():
        raise ModelError(f"{source} does not exist: give the file, zip or folder with the files of '{entry.name}'.")
    patterns = [file.name for file in entry.files]
    if source.is_file():
        if source.suffix.lower() != ".zip":
            if entry.is_single_file:
                return source
            if not any(fnmatchcase(source.name, pattern) for pattern in patterns):
                raise ModelError(
                    f"{source} is none of the files of '{entry.name}': give one called {', '.join(patterns)}, or the "
                    "zip or folder that holds them."
                )
            return source.parent  # with the others
        extract_members(source, patterns, unpacked)
        return unpacked
    if entry.archive is not None and (source / entry.archive).is_file():
        extract_members(source / entry.archive, patterns, unpacked)
        return unpacked
    return source


def _copy(found: Path, entry: RegistryEntry, target: Path) -> Path:
    file = entry.files[0]
    path = found if found.is_file() else find_parts(found, entry.files)[file]
    check_file(path, size=file.size, sha256=file.sha256)
    read_metadata(path)  # refuses what is not safetensors
    target.parent.mkdir(parents=True, exist_ok=True)
    with replacing(target, flush_to_device=True) as unfinished:
        shutil.copyfile(path, unfinished)
    return target
