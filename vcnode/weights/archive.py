"""Takes named members out of a zip file, and nothing else."""

import os
import shutil
import zipfile
from collections.abc import Iterable
from fnmatch import fnmatchcase
from pathlib import Path, PureWindowsPath

from vcnode.errors import ModelError

MEMBER_LIMIT = 4 << 30  # bytes; far above any file vcnode asks for, far below what a zip bomb unfolds to


def extract_members(archive: str | os.PathLike[str], patterns: Iterable[str], directory: Path) -> list[Path]:
    """Writes the members whose file name fits one of the patterns into a folder.

    Each is written under its bare file name: folders inside the archive do not matter. Other members are left
    out, and checksums are verified. An archive with any name that leads out of its own folder is refused as a
    whole.

    Returns:
        The files written.

    Raises:
        ModelError: The archive is damaged, encrypted or unsafe, or the disk has too little room.
    """
    archive = Path(archive)
    patterns = tuple(patterns)
    try:
        with zipfile.ZipFile(archive) as opened:
            members = [member for member in opened.infolist() if not member.is_dir()]
            _refuse_unsafe(archive, members)
            wanted = [member for member in members if _fits(_file_name(member), patterns)]
            _check_wanted(archive, wanted, directory)
            return [_extract(opened, member, directory) for member in wanted]
    except ModelError:
        raise
    except Exception as error:  # damaged archives make zipfile and its decompressors raise nearly anything
        raise ModelError(
            f"The archive {archive} cannot be unpacked to {directory} ({error}), it may be damaged or "
            "encrypted: fetch it again."
        ) from error


def _file_name(member: zipfile.ZipInfo) -> str:
    return PureWindowsPath(member.filename).name  # knows both separators, on every system


def _fits(name: str, patterns: tuple[str, ...]) -> bool:
    return any(fnmatchcase(name, pattern) for pattern in patterns)


def _refuse_unsafe(archive: Path, members: list[zipfile.ZipInfo]) -> None:
    for member in members:
        # A colon is a drive letter or, on NTFS, a hidden second stream of a file.
        path = PureWindowsPath(member.filename)
        if path.anchor or ".." in path.parts or ":" in member.filename:
            raise ModelError(
                f"The archive {archive} is refused: its member {member.filename!r} would be written outside its folder."
            )


def _check_wanted(archive: Path, members: list[zipfile.ZipInfo], directory: Path) -> None:
    names = [_file_name(member) for member in members]
    repeated = next((name for name in names if names.count(name) > 1), None)
    if repeated is not None:
        raise ModelError(f"The archive {archive} holds {repeated} more than once: keep one in it.")
    for member in members:
        if member.file_size > MEMBER_LIMIT:
            raise ModelError(
                f"The archive {archive} is refused: {member.filename!r} would take {member.file_size} bytes, "
                f"{MEMBER_LIMIT} are allowed."
            )
    needed = sum(member.file_size for member in members)
    free = shutil.disk_usage(directory).free
    if needed > free:
        raise ModelError(
            f"Unpacking {archive} needs {needed / 1e6:.0f} MB in {directory}, where {free / 1e6:.0f} MB are "
            "free: make room or set VCNODE_MODELS to another folder."
        )


def _extract(opened: zipfile.ZipFile, member: zipfile.ZipInfo, directory: Path) -> Path:
    target = directory / _file_name(member)
    # zipfile stops at the size that the member declares and checks its CRC: a bomb cannot exceed the limit.
    with opened.open(member) as source, open(target, "xb") as sink:
        shutil.copyfileobj(source, sink, 1 << 20)
    return target
