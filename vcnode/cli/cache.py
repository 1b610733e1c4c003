"""`vcnode cache`: the states that are kept on disk."""

import argparse
from contextlib import suppress
from pathlib import Path

import platformdirs

from vcnode.cli.parser import Commands, command_parser
from vcnode.counted import counted
from vcnode.errors import CacheError
from vcnode.sequence import StateCache
from vcnode.sequence.state_entry import ENTRY_SUFFIX
from vcnode.sequence.state_folder import check_folder


def default_cache_folder() -> Path:
    """Where states are kept when nobody says otherwise: the system's place for what can be made again."""
    return Path(platformdirs.user_cache_dir("vcnode", appauthor=False)) / "states"


def add_parser(commands: Commands) -> None:
    """Add the command and its actions."""
    parser = commands.add_parser("cache", help="measure or empty a folder of states")
    actions = parser.add_subparsers(metavar="ACTION", required=True)
    for name, summary, run in (
        ("info", "say how many states are kept and how much space they take", run_info),
        ("clear", "remove all states", run_clear),
    ):
        action = command_parser(actions, name, summary)
        action.add_argument("--cache", type=Path, metavar="DIR", help=f"the folder ({default_cache_folder()})")
        action.set_defaults(run=run)


def run_info(options: argparse.Namespace) -> None:
    """Print what the folder holds.

    Raises:
        CacheError: It is no state cache, or cannot be read.
    """
    folder = _folder(options)
    sizes = _sizes(folder) if _is_there(folder) else []
    size = f", {sum(sizes) / 2**20:.1f} MiB" if sizes else ""
    print(f"{folder}: {counted(len(sizes), 'state') if sizes else 'no states'}{size}")


def run_clear(options: argparse.Namespace) -> None:
    """Remove the states.

    Raises:
        CacheError: It is no state cache, or some cannot be removed.
    """
    folder = _folder(options)
    entries = left = 0
    if _is_there(folder):
        entries = len(_sizes(folder))
        StateCache(folder).clear()
        left = len(_sizes(folder))
    print(f"{folder}: {counted(max(0, entries - left), 'state')} removed")
    if left:
        said = f"{counted(left, 'state')} in {folder} {'is' if left == 1 else 'are'} still there"
        raise CacheError(f"{said}: end what uses them, or check its permissions.")


def _folder(options: argparse.Namespace) -> Path:
    return options.cache or default_cache_folder()


def _is_there(folder: Path) -> bool:
    """Whether there is a cache; a folder that was never made is an empty one."""
    try:
        if not folder.exists():
            return False
        if not folder.is_dir():
            raise CacheError(f"{folder} is no folder: give the folder of a state cache.")
        check_folder(folder)  # measuring must not turn some other folder into a cache
    except OSError as error:
        raise _unreadable(folder, error) from error
    return True


def _sizes(folder: Path) -> list[int]:
    """Bytes of each state; looking at them takes no permission to write, as opening the cache does."""
    sizes = []
    try:
        for part in (each for each in folder.iterdir() if len(each.name) == 2 and each.is_dir()):
            for entry in (each for each in part.iterdir() if each.name.endswith(ENTRY_SUFFIX)):
                with suppress(FileNotFoundError):  # another process evicts at the same time
                    sizes.append(entry.stat().st_size)
    except OSError as error:
        raise _unreadable(folder, error) from error
    return sizes


def _unreadable(folder: Path, error: OSError) -> CacheError:
    return CacheError(f"The folder {folder} cannot be read ({error.strerror}): check its permissions.")
