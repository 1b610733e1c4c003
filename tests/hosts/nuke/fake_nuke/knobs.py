"""Knobs. Names and methods are those of the published stubs; anything else does not exist."""

import re

from .tcl import quote


class Knob:
    """A knob of a node; `default` is its value until it is set."""

    kind = "Knob"

    def __init__(self, node, name, default=""):
        self._node, self._name, self._value, self._default = node, name, default, default
        self._expressions, self._tooltip, self._label, self._flags = None, "", name, set()

    def _check(self, what):
        self._node._session.main.check(f"{self._node._name}.{self._name}.{what}")

    def name(self):
        return self._name

    def label(self):
        return self._label

    def tooltip(self):
        return self._tooltip

    def node(self):
        return self._node

    def Class(self):
        return self.kind

    def enabled(self):
        return "+DISABLED" not in self._flags

    def visible(self):
        return not {"+INVISIBLE", "+HIDDEN"} & self._flags

    def hasExpression(self, index=-1):
        return self._expressions is not None

    def value(self):
        self._check("value()")
        return self._get()

    def setValue(self, val):
        self._check("setValue()")
        self._expressions = None
        self._set(val)
        self._node._session.knob_changed(self._node, self)
        return True

    def toScript(self):
        self._check("toScript()")
        return self._script()

    def _get(self, index=0):
        if self._expressions is not None:
            return self._convert(self._node._evaluate(self._expressions[min(index, len(self._expressions) - 1)], self))
        return self._value

    def _number(self, index=0):
        return float(self._get(index))

    def _set(self, value):
        self._value = self._convert(value)

    def _convert(self, value):
        return value

    def _from_script(self, words):
        """Takes words of a script: one value, or expressions in braces."""
        self._set(words)

    def _script(self):
        if self._expressions is not None:
            return "{" + " ".join("{" + quote(each) + "}" for each in self._expressions) + "}"
        return quote(str(self._value))


class String_Knob(Knob):
    kind = "String_Knob"

    def setValue(self, val, view=None):
        if not isinstance(val, str):
            raise TypeError(f"{self._name}: a string is needed, not {val!r}")
        return super().setValue(val)


class EvalString_Knob(String_Knob):
    kind = "EvalString_Knob"

    def evaluate(self):
        self._check("evaluate()")
        if "[" in self._value:
            raise RuntimeError(f"{self._name}: Tcl would run {self._value!r}")
        session = self._node._session

        def fill(place):
            width = int(place[1] or 1) if place[1] is not None else len(place[0])
            return f"{session.current_frame:0{width}d}"

        viewed = self._value.replace("%V", session.view).replace("%v", session.view[:1])
        return re.sub(r"%0?(\d*)d|#+", fill, viewed) or None


class File_Knob(EvalString_Knob):
    kind = "File_Knob"

    def fromUserText(self, s):
        """Takes a path with a range behind it, as dropped into the panel; looks at the file for format and range."""
        self._check("fromUserText()")
        match = re.match(r"(.*?)\s+(-?\d+)-(-?\d+)$", s)
        self._set(match[1] if match else s)
        if match:
            for name, number in (("first", 2), ("last", 3), ("origfirst", 2), ("origlast", 3)):
                self._node._knobs[name]._set(int(match[number]))


class Text_Knob(Knob):
    kind = "Text_Knob"


class Tab_Knob(Knob):
    kind = "Tab_Knob"


class Array_Knob(Knob):
    kind = "Array_Knob"

    def _convert(self, value):
        if isinstance(value, str):
            return float(value)
        return float(value) if isinstance(value, (int, float)) else value


class Double_Knob(Array_Knob):
    kind = "Double_Knob"

    def _script(self):
        return super()._script() if self._expressions is not None else f"{self._value:.10g}"


class Int_Knob(Array_Knob):
    kind = "Int_Knob"

    def _convert(self, value):
        return int(float(value))


class BBox_Knob(Array_Knob):
    kind = "BBox_Knob"

    def _box(self):
        return tuple(round(self._number(index)) for index in range(4))


class Boolean_Knob(Array_Knob):
    kind = "Boolean_Knob"

    def _convert(self, value):
        return value == "true" if isinstance(value, str) and value in ("true", "false") else bool(float(value))

    def _script(self):
        return super()._script() if self._expressions is not None else str(self._value).lower()


class Enumeration_Knob(Knob):
    kind = "Enumeration_Knob"

    def __init__(self, node, name, default="", choices=None):
        super().__init__(node, name, default)
        self._choices = choices

    def values(self):
        return list(self._choices)

    def _convert(self, value):
        if isinstance(value, (int, float)) and self._choices:
            return self._choices[int(value)]
        if self._choices and value not in self._choices:
            raise RuntimeError(f"{self._name}: {value!r} is none of {self._choices}")
        return value

    def _number(self, index=0):
        return float(self._choices.index(self._get()))


class Channel_Knob(Knob):
    kind = "Channel_Knob"


class Format_Knob(Knob):
    kind = "Format_Knob"


class PyScript_Knob(Knob):
    kind = "PyScript_Knob"

    def execute(self):
        """Runs the script as a press of the button does."""
        self._check("execute()")
        self._node._session.run_script(self._node, self, self._value)

    def command(self):
        return self._value


class Link_Knob(Knob):
    kind = "Link_Knob"

    @property
    def _target(self):
        owner, _, name = self._value.partition(".")
        inner = self._node.node(owner)
        if inner is None or inner.knob(name) is None:
            raise RuntimeError(f"{self._name}: the link leads nowhere: {self._value}")
        return inner.knob(name)

    def value(self):
        return self._target.value()

    def setValue(self, val):
        return self._target.setValue(val)

    def _get(self, index=0):
        return self._target._get(index)

    def _set(self, value):
        self._value = value


def with_expressions(knob, texts):
    """The knob, computed."""
    knob._expressions = list(texts)
    return knob


USER_KINDS = {
    1: String_Knob,
    2: File_Knob,
    3: Int_Knob,
    4: Enumeration_Knob,
    6: Boolean_Knob,
    7: Double_Knob,
    20: Tab_Knob,
    22: PyScript_Knob,
    26: Text_Knob,
    41: Link_Knob,
}
