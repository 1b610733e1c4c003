"""What Foundry's manual forbids, so that breaking it ends a test."""

import threading


class BrokenRule(BaseException):
    """What a real Nuke would answer with a hang, a crash or a wrong picture; no `except Exception` hides it."""


class MainThread:
    """Knows which thread may touch the script."""

    def __init__(self):
        self.thread = threading.current_thread()

    @property
    def here(self):
        return threading.current_thread() is self.thread

    def check(self, what):
        if not self.here:
            raise BrokenRule(f"{what} was called from the thread {threading.current_thread().name}, not the main one")
