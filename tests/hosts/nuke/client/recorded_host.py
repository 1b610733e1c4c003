"""A host without a program: it copies prepared frames, and remembers what it is told."""

import os
import shutil
import threading

from vcnode_client.host import Clip, Host
from vcnode_client.settings import ReferenceSettings, Settings, WorkerSettings


class RecordedHost(Host):
    program = "Recorder 1.0"

    def __init__(self, settings, frames="", gui=False):
        self.chosen, self.frames, self.gui = settings, frames, gui
        self.state, self.shown, self.told, self.progressed, self.results = {}, [], [], [], []
        self.source = Clip(1001, 1004, 72, 56)
        self.text, self.extra, self.cancelled = "upstream", [], threading.Event()
        self.rendered = []

    def node_name(self):
        return "VCNode1"

    def settings(self):
        return self.chosen

    def views(self):
        return ["main"]

    def clip(self):
        return self.source

    def problems(self):
        return self.extra

    def upstream(self):
        return self.text

    def load_state(self):
        return self.state

    def save_state(self, state):
        self.state = state

    def render_source(self, render, finished):
        for frame in range(render.first, render.last + 1):
            shutil.copy(os.path.join(self.frames, f"plate.{frame:04d}.exr"), render.pattern % frame)
            self.rendered.append(frame)
        finished(None)

    def render_reference(self, number, render, finished):
        shutil.copy(os.path.join(self.frames, f"painted.{render.first:04d}.exr"), render.pattern)
        finished(None)

    def attach(self, result):
        self.results.append(result)

    def in_background(self, work, finished):
        try:
            value = work()
        except BaseException as error:
            finished(None, error)
        else:
            finished(value, None)

    def progress(self, fraction, message):
        self.progressed.append((fraction, message))

    def is_cancelled(self):
        return self.cancelled.is_set()

    def show(self, state, message):
        self.shown.append((state, message))

    def report(self, problems):
        self.told.append([each.sentence for each in problems])

    @property
    def states(self):
        return [state for state, _ in self.shown]


def settings(folder, worker=None, **changes):
    """Four frames with one keyframe."""
    values = {
        "first": 1001,
        "last": 1004,
        "references": (ReferenceSettings(1, 1001),),
        "working_size": 128,
        "folder": folder.replace("\\", "/"),
        "worker": worker or WorkerSettings(),
    }
    values.update(changes)
    return Settings(**values)
