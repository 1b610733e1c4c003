"""Makes the controls on a group."""

from __future__ import annotations

from typing import Any

from vcnode_natron.controls import TABS, Control

_MAKERS = {
    "int": "createIntParam",
    "double": "createDoubleParam",
    "bool": "createBooleanParam",
    "choice": "createChoiceParam",
    "string": "createStringParam",
    "text": "createStringParam",
    "file": "createFileParam",
    "folder": "createPathParam",
    "button": "createButtonParam",
    "line": "createSeparatorParam",
}


def make_controls(group: Any) -> None:
    """Give a fresh group every tab and control."""
    for name, label, controls in TABS:
        page = group.createPageParam(name, label)
        for control in controls:
            param = getattr(group, _MAKERS[control.kind])(control.name, control.label)
            _fit(param, control)
            page.addParam(param)
            param.setAddNewLine(not control.beside)  # knows its neighbour only once it is on the page
    group.setPagesOrder([name for name, _, _ in TABS] + ["Node"])
    group.refreshUserParamsGUI()


def _fit(param: Any, control: Control) -> None:
    if control.kind == "line":
        return
    if control.kind == "text":
        param.setType(param.TypeEnum.eStringTypeLabel)
    if control.kind == "choice":
        param.setOptions([(option, "") for option in control.options])
    if control.kind in ("int", "double"):
        _limit(param, control)
    if control.kind not in ("button", "file", "folder"):
        param.setAnimationEnabled(control.live and control.kind == "double")
    if control.default is not None:
        param.setDefaultValue(control.options.index(control.default) if control.options else control.default)
        param.restoreDefaultValue()
    param.setHelp(control.hint)
    param.setPersistent(control.saved and control.kind != "button")
    param.setEvaluateOnChange(control.live)
    param.setVisibleByDefault(control.visible)


def _limit(param: Any, control: Control) -> None:
    number = float if control.kind == "double" else int
    if control.least > float("-inf"):
        param.setMinimum(number(control.least))
        param.setDisplayMinimum(number(control.least))
    if control.most < float("inf"):
        param.setDisplayMaximum(number(control.most))
