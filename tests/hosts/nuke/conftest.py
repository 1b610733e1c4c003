import runpy
import subprocess
import sys
from pathlib import Path

import pytest

HOST = Path(__file__).resolve().parents[3] / "hosts" / "nuke"
NODE_FOLDER = HOST / "nuke" / "VCNode"
collect_ignore = ["client/test_worker.py"]  # test_every_python.py prepares workers for it and runs it
sys.path[:0] = [str(HOST), str(HOST / "nuke"), str(HOST / "natron"), str(Path(__file__).parent / "client")]

from tests.hosts.nuke import plates, worker_python  # noqa: E402
from tests.hosts.nuke.fake_nuke import running  # noqa: E402
from vcnode_client.messages import decode  # noqa: E402


@pytest.fixture(autouse=True)
def _no_worker_of_the_developer(monkeypatch):
    for name in ("VCNODE_PYTHON", "VCNODE_WORKER_TOKEN"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(scope="session")
def worker(tmp_path_factory):
    """The interpreter to choose as the worker's."""
    return worker_python.find(tmp_path_factory.mktemp("python"))


@pytest.fixture(scope="session")
def listening(worker):
    """A real worker that listens: its greeting."""
    process = subprocess.Popen(
        [worker, "-m", "vcnode", "worker", "--tcp", "127.0.0.1:0"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    yield decode(process.stdout.readline())
    process.terminate()
    process.communicate()


def start_up(session):
    """What Nuke does with a folder on NUKE_PATH."""
    runpy.run_path(str(NODE_FOLDER / "init.py"))
    if session.gui:
        runpy.run_path(str(NODE_FOLDER / "menu.py"))


@pytest.fixture
def terminal(tmp_path):
    """A Nuke without a user, and a saved script."""
    with running(gui=False) as session:
        start_up(session)
        session.script = (tmp_path / "shot.nk").as_posix()
        yield session


@pytest.fixture
def gui(tmp_path):
    """A Nuke with a user, and a saved script."""
    with running(gui=True) as session:
        start_up(session)
        session.script = (tmp_path / "shot.nk").as_posix()
        yield session


def plate_and_node(session, last=plates.LAST):
    """A plate, a coloured frame of it, and a VCNode on both that wants the plate's range."""
    nuke = session.module
    plate, painted = nuke.nodes.CheckerBoard2(name="Plate"), nuke.nodes.CheckerBoard2(name="Painted")
    session.pictures.update({plate: plates.gray_picture, painted: plates.colored_picture})
    session.ranges.update(dict.fromkeys((plate, painted), (plates.FIRST, last)))
    node = nuke.createNode("VCNode")
    node.setInput(0, plate)
    node.setInput(1, painted)
    node["range_reset"].execute()
    node["ref1_frame"].setValue(plates.FIRST)
    node["quality"].setValue("draft")
    return node


def start_own(node, worker):
    """The node starts its own worker."""
    node["worker_mode"].setValue("start")
    node["python"].setValue(Path(worker).as_posix())
    return node


def attach_to(node, listening):
    """The node uses a worker that runs already."""
    node["worker_mode"].setValue("attach")
    node["worker_address"].setValue(f"127.0.0.1:{listening['port']}")
    node["worker_token"].setValue(listening["token"])
    return node
