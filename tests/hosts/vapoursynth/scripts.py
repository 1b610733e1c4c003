"""Scripts in processes of their own, as users run them."""

import os
import shutil
import subprocess
import sysconfig
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]


def vspipe(script, *arguments, folder):
    """Run vspipe on a script's text and return the finished process; stdout in bytes.

    VapourSynth notes where Python is in a file of its user; here that is one of the test's.
    """
    programs = sysconfig.get_path("scripts")
    program = shutil.which("vspipe", path=programs)
    if program is None:
        pytest.skip("vspipe is not among this environment's programs")
    path = folder / "script.vpy"
    path.write_text(script, encoding="utf-8")
    inherited = os.environ.get("PYTHONPATH")
    search = [str(ROOT), str(ROOT / "hosts" / "vapoursynth"), *([inherited] if inherited else [])]
    run = subprocess.run(
        [program, *arguments, path.name, *(["-"] if "-c" in arguments else [])],
        cwd=folder,
        env={
            **os.environ,
            "PYTHONPATH": os.pathsep.join(search),
            "PATH": os.pathsep.join([programs, os.environ.get("PATH", "")]),
            "XDG_CONFIG_HOME": str(folder),
        },
        capture_output=True,
        timeout=120,
    )
    if b"Failed to initialize VSScript" in run.stderr:
        pytest.skip(f"vspipe finds no shared library of this Python: {run.stderr.decode(errors='replace')}")
    return run
