"""The engine in its own process: for hosts without torch, for one model shared by many programs, for farms."""

from vcnode.worker.job_queue import JobQueue
from vcnode.worker.protocol import MAX_LINE, PROTOCOL
from vcnode.worker.standard_streams import Pipes, take_standard_streams
from vcnode.worker.stdio_server import serve_stdio
from vcnode.worker.tcp_server import TcpServer, parse_address

__all__ = [
    "MAX_LINE",
    "PROTOCOL",
    "JobQueue",
    "Pipes",
    "TcpServer",
    "parse_address",
    "serve_stdio",
    "take_standard_streams",
]
