"""What a process that was killed leaves of a file that it was writing."""

from pathlib import Path

from vcnode.whole_files import TEMPORARY_SUFFIX, remove_file


def remove_leftovers(folder: Path, name: str = "*.safetensors") -> None:
    """Delete the unfinished files of a folder; one that cannot be deleted stays.

    Args:
        folder: Nobody else is writing such files in it now.
        name: Which files they were to become, a pattern as `glob` has it.
    """
    for path in folder.glob(f".{name}.*{TEMPORARY_SUFFIX}"):
        remove_file(path)
