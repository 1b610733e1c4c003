"""Reading, computing and writing at the same time: on a GPU, each would otherwise wait for the others."""

import queue
import threading
from collections import deque
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from contextlib import suppress
from types import TracebackType
from typing import Self


class _End:
    """Follows the last item."""


def read_ahead[Item](items: Iterator[Item], depth: int) -> Generator[Item]:
    """Yield the items while a thread of its own fetches up to `depth` more; with 0, no thread is used.

    A failure is raised where it happened, after the items before it. Closing the result ends the thread.

    Args:
        items: Anything; used by the thread alone.
        depth: How many items may wait.
    """
    if depth < 1:
        yield from items
        return
    waiting: queue.Queue[Item | _End | BaseException] = queue.Queue(depth)
    closed = threading.Event()

    def offer(item: Item | _End | BaseException) -> bool:
        while not closed.is_set():
            with suppress(queue.Full):
                waiting.put(item, timeout=0.1)
                return True
        return False

    def fetch() -> None:
        try:
            for item in items:
                if not offer(item):
                    return
        except BaseException as error:
            offer(error)
        else:
            offer(_End())

    thread = threading.Thread(target=fetch, name="vcnode reading ahead", daemon=True)
    thread.start()
    try:
        while not isinstance(item := waiting.get(), _End):
            if isinstance(item, BaseException):
                raise item
            yield item
    finally:
        closed.set()
        thread.join()


class WriteBehind:
    """Does work in a thread of its own, in order, while the caller goes on; used with `with`.

    Leaving the block waits for all of it: what was handed over is finished also when an error passes through.

    Args:
        depth: How many pieces of work may wait; with 0, each is done at once.
    """

    def __init__(self, depth: int) -> None:
        self.depth = depth
        self._pending: deque[tuple[Future[None], Callable[[], None]]] = deque()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="vcnode writing") if depth else None
        self._failed = False

    def submit(self, work: Callable[[], None], done: Callable[[], None]) -> None:
        """Hand over work; `done` is called by the caller's thread when it is finished, here or in a later call.

        Raises:
            Exception: What this or earlier work raised; later work is not done then.
        """
        if self._thread is None:
            work()
            done()
            return
        self._pending.append((self._thread.submit(self._do, work), done))
        while self._pending and (len(self._pending) > self.depth or self._pending[0][0].done()):
            self._settle()

    def _do(self, work: Callable[[], None]) -> None:
        """Runs in the thread: after a failure, nothing more."""
        if self._failed:
            raise CancelledError
        self._failed = True
        work()
        self._failed = False

    def _settle(self) -> None:
        future, done = self._pending.popleft()
        future.result()
        done()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._thread is None:
            return
        try:
            while self._pending:
                self._settle()
        except Exception:
            if error is None:
                raise
        finally:
            self._thread.shutdown()
