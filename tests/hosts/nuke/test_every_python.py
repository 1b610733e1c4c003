"""vcnode_client on the interpreters that hosts embed: Nuke 13 has 3.7, 14 has 3.9, 15 has 3.10, 16 and 17 have 3.11."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.hosts.nuke import plates
from tests.hosts.nuke.conftest import HOST

THIS = "{}.{}".format(*sys.version_info[:2])
VERSIONS = sorted({"3.7", "3.8", "3.9", "3.10", "3.11", "3.12", "3.13", THIS}, key=lambda text: int(text[2:]))
HERE = Path(__file__).parent


def find(version):
    """An interpreter of a version: on PATH, or kept by pyenv."""
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    kept = sorted(pyenv.glob(f"{version}.*/bin/python")) if pyenv.is_dir() else []
    on_path = shutil.which(f"python{version}")
    here = [sys.executable] if version == THIS else []
    for candidate in [*here, *kept, *([on_path] if on_path else [])]:
        asked = subprocess.run(
            [candidate, "-c", "import sys; print('%d.%d' % sys.version_info[:2])"], capture_output=True, text=True
        )
        if asked.stdout.strip() == version:
            return str(candidate)
    pytest.skip(f"no Python {version} here")


@pytest.fixture(scope="module")
def frames(tmp_path_factory):
    folder = tmp_path_factory.mktemp("frames")
    plates.write_sequence(folder)
    plates.write_sequence(folder, plates.colored, [plates.FIRST], "painted")
    return folder


@pytest.mark.parametrize("version", VERSIONS)
def test_the_client_with_a_real_worker(version, frames, worker, listening, tmp_path):
    python = find(version)
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    environment |= {
        "PYTHONPATH": str(HOST),
        "PYTHONDONTWRITEBYTECODE": "1",
        "VCNODE_TEST_ADDRESS": f"127.0.0.1:{listening['port']}",
        "VCNODE_TEST_TOKEN": listening["token"],
        "VCNODE_TEST_FRAMES": str(frames),
    }
    if version in (VERSIONS[0], THIS):  # starting one takes long, and the others differ in nothing there
        environment["VCNODE_TEST_PYTHON"] = worker
    if python != sys.executable:
        environment["VCNODE_TEST_BARE_PYTHON"] = python
    done = subprocess.run(
        [python, "-W", "error", "-m", "unittest", "discover", "-s", str(HERE / "client")],
        env=environment,
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("version", ["3.7", "3.13"])
def test_what_runs_inside_nuke_compiles(version):
    python = find(version)
    files = [str(path) for path in sorted((HOST / "nuke" / "VCNode").rglob("*.py"))]
    code = "import sys\nfor path in sys.argv[1:]: compile(open(path, encoding='utf-8').read(), path, 'exec')"
    done = subprocess.run([python, "-W", "error", "-c", code, *files], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert len(files) > 10
