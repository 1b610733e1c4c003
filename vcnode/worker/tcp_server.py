"""A worker for all programs of one workstation, over TCP on its loopback address alone."""

import hmac
import ipaddress
import secrets
import socket
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress

from vcnode.errors import InputError
from vcnode.worker.connection import Connection, worker_hello, wrong_version
from vcnode.worker.job_queue import JobQueue
from vcnode.worker.lines import read_lines
from vcnode.worker.protocol import PROTOCOL, Message, ProtocolError, decode_message, encode_message

_PATIENCE = 30.0  # seconds that a client may leave messages lying before it counts as gone
_GREETING_SECONDS = 10.0
_LISTEN_SECONDS = 0.5
_TOKEN_BYTES = 32


def parse_address(text: str) -> tuple[str, int]:
    """Read `127.0.0.1:PORT` or `[::1]:PORT`; port 0 is any free one.

    Raises:
        InputError: It is no address, or one that other machines could reach.
    """
    host, colon, port = text.rpartition(":")
    host = host.removeprefix("[").removesuffix("]")
    if not colon or not (port.isascii() and port.isdigit()) or int(port) > 65535:
        raise InputError(f"{text!r} is no address: give 127.0.0.1:PORT, where port 0 takes any free one.")
    try:
        is_loopback = ipaddress.ip_address("127.0.0.1" if host == "localhost" else host).is_loopback
    except ValueError:
        is_loopback = False
    if not is_loopback:
        raise InputError(
            f"The address {host!r} is not this machine's loopback: give 127.0.0.1 or ::1. A worker is never reachable "
            "from another machine; start one on each."
        )
    return "127.0.0.1" if host == "localhost" else host, int(port)


class TcpServer:
    """Listens for clients that know the token.

    Args:
        address: Loopback address and port, as `parse_address` returns them.
        jobs: Where clients' jobs go.
        idle_seconds: After so long without a client the worker ends; None: never.

    Raises:
        InputError: The port is taken.
    """

    def __init__(self, address: tuple[str, int], jobs: JobQueue, idle_seconds: float | None = None) -> None:
        self.jobs, self.idle_seconds = jobs, idle_seconds
        self.token = secrets.token_hex(_TOKEN_BYTES)
        self._clients, self._is_open = 0, True
        self._last_seen = time.monotonic()
        self._lock = threading.Lock()
        family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
        try:
            self._listener = socket.create_server(address, family=family)
        except OSError as error:
            said = f"{address[0]}:{address[1]} cannot be listened on ({error.strerror}): give another port, or 0."
            raise InputError(said) from error
        self.port: int = self._listener.getsockname()[1]

    def hello(self) -> Message:
        """What a program needs to find the worker; the token is a secret of this user."""
        return {**worker_hello(), "port": self.port, "token": self.token}

    def serve(self) -> None:
        """Run clients' jobs until one of them or `jobs.stop` ends the worker, or nobody has come for long."""
        welcome = threading.Thread(target=self._welcome, name="clients", daemon=True)
        welcome.start()
        try:
            self.jobs.run(self._tick)
        finally:
            self._is_open = False
            welcome.join()
            self._listener.close()

    def _welcome(self) -> None:
        self._listener.settimeout(_LISTEN_SECONDS)  # closing a socket does not wake who listens on it, everywhere
        while self._is_open:
            try:
                client, _ = self._listener.accept()
            except TimeoutError:
                continue
            except OSError:  # who came gave up meanwhile, or there are too many
                time.sleep(_LISTEN_SECONDS)
                continue
            if not self._is_open or self.jobs.is_stopping:  # nobody is greeted by a worker that is ending
                client.close()
                continue
            threading.Thread(target=self._serve, args=(client,), name="client", daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        with client, self._counted(), suppress(OSError):
            stream = _PatientStream(client)
            lines = read_lines(stream.read)
            client.settimeout(_GREETING_SECONDS)
            problem = self._problem_with(next(lines, None))
            if problem is not None:
                client.sendall(encode_message({"type": "error", "problem": problem}))
                return
            stream.is_greeted = True
            client.settimeout(_PATIENCE)
            connection = _SharedConnection(self.jobs, lines, client.sendall, stream.close)
            connection.send(worker_hello())
            connection.serve()

    @contextmanager
    def _counted(self) -> Iterator[None]:
        with self._lock:
            self._clients += 1
        try:
            yield
        finally:
            with self._lock:
                self._clients -= 1
                self._last_seen = time.monotonic()

    def _problem_with(self, greeting: bytes | None) -> str | None:
        try:
            message: Message = {} if greeting is None else decode_message(greeting)  # None: too long, or gone
        except ProtocolError as error:
            return str(error)
        if message.get("type") != "hello":
            return "The first message must be the hello with the worker's token."
        if message.get("protocol") != PROTOCOL:
            return wrong_version(message.get("protocol"))
        token = str(message.get("token", "")).encode("utf-8", "replace")
        if not hmac.compare_digest(token, self.token.encode()):
            return "The token is not this worker's: read it from the worker's first line."
        return None

    def _tick(self) -> None:
        with self._lock:
            is_idle = self.idle_seconds is not None and self._clients == 0 and not self.jobs.has_jobs()
            if not is_idle:
                self._last_seen = time.monotonic()
            elif time.monotonic() - self._last_seen > (self.idle_seconds or 0):
                self.jobs.stop()


class _PatientStream:
    """Reads a socket that has a time limit for sending; a client may be silent for as long as it likes."""

    def __init__(self, client: socket.socket) -> None:
        self._client = client
        self.is_greeted = False

    def read(self, size: int) -> bytes:
        while True:
            try:
                return self._client.recv(size)
            except TimeoutError:
                if not self.is_greeted:
                    raise

    def close(self) -> None:
        with suppress(OSError):
            self._client.shutdown(socket.SHUT_RDWR)  # ends the thread that reads


class _SharedConnection(Connection):
    """A client among others: what it ends is its own."""

    messages: Mapping[str, tuple[str, ...]] = {**Connection.messages, "shutdown": ()}

    def handle(self, kind: str, message: Message) -> bool:
        """Answer a message; `shutdown` ends the worker where nobody else has jobs."""
        if kind != "shutdown":
            return super().handle(kind, message)
        if self.jobs.has_jobs(except_of=self):
            self.complain("Others have jobs here: the worker goes on. Try again later, or quit to leave it to them.")
            return True
        self.jobs.stop()
        return False
