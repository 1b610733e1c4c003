"""Nodes, Groups and the root."""

import re

from .expressions import evaluate
from .knobs import Channel_Knob, Enumeration_Knob
from .node_classes import CLASSES, COMMON, OF_FILE_TYPE
from .operators import operate

_REFERENCE = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)+$")
_NAMES = re.compile(r"([A-Za-z_]\w*)\.[A-Za-z_]\w*")


class Format:
    def __init__(self, width, height):
        self._size = (width, height)

    def width(self):
        return self._size[0]

    def height(self):
        return self._size[1]

    def pixelAspect(self):
        return 1.0

    def name(self):
        return f"{self.width()}x{self.height()}"


class Node:
    """A node; what a test may not do, real Nuke would not let it do either."""

    def __init__(self, session, kind, parent):
        if kind not in CLASSES:
            raise RuntimeError(f"{kind}: Unknown command")
        self._session, self._kind, self._parent = session, kind, parent
        self._inputs, self._mask_input, self._definitions = [], False, []
        self._knobs, self._name = {}, ""
        for name, (make, *rest) in {**COMMON, **CLASSES[kind][1]}.items():
            self._knobs[name] = make(self, name, *rest)

    def _check(self, what):
        self._session.main.check(f"{self._name}.{what}")

    def __getitem__(self, name):
        self._check(f"[{name!r}]")
        self._with_file_type()
        if name not in self._knobs:
            raise NameError(f"knob {name} does not exist")
        return self._knobs[name]

    def knob(self, p, follow_link=True):
        self._check("knob()")
        self._with_file_type()
        return self._knobs.get(p)

    def knobs(self):
        return dict(self._knobs)

    def Class(self):
        return self._kind

    def name(self):
        return self._name

    def fullName(self):
        parent = self._parent
        return self._name if parent is None or parent.Class() == "Root" else f"{parent.fullName()}.{self._name}"

    def setName(self, name, uncollide=True, updateExpressions=False):
        self._check("setName()")
        self._name = self._session.free_name(name, self._parent, self)

    def parent(self):
        return self._parent

    def inputs(self):
        used = [number for number, each in enumerate(self._inputs) if each is not None]
        return used[-1] + 1 if used else 0

    def input(self, index):
        self._check("input()")
        return self._inputs[index] if index < len(self._inputs) else None

    def setInput(self, i, node):
        self._check("setInput()")
        self._inputs += [None] * (i + 1 - len(self._inputs))
        self._inputs[i] = node
        return True

    def firstFrame(self):
        self._check("firstFrame()")
        return self._range()[0]

    def lastFrame(self):
        self._check("lastFrame()")
        return self._range()[1]

    def format(self):
        self._check("format()")
        try:
            picture = operate(self, self._range()[0], self._session.view)
        except RuntimeError:
            return Format(640, 480)  # a node in error has the script's
        return Format(picture.width, picture.height)

    def hasError(self):
        self._check("hasError()")
        try:
            operate(self, self._range()[0], self._session.view)
        except RuntimeError:
            return True
        return False

    def writeKnobs(self, flags=0):
        self._check("writeKnobs()")
        return "\n".join(
            f"{name} {knob._script()}"
            for name, knob in self._knobs.items()
            if knob._expressions is not None or knob._value != knob._default
        )

    def dependencies(self, mask):
        self._check("dependencies()")
        names = {
            name for knob in self._knobs.values() for text in knob._expressions or () for name in _NAMES.findall(text)
        }
        return [each for each in self._siblings() if each._name in names]

    def _siblings(self):
        return [] if self._parent is None else list(self._parent._nodes)

    def _range(self):
        if self in self._session.ranges:
            return self._session.ranges[self]
        if self._kind == "Read":
            return self._knobs["first"]._get(), self._knobs["last"]._get()
        found = self._parent.input(int(self._knobs["number"]._get())) if self._kind == "Input" else self.input(0)
        return (1, 100) if found is None else found._range()

    def _with_file_type(self):
        if self._kind == "Write":
            for name, (make, *rest) in OF_FILE_TYPE.get(self._knobs["file_type"]._value, {}).items():
                self._knobs.setdefault(name, make(self, name, *rest))

    def _evaluated(self, name, frame):
        """A knob's number at a frame."""
        knob = self._knobs[name]
        if knob._expressions is None:
            return knob._number()
        return evaluate(knob._expressions[0], lambda each: self._lookup(each, frame))

    def _evaluate(self, text, asking=None):
        if _REFERENCE.match(text) and isinstance(asking, (Enumeration_Knob, Channel_Knob)):
            return self._knob_named(text)._get()
        return evaluate(text, lambda name: self._lookup(name, self._session.current_frame))

    def _lookup(self, name, frame):
        """The number that a name in an expression stands for."""
        if name == "frame":
            return float(frame)
        exists = re.match(r"\[exists parent\.input(\d+)\]$", name)
        if exists:
            return float(self._parent.input(int(exists[1])) is not None)
        if name in ("input.width", "input.height"):
            picture = operate(self.input(0), self._session.current_frame, self._session.view)
            return float(picture.width if name.endswith("width") else picture.height)
        return self._knob_named(name)._number()

    def _knob_named(self, name):
        owner, _, knob = name.rpartition(".")
        if owner == "parent":
            node = self._parent
        elif owner:
            node = next((each for each in self._siblings() if each._name == owner), None)
        else:
            node = self
        if node is None or knob not in node._knobs:
            raise RuntimeError(f"{self.fullName()}: Nothing is named {name!r}")
        return node._knobs[knob]


class Group(Node):
    """A node with nodes inside."""

    def __init__(self, session, kind="Group", parent=None):
        super().__init__(session, kind, parent)
        self._nodes = []

    def node(self, s):
        self._check("node()")
        return next((each for each in self._nodes if each._name == s), None)

    def nodes(self):
        self._check("nodes()")
        return list(self._nodes)

    def begin(self):
        self._check("begin()")
        self._session.groups.append(self)
        return self

    def end(self):
        self._session.groups.pop()

    def __enter__(self):
        return self.begin()

    def __exit__(self, type, value, traceback):
        self.end()


class Root(Group):
    def __init__(self, session):
        super().__init__(session, "Root", None)
        self._name = "root"

    def fullName(self):
        return "root"
