"""`vcnode cache`: the states that are kept on disk."""

import argparse
from pathlib import Path

import platformdirs

from vcnode.cli.parser import Commands, command_parser
from vcnode.errors import CacheError
from vcnode.sequence import StateCache
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
        CacheError: It is no state cache.
    """
    cache = _open(options.cache)
    if cache is None:
        print(f"{default_cache_folder()}: no states")
        return
    info = cache.info()
    print(f"{info.path}: {info.entries} states, {info.bytes / 2**20:.1f} MiB")


def run_clear(options: argparse.Namespace) -> None:
    """Remove the states.

    Raises:
        CacheError: It is no state cache, or some cannot be removed.
    """
    cache = _open(options.cache)
    entries = left = 0
    if cache is not None:
        entries = cache.info().entries
        cache.clear()
        left = cache.info().entries
    path = options.cache or default_cache_folder()
    print(f"{path}: {max(0, entries - left)} states removed")
    if left:
        raise CacheError(f"{left} states in {path} are still there: end what uses them, or check its permissions.")


def _open(folder: Path | None) -> StateCache | None:
    """The cache in a folder; None where the usual one was never made."""
    path = folder or default_cache_folder()
    try:
        if not path.is_dir():
            if folder is None:
                return None
            raise CacheError(f"The folder {path} does not exist: give the folder of a state cache.")
        check_folder(path)  # measuring must not turn some other folder into a cache
    except OSError as error:
        raise CacheError(f"The folder {path} cannot be read ({error.strerror}): check its permissions.") from error
    return StateCache(path)
