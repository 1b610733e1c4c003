"""What the commands' options have in common."""

import argparse
from typing import Any, NoReturn

type Commands = Any  # argparse keeps the type of its list of commands to itself


class UsageError(Exception):
    """Options that do not go together or are not known."""


class Parser(argparse.ArgumentParser):
    """Raises instead of ending the process, so that wrong usage is reported like any other failure."""

    def error(self, message: str) -> NoReturn:
        """Refuse the arguments.

        Raises:
            UsageError: Always.
        """
        raise UsageError(f"{message.removesuffix('.')}; `{self.prog} --help` lists what can be given.")


def command_parser(commands: Commands, name: str, summary: str, description: str | None = None) -> Parser:
    """Add a command with the options that all have."""
    parser: Parser = commands.add_parser(name, help=summary, description=description or f"{summary}.")
    parser.add_argument("--debug", action="store_true", help="show where in the program a failure happened")
    return parser
