"""The command line: `vcnode colorize`, `vcnode models`, `vcnode cache` and what else lies in this folder."""

import importlib
import sys
from collections.abc import Sequence

from vcnode import __version__
from vcnode.cli.allocation import keep_freed_memory
from vcnode.cli.failures import report_failure
from vcnode.cli.messages import messages_on_stderr, tolerant_streams
from vcnode.cli.parser import Commands, Parser, UsageError

_COMMANDS = ("colorize", "demo", "models", "cache", "train", "evaluate", "bench", "host", "worker", "farm")


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command.

    Args:
        argv: Arguments; those of the process by default.

    Returns:
        The exit code: 0 done, 2 wrong usage, 130 or 143 stopped by a signal, 1 any other failure.
    """
    tolerant_streams()
    keep_freed_memory()
    try:
        return _run(sys.argv[1:] if argv is None else argv)
    except (Exception, KeyboardInterrupt) as error:  # while libraries are being imported
        return report_failure(error, as_json=False, debug=False)


def _run(arguments: Sequence[str]) -> int:
    parser, commands = _parsers(arguments)
    try:
        options = parser.parse_args(arguments)
    except UsageError as error:
        return report_failure(error, as_json=_asks_for_json(arguments, commands), debug=False)
    except SystemExit as finished:  # --help and --version
        return int(finished.code or 0)
    as_json, debug = bool(getattr(options, "json", False)), bool(getattr(options, "debug", False))
    with messages_on_stderr(quiet=bool(getattr(options, "quiet", False)), debug=debug):
        try:
            return int(options.run(options) or 0)
        except (Exception, KeyboardInterrupt) as error:
            return report_failure(error, as_json=as_json, debug=debug)


def _parsers(arguments: Sequence[str]) -> tuple[Parser, Commands]:
    """Only the command that is meant is imported: the others' libraries cost memory and a moment."""
    parser = Parser(prog="vcnode", description="Colours black-and-white video after reference images.")
    parser.add_argument("--version", action="version", version=f"vcnode {__version__}")
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    for name in arguments[:1] if arguments and arguments[0] in _COMMANDS else _COMMANDS:
        importlib.import_module(f"vcnode.cli.{name}").add_parser(commands)
    return parser, commands


def _asks_for_json(arguments: Sequence[str], commands: Commands) -> bool:
    """Whether arguments that could not be parsed ask for failures as JSON; to some commands `--json` names a file."""
    command = commands.choices.get(arguments[0]) if arguments else None
    return "--json" in arguments and (command is None or command.get_default("json") is not None)
