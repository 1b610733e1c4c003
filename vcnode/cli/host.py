"""`vcnode host`: adapters for host programs, copied to where the host looks for them."""

import argparse
from pathlib import Path

from vcnode.cli.parser import Commands, command_parser
from vcnode.hosting import PACKS, install


def add_parser(commands: Commands) -> None:
    """Add the command and its actions."""
    parser = commands.add_parser("host", help="install adapters into host programs")
    actions = parser.add_subparsers(metavar="ACTION", required=True)
    installing = command_parser(
        actions,
        "install",
        "copy an adapter into a host program",
        "Copies an adapter into a host program. An older copy that this command made is replaced, nothing else is.",
    )
    installing.add_argument("host", metavar="HOST", choices=list(PACKS), help=f"one of {', '.join(PACKS)}")
    installing.add_argument("path", metavar="PATH", type=Path, help="where the host program is installed")
    installing.set_defaults(run=run_install)


def run_install(options: argparse.Namespace) -> None:
    """Install an adapter.

    Raises:
        InputError: The path is not the host's, or holds something else of that name.
        MediaError: The files cannot be written.
    """
    done = install(options.host, options.path)
    print(f"{done.folder}: {'replaced' if done.replaced else 'installed'}. {done.afterwards}")
