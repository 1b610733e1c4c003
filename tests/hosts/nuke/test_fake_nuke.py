"""The fake has nothing that the real one has not, as far as the published stubs know it."""

import ast
import importlib.util
import inspect
from pathlib import Path

import pytest

from tests.hosts.nuke.fake_nuke import BrokenRule, knobs, nodes, running
from tests.hosts.nuke.fake_nuke.tcl import commands, quote, split_list


def _stub_folder():
    spec = importlib.util.find_spec("nuke-stubs")
    if spec is None or not spec.submodule_search_locations:
        pytest.skip("the stubs of Nuke's API are not here: pip install types-nuke")
    return Path(next(iter(spec.submodule_search_locations)))


@pytest.fixture(scope="module")
def stubs():
    """Functions, constants and classes of the module `nuke`, the latter with the methods they have and inherit."""
    functions, constants, classes, bases = {}, set(), {}, {}
    for path in sorted(_stub_folder().glob("*.pyi")):
        for each in ast.parse(path.read_text()).body:
            if isinstance(each, ast.FunctionDef):
                functions.setdefault(each.name, []).append(each)
            elif isinstance(each, ast.AnnAssign):
                constants.add(each.target.id)
            elif isinstance(each, ast.ClassDef):
                classes[each.name] = {one.name: one for one in each.body if isinstance(one, ast.FunctionDef)}
                bases[each.name] = [base.id for base in each.bases if isinstance(base, ast.Name)]

    def with_inherited(name):
        found = {}
        for base in bases.get(name, ()):
            found.update(with_inherited(base))
        return {**found, **classes.get(name, {})}

    return functions, constants, {name: with_inherited(name) for name in classes}


def _takes(function):
    """Names of arguments, or None where the stub leaves them open."""
    arguments = function.args
    if arguments.vararg or arguments.kwarg:
        return None
    return [each.arg for each in [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]]


@pytest.mark.parametrize("gui", [False, True])
def test_the_module_has_no_name_of_its_own(stubs, gui):
    functions, constants, classes = stubs
    with running(gui) as session:
        for name in (name for name in vars(session.module) if not name.startswith("__")):
            assert name in functions or name in constants or name in classes, name


def test_functions_take_no_argument_of_their_own(stubs):
    functions, _, _ = stubs
    with running() as session:
        for name, stub in functions.items():
            function = getattr(session.module, name, None)
            known = [_takes(each) for each in stub]
            if function is None or None in known:
                continue
            own = set(inspect.signature(inspect.unwrap(function)).parameters)
            assert own <= {each for names in known for each in names}, (name, own)


def test_nodes_and_knobs_have_no_method_of_their_own(stubs):
    _, _, classes = stubs
    made = [
        nodes.Node,
        nodes.Group,
        nodes.Format,
        *(getattr(knobs, name) for name in dir(knobs) if name.endswith("Knob")),
    ]
    for each in made:
        public = {name for name in dir(each) if not name.startswith("_")} - {"kind"}
        assert public <= classes[each.__name__].keys(), (each, public - classes[each.__name__].keys())


def test_the_script_belongs_to_the_main_thread(gui):
    import threading

    node, raised = gui.module.nodes.NoOp(), []

    def elsewhere():
        for forbidden in (lambda: node["label"].value(), lambda: gui.module.message("x"), node.input.__get__(node, 0)):
            try:
                forbidden(*([0] if forbidden.__name__ == "input" else []))
            except BrokenRule as rule:
                raised.append(str(rule))

    thread = threading.Thread(target=elsewhere)
    thread.start()
    thread.join()
    assert len(raised) == 3


def test_what_hangs_nuke_is_refused(gui):
    with pytest.raises(BrokenRule, match="hangs"):
        gui.module.executeInMainThread(print)


def test_writes_refuse_backslashes_and_make_no_folders(terminal, tmp_path):
    nuke = terminal.module
    write = nuke.nodes.Write(inputs=[nuke.nodes.CheckerBoard2()], file_type="exr", raw=True)
    for path in (str(tmp_path) + "\\a.%04d.exr", (tmp_path / "no" / "a.%04d.exr").as_posix()):
        write["file"].setValue(path)
        with pytest.raises(RuntimeError, match="Write1"):
            nuke.execute(write, 1, 1)


def test_unknown_knobs_and_classes(terminal):
    with pytest.raises(NameError):
        terminal.module.nodes.NoOp()["nonesuch"]
    with pytest.raises(RuntimeError):
        terminal.module.nodes.Nonesuch()
    assert not hasattr(terminal.module, "getChoice")


def test_tcl_words_are_read_as_tcl_reads_them():
    tkinter = pytest.importorskip("tkinter")
    try:
        tcl = tkinter.Tcl()
    except Exception as error:
        pytest.skip(f"no Tcl here: {error}")
    for text in ('a "b c" {d {e f}} \\[g', '{20 tab l "a \\"b\\"" t "x\\ny"}', '"\\\\n" {} ""'):
        assert [str(each) for each in split_list(text)] == list(tcl.splitlist(text)), text
    for value in ("", "a b", 'say "x"', "[a] {b} $c \\ d", "one\ntwo"):
        assert tcl.splitlist(quote(value)) == (value,)
        assert [list(each) for each in commands(f"knob {quote(value)}")] == [["knob", value]]
