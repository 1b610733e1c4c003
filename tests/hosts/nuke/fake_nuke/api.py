"""The module `nuke`: its functions and constants, no more than the published stubs have."""

import os
import sys
import types

from . import scripts
from .nodes import Format, Group, Node
from .operators import operate
from .pictures import RGB, write_exr
from .rules import BrokenRule


class CancelledError(Exception):
    pass


def make_module(session):
    """A module for one session."""
    module = types.ModuleType("nuke")
    for make in (_constants, _nodes, _script, _rendering, _user, _threads):
        for name, value in make(session).items():
            setattr(module, name, value)
    return module


def _constants(session):
    return {
        "GUI": session.gui,
        "NUKE_VERSION_STRING": "15.1v3",
        "NUKE_VERSION_MAJOR": 15,
        "INPUTS": 1,
        "HIDDEN_INPUTS": 2,
        "EXPRESSIONS": 4,
        "TO_SCRIPT": 8,
        "WRITE_NON_DEFAULT_ONLY": 16,
        "WRITE_USER_KNOB_DEFS": 32,
        "CancelledError": CancelledError,
        "Node": Node,
        "Group": Group,
        "Format": Format,
    }


def _on_main(session, functions):
    """The functions, refused on any other thread."""

    def guarded(function):
        def call(*args, **kwargs):
            session.main.check(f"nuke.{function.__name__}")
            return function(*args, **kwargs)

        call.__name__, call.__wrapped__ = function.__name__, function
        return call

    return {function.__name__: guarded(function) for function in functions}


def _nodes(session):
    def make(kind, inputs=(), **knobs):
        session.main.check(f"nuke.nodes.{kind}")
        node = (Group if kind == "Group" else Node)(session, kind, session.group)
        node._name = session.free_name(knobs.pop("name", kind + "1"), session.group, node)
        node._inputs = list(inputs)
        session.group._nodes.append(node)
        for name, value in knobs.items():
            node[name].setValue(value)
        return node

    class Nodes:
        def __getattr__(self, kind):
            return lambda **given: make(kind, **given)

    def createNode(typ, knobs="", inpanel=True):
        for folder in session.plugin_paths:
            path = os.path.join(folder, typ + ".gizmo")
            if os.path.exists(path):
                with open(path, encoding="utf-8") as file:
                    return scripts.read(session, file.read(), session.group)
        return make(typ)

    def delete(n):
        n._parent._nodes.remove(n)

    def toNode(s):
        found = session.root
        for part in s.split("."):
            found = found.node(part) if found is not None else None
        return found

    def root():
        session.root._knobs["name"]._value = session.script
        return session.root

    def thisNode():
        return session.context[-1][0]

    def thisKnob():
        return session.context[-1][1]

    def allNodes():
        return list(session.group._nodes)

    def filename(node, i=0):
        return node["file"].value() or None

    return {
        "nodes": Nodes(),
        **_on_main(session, (createNode, delete, toNode, root, thisNode, thisKnob, allNodes, filename)),
    }


def _script(session):
    def views():
        return list(session.views)

    def thisView():
        return session.view

    def frame(f=None):
        return session.current_frame

    def pluginAddPath(args, addToSysPath=True):
        if not os.path.isdir(args):
            raise BrokenRule(f"there is no folder {args}")
        session.plugin_paths.insert(0, args)
        if addToSysPath:
            sys.path.append(args)

    def scriptOpen(filename=None):
        if "\\" in filename or not os.path.exists(filename):
            raise RuntimeError(f"{filename}: can't read file")
        session.clear()
        session.script = filename
        with open(filename, encoding="utf-8") as file:
            scripts.read(session, file.read(), session.root)

    def scriptSaveAs(filename=None, overwrite=-1):
        with open(filename, "w", encoding="utf-8") as file:
            file.write(scripts.write(session.root))
        session.script = filename

    def loadToolset(filename):
        with open(filename, encoding="utf-8") as file:
            return scripts.read(session, file.read(), session.root)

    return _on_main(session, (views, thisView, frame, pluginAddPath, scriptOpen, scriptSaveAs, loadToolset))


def _rendering(session):
    def execute(nameOrNode, start, end, incr=1, views=None, continueOnError=False):
        node = nameOrNode
        if node.Class() != "Write":
            raise RuntimeError(f"{node.fullName()} is no Write")
        for number in range(start, end + 1, incr):
            if session.cancel_render_at == number:
                raise RuntimeError("Cancelled")
            for view in views or session.views:
                _write_frame(session, node, number, view)

    class Undo:
        @staticmethod
        def disable():
            session.undo_off += 1

        @staticmethod
        def enable():
            session.undo_off -= 1

    return {"Undo": Undo, **_on_main(session, (execute,))}


def _write_frame(session, node, number, view):
    pattern = node["file"].value()
    if "\\" in pattern:
        raise RuntimeError(f"{node.fullName()}: a Write refuses backslashes: {pattern}")
    if node["file_type"].value() != "exr" or not node["raw"].value():
        raise BrokenRule("only raw EXR is written here")
    path = pattern.replace("%V", view)
    path = path % number if "%" in path else path
    if not os.path.isdir(os.path.dirname(path)):
        raise RuntimeError(f"{node.fullName()}: {path}: No such file or directory")
    session.current_frame = number
    if session.frame_fails(path, number):
        return
    picture = operate(node, number, view)
    if session.root["proxy"].value():
        picture = _smaller(picture)
    names = {"rgb": RGB, "rgba": (*RGB, "rgba.alpha")}.get(node["channels"].value(), tuple(picture.channels))
    write_exr(path, picture, names, half=node["datatype"].value() == "16 bit half")
    session.written.append(path)


def _smaller(picture):
    x, y = picture.box[:2]
    channels = {name: values[::2, ::2] for name, values in picture.channels.items()}
    rows, columns = next(iter(channels.values())).shape
    box = (x // 2, y // 2, x // 2 + columns, y // 2 + rows)
    return type(picture)(picture.width // 2, picture.height // 2, box, channels, picture.black)


def _user(session):
    class Menu:
        def addMenu(self, name, icon=""):
            session.menus.append(name)
            return self

        def addCommand(self, name, command="", shortcut="", icon=""):
            session.menus.append((name, command))

    def message(prompt):
        if not session.gui:
            raise BrokenRule(f"a box without a user: {prompt}")
        session.messages.append(prompt)

    def ask(prompt):
        session.messages.append(prompt)
        return session.answer

    def menu(name):
        if not session.gui:
            raise BrokenRule("a menu without a user")
        return Menu()

    def tprint(*args):
        session.printed.append(" ".join(str(each) for each in args))

    return {"tprint": tprint, **_on_main(session, (message, ask, menu))}


def _threads(session):
    class ProgressTask:
        def __init__(self, name):
            if not session.gui:
                raise BrokenRule("a progress bar without a user")
            self.name, self.shown = name, []
            session.bars.append(self)

        def setMessage(self, text):
            self.shown.append(text)

        def setProgress(self, percent):
            if not isinstance(percent, int) or not 0 <= percent <= 100:
                raise BrokenRule(f"progress is a whole number up to 100, not {percent!r}")
            self.shown.append(percent)

        def isCancelled(self):
            return session.cancel_progress(self)

    def executeInMainThread(call, args=(), kwargs=None):
        if session.main.here:
            raise BrokenRule("executeInMainThread on the main thread hangs Nuke")
        if not session.gui:
            raise BrokenRule("executeInMainThread without a user: nobody runs it")
        session.calls.put((call, args, kwargs or {}))

    def executeInMainThreadWithResult(call, args=(), kwargs=None):
        raise BrokenRule("executeInMainThreadWithResult waits for ever when something fails")

    return {
        "ProgressTask": ProgressTask,
        "executeInMainThread": executeInMainThread,
        "executeInMainThreadWithResult": executeInMainThreadWithResult,
    }
