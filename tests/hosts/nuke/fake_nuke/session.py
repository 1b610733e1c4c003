"""One Nuke that is running: its script, what a test steers, and what happened."""

import contextlib
import queue
import re
import sys
import time

from .api import make_module
from .nodes import Root
from .rules import MainThread


class Session:
    """What tests steer and look at.

    Attributes:
        gui: Whether there is a user.
        pictures: By node, a function of frame and view that gives its picture: a synthetic source.
        ranges: By node, first and last frame of such a source.
        color_spaces: By OCIO name, a matrix to a common space.
        answer: What a user answers when asked.
        cancel_render_at: Frame at which the user stops a render.
        cancel_progress: Asked by progress bars whether the user has pressed Cancel.
        frame_fails: Asked before a frame is written; may raise, or give True for a frame that is silently not written.
        messages: Boxes that were shown.
        printed: Lines in the terminal.
        written: Files that Writes have written.
        bars: Progress bars that were made.
    """

    def __init__(self, gui):
        self.gui, self.main, self.calls = gui, MainThread(), queue.Queue()
        self.pictures, self.ranges, self.color_spaces = {}, {}, {}
        self.view, self.views, self.current_frame = "main", ["main"], 1
        self.answer, self.cancel_render_at = True, None
        self.cancel_progress, self.frame_fails = (lambda bar: False), (lambda path, frame: False)
        self.messages, self.printed, self.written, self.bars, self.menus = [], [], [], [], []
        self.plugin_paths, self.groups, self.context, self.script = [], [], [], ""
        self.undo_off, self.depth = 0, 0
        self.root = Root(self)
        self.module = make_module(self)

    @property
    def group(self):
        return self.groups[-1] if self.groups else self.root

    def clear(self):
        self.root, self.pictures, self.ranges, self.script = Root(self), {}, {}, ""

    def free_name(self, name, parent, node):
        taken = {each._name for each in parent._nodes if each is not node}
        while name in taken:
            stem, digits = re.match(r"(.*?)(\d*)$", name).groups()
            name = f"{stem}{int(digits or 0) + 1}"
        return name

    def run_script(self, node, knob, code):
        """As Nuke runs a button or a callback."""
        self.context.append((node, knob))
        try:
            exec(code, {"nuke": self.module})
        finally:
            self.context.pop()

    def knob_changed(self, node, knob):
        if self.gui and node._knobs["knobChanged"]._value and self.depth < 20:
            self.depth += 1
            try:
                self.run_script(node, knob, node._knobs["knobChanged"]._value)
            finally:
                self.depth -= 1

    def process(self, until, seconds=120):
        """Do as the main thread of a Nuke with a user: run what other threads have handed over."""
        end = time.monotonic() + seconds
        while not until():
            if time.monotonic() > end:
                raise TimeoutError("it did not happen")
            with contextlib.suppress(queue.Empty):
                function, args, kwargs = self.calls.get(timeout=0.05)
                function(*args, **kwargs)


@contextlib.contextmanager
def running(gui=False):
    """A Nuke, importable as `nuke`; the modules that imported it are forgotten afterwards."""
    session = Session(gui)
    before, path = sys.modules.get("nuke"), list(sys.path)
    sys.modules["nuke"] = session.module
    try:
        yield session
    finally:
        sys.path[:] = path
        for name in [name for name in sys.modules if name.split(".")[0] == "vcnode_nuke"]:
            del sys.modules[name]
        del sys.modules["nuke"]
        if before is not None:
            sys.modules["nuke"] = before
