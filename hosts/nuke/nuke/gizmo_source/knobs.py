"""Knobs of a Group as `addUserKnob` writes them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from gizmo_source.script_text import Value, quoted, value_text


@dataclass(frozen=True)
class Knob:
    """One control.

    Attributes:
        kind: Nuke's number for it: 1 string, 2 file, 3 int, 4 enumeration, 6 bool, 7 double, 20 tab, 22 Python button,
            26 text, 41 link.
        name: Its name.
        label: What stands before it; None for its name.
        tooltip: What it is for.
        target: Text, script, or the inner knob of a link.
        choices: Of an enumeration.
        reach: Ends of a slider.
        flags: Such as +STARTLINE.
        value: What it is set to, where that is not 0 or nothing.
    """

    kind: int
    name: str
    label: str | None = None
    tooltip: str = ""
    target: str | None = None
    choices: Sequence[str] = ()
    reach: tuple[float, float] | None = None
    flags: Sequence[str] = ()
    value: Value | None = None

    @property
    def visible(self) -> bool:
        """Whether an artist sees it."""
        return not {"+INVISIBLE", "+HIDDEN"} & set(self.flags)

    def lines(self) -> Iterable[str]:
        """The lines that make it and set it."""
        words = [str(self.kind), quoted(self.name) if self.name else '""']
        if self.label is not None:
            words += ["l", quoted(self.label) if self.label else '""']
        if self.tooltip:
            words += ["t", quoted(self.tooltip)]
        words += self.flags
        if self.choices:
            words += ["M", "{" + " ".join(quoted(each) for each in self.choices) + "}"]
        if self.reach is not None:
            words += ["R", *(f"{end:g}" for end in self.reach)]
        if self.target is not None:
            words += ["T", quoted(self.target) if self.target else '""']
        yield "addUserKnob {" + " ".join(words) + "}"
        if self.value is not None:
            yield f"{self.name} {value_text(self.value)}"


def tab(name: str, label: str) -> Knob:
    """A tab."""
    return Knob(20, name, label)


def divider(label: str = "") -> Knob:
    """A line across the panel, with a heading."""
    return Knob(26, "", label, target="")


def button(name: str, label: str, tooltip: str, same_line: bool = False) -> Knob:
    """A button that hands over to the Python part, and says so where there is none."""
    return Knob(
        22, name, label, tooltip, target=BUTTON.replace("PRESSED", name), flags=() if same_line else ("+STARTLINE",)
    )


def hidden(kind: int, name: str, value: Value | None = None) -> Knob:
    """A place to keep something."""
    return Knob(kind, name, flags=("+INVISIBLE",), value=value)


BUTTON = """import nuke
try:
    import vcnode_nuke
except Exception as error:
    problem = 'VCNode: its Python part cannot be used (%s). ' % error
    problem += 'Put the folder VCNode on NUKE_PATH and start Nuke again. '
    problem += 'Results that are there already are shown without it.'
    if not nuke.GUI:
        raise RuntimeError(problem)
    nuke.message(problem)
else:
    vcnode_nuke.press('PRESSED', nuke.thisNode())"""

KNOB_CHANGED = """try:
    import vcnode_nuke
except Exception:
    pass
else:
    vcnode_nuke.knob_changed(nuke.thisNode(), nuke.thisKnob())"""

AUTOLABEL = "(nuke.thisNode().name() + '\\n' + nuke.thisNode().knob('label_text').value()).strip()"
