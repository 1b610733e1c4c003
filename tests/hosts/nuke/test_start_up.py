"""What Nuke runs when it starts, and the folder as it is handed out."""

import runpy
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from tests.hosts.nuke.conftest import NODE_FOLDER
from tests.hosts.nuke.fake_nuke import running
from vcnode.hosting import install


def test_starting_never_fails(capsys):
    with running(gui=True) as session:
        for name in ("pluginAddPath", "menu"):
            delattr(session.module, name)
        for file in ("init.py", "menu.py"):
            runpy.run_path(str(NODE_FOLDER / file))
    said = capsys.readouterr().err
    assert said.count("VCNode: ") == 2


def test_a_terminal_gets_no_menu():
    with running(gui=False) as session:
        runpy.run_path(str(NODE_FOLDER / "init.py"))
        assert session.menus == []
        assert len(session.plugin_paths) == 3


def test_the_farm_command_finds_its_folder_by_itself(monkeypatch):
    monkeypatch.setattr(sys, "argv", ["vcnode_bake.py", "--script", "/no/shot.nk", "--node", "VCNode1"])
    with running(gui=False) as session:
        with pytest.raises(SystemExit) as ended:
            runpy.run_path(str(NODE_FOLDER / "vcnode_bake.py"), run_name="__main__")
        assert ended.value.code == 1
        assert "/no/shot.nk" in session.printed[0]


def test_icons_have_both_sizes():
    for name, size in (("VCNode.png", 24), ("VCNode@2x.png", 48)):
        with Image.open(NODE_FOLDER / "icons" / name) as icon:
            assert (icon.size, icon.mode) == ((size, size), "RGBA")


def test_a_packed_folder_works_by_itself(tmp_path):
    install("nuke", tmp_path)
    code = (
        "import runpy, sys; sys.path.insert(0, {root!r})\n"
        "from tests.hosts.nuke.fake_nuke import running\n"
        "with running() as session:\n"
        "    runpy.run_path({init!r})\n"
        "    import vcnode_nuke, vcnode_client\n"
        "    print(vcnode_client.__file__); session.module.createNode('VCNode')\n"
    ).format(root=str(Path(__file__).parents[3]), init=str(tmp_path / "VCNode" / "init.py"))
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert Path(done.stdout.strip()).is_relative_to(tmp_path)
