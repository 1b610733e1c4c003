"""What can be seen of the node without a Natron."""

import ast
import re
import subprocess

import pytest

from tests.hosts.nuke.conftest import HOST
from tests.hosts.nuke.natron.conftest import NATRON
from tests.hosts.nuke.test_every_python import find
from vcnode_natron.controls import TABS

FILES = sorted(NATRON.rglob("*.py"))
CONTROLS = [control for _, _, controls in TABS for control in controls]
SHOWN = [control for control in CONTROLS if control.visible and control.kind != "line"]

#: What each of Natron's callbacks must call its arguments: it compares the names.
CALLBACKS = {
    "param_changed": ["thisParam", "thisNode", "thisGroup", "app", "userEdited"],
    "after_render": ["aborted", "thisNode", "app"],
    "new_node": [],
    "look_for_changes": [],
}


@pytest.mark.parametrize("version", ["3.7", "3.10", "3.11", "3.13"])
def test_everything_compiles_on_the_pythons_of_natron(version):
    code = "import pathlib, sys\nfor path in map(pathlib.Path, sys.argv[1:]): compile(path.read_bytes(), path, 'exec')"
    done = subprocess.run([find(version), "-W", "error", "-c", code, *map(str, FILES)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert len(FILES) > 20


@pytest.mark.parametrize("version", ["3.7", "3.13"])
def test_everything_can_be_imported_by_the_pythons_of_natron(version):
    names = [path.stem for path in sorted((NATRON / "vcnode_natron").glob("[a-z]*.py"))]
    code = [
        "import importlib, sys, types",
        "sys.modules['NatronEngine'] = types.ModuleType('NatronEngine')",
        f"sys.path[:0] = [{str(NATRON)!r}, {str(HOST)!r}]",
        f"for name in {names!r}: importlib.import_module('vcnode_natron.' + name)",
    ]
    command = [find(version), "-W", "error", "-B", "-I", "-c", "\n".join(code)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "natron_host" in names


def test_natron_takes_one_file_for_a_node():
    marks = re.compile(r"^(# Natron PyPlug|def createInstance\(|def getIsToolSet\()", re.MULTILINE)
    assert [path.name for path in FILES if marks.search(path.read_text())] == ["VCNode.py"]


def test_no_file_but_the_menu_asks_for_the_user_interface_when_imported():
    for path in FILES:
        asked = re.search(r"^(import|from) NatronGui", path.read_text(), re.MULTILINE)
        assert not asked, f"{path} cannot be loaded by NatronRenderer"


def test_only_the_node_lies_in_the_folder_that_natron_searches():
    found = {path.name for path in (NATRON / "VCNode").iterdir() if path.suffix != "" or path.is_dir()}
    assert found - {"__pycache__"} == {"VCNode.png", "VCNode.py", "VCNodeExt.py", "initGui.py"}


def test_callbacks_have_the_arguments_that_natron_gives():
    tree = ast.parse((NATRON / "VCNode" / "VCNodeExt.py").read_text())
    found = {each.name: [one.arg for one in each.args.args] for each in tree.body if isinstance(each, ast.FunctionDef)}
    del found["make_node"]
    assert found == CALLBACKS
    exported = ast.parse((NATRON / "VCNode" / "VCNode.py").read_text())
    names = {one.name for each in exported.body if isinstance(each, ast.ImportFrom) for one in each.names}
    assert set(CALLBACKS) <= names


def test_no_file_names_a_place_of_somebodys_machine():
    for path in FILES:
        assert not re.search(r"[\"'](/(home|root|work|tmp|Users)/|[A-Z]:\\)", path.read_text()), path


def test_every_control_has_a_name_of_its_own_and_a_tooltip():
    names = [control.name for control in CONTROLS]
    assert len(set(names)) == len(names)
    assert [control.name for control in SHOWN if not control.hint] == []


def test_controls_are_called_as_in_nuke():
    text = (HOST / "nuke" / "VCNode" / "gizmos" / "VCNode.gizmo").read_text()
    nuke = set(re.findall(r"addUserKnob \{\d+ (\w+)", text))
    own = {"look", "range_last", "mask_channel", "encoding_found", "result_linear", "result_left", "result_width"}
    assert {control.name for control in CONTROLS if control.kind != "line"} - own <= nuke


def test_defaults_are_among_the_choices():
    for control in CONTROLS:
        if control.options:
            assert control.default in control.options
