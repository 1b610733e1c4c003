"""`vcnode worker`: the engine for a host program, over pipes or this machine's loopback."""

import argparse
import signal
from types import FrameType

from vcnode.cli.parser import Commands, UsageError, command_parser
from vcnode.errors import InputError
from vcnode.stop_signals import STOP_SIGNALS
from vcnode.worker import JobQueue, TcpServer, parse_address, serve_stdio, take_standard_streams
from vcnode.worker.protocol import encode_message


def add_parser(commands: Commands) -> None:
    """Add the command and its options."""
    parser = command_parser(
        commands,
        "worker",
        "colour image sequences for a host program that started this one",
        "Waits for jobs, one JSON object a line on stdin, and answers on stdout; docs/worker.md says how. A model "
        "stays loaded from job to job. Ends with its host.",
    )
    parser.add_argument(
        "--tcp",
        metavar="127.0.0.1:PORT",
        help="serve several programs of this machine: listen there (port 0: any free one) and print port and token",
    )
    parser.add_argument(
        "--idle-minutes", type=float, metavar="N", help="with --tcp: end when no program has been connected for so long"
    )
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Serve until the clients are gone.

    Raises:
        UsageError: An address that is not loopback's, or options that do not go together.
        InputError: The port is taken, or there are no pipes.
    """
    try:
        address = None if options.tcp is None else parse_address(options.tcp)
    except InputError as error:
        raise UsageError(str(error).rstrip(".")) from error
    if options.idle_minutes is not None and (address is None or options.idle_minutes <= 0):
        raise UsageError("--idle-minutes goes with --tcp and is above 0")
    pipes = take_standard_streams()
    jobs = JobQueue()
    received: list[int] = []

    def stop(number: int, frame: FrameType | None) -> None:
        received.append(number)
        jobs.stop()

    for number in STOP_SIGNALS:
        signal.signal(number, stop)
    if address is None:
        serve_stdio(pipes, jobs)
    else:
        server = TcpServer(address, jobs, None if options.idle_minutes is None else 60 * options.idle_minutes)
        pipes.write(encode_message(server.hello()))
        server.serve()
    return 128 + received[0] if received else 0
