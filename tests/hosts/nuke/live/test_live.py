"""The same in a real, licensed Nuke. Set VCNODE_NUKE_EXE to its program; nothing of this runs without."""

import os
import subprocess
from pathlib import Path

import pytest

from tests.hosts.nuke import plates
from tests.hosts.nuke.conftest import NODE_FOLDER

NUKE = os.environ.get("VCNODE_NUKE_EXE", "")
pytestmark = pytest.mark.skipif(not NUKE, reason="no Nuke: set VCNODE_NUKE_EXE to a licensed Nuke's program")
CHECKS = Path(__file__).with_name("in_nuke.py")


def test_in_a_real_nuke(tmp_path, worker):
    plates.write_sequence(tmp_path)
    plates.write_sequence(tmp_path, plates.colored, [plates.FIRST], "painted")
    environment = {**os.environ, "NUKE_PATH": str(NODE_FOLDER), "VCNODE_PYTHON": worker}
    done = subprocess.run(
        [NUKE, "-t", str(CHECKS), "--folder", tmp_path.as_posix()], env=environment, capture_output=True, text=True
    )
    assert "every check passed" in done.stdout, done.stdout + done.stderr


def test_the_farm_command_in_a_real_nuke(tmp_path, worker):
    plates.write_sequence(tmp_path)
    plates.write_sequence(tmp_path, plates.colored, [plates.FIRST], "painted")
    environment = {**os.environ, "NUKE_PATH": str(NODE_FOLDER), "VCNODE_PYTHON": worker}
    subprocess.run(
        [NUKE, "-t", str(CHECKS), "--folder", tmp_path.as_posix(), "--only-save"], env=environment, check=True
    )
    command = [NUKE, "-t", str(NODE_FOLDER / "vcnode_bake.py"), "--script", (tmp_path / "shot.nk").as_posix()]
    command += ["--range=1001-1002", "--save-as", (tmp_path / "baked.nk").as_posix(), "--node", "VCNode1"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert (tmp_path / "baked.nk").exists()
