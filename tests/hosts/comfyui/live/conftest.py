"""ComfyUI in two forms: its executor alone, and its server."""

import pytest

from tests.hosts.comfyui.conftest import SIZE, colored_clip
from tests.hosts.comfyui.live.executor import Executor
from tests.hosts.comfyui.live.graph import Graph
from tests.hosts.comfyui.live.installation import Installation
from tests.hosts.comfyui.live.server import Server

BASE = "Comfy UI ü"  # a folder as people have them


def pytest_collection_modifyitems(items):
    """Skip what needs ComfyUI where there is none, saying so once a file."""
    found = Installation.find()
    for item in items:
        if isinstance(found, str) and "installation" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.skip(reason=found))


@pytest.fixture(scope="session")
def installation():
    return Installation.find()


@pytest.fixture(scope="session")
def executor_base(installation, tmp_path_factory):
    return installation.make_base(tmp_path_factory.mktemp("executor") / BASE)


@pytest.fixture(scope="session")
def executor(installation, executor_base):
    running = Executor(installation, executor_base)
    yield running
    running.close()


@pytest.fixture
def graph(executor, tmp_path):
    """An empty prompt."""
    return Graph(executor.nodes, tmp_path)


@pytest.fixture
def coloring(graph):
    """A prompt that has a model and a reference, and colours images with them."""
    return Coloring(graph)


class Coloring:
    """What most prompts here begin with."""

    def __init__(self, graph):
        self.graph = graph
        self.model = graph.add("VCNode_LoadModel")
        self.photo = graph.images(colored_clip(1))
        self.reference = graph.add("VCNode_Reference", image=self.photo["images"])
        self.given = {"model": self.model["model"], "references": self.reference["references"], "working_size": SIZE}

    def images(self, images, **inputs):
        """Colour images, given as an array or as a link."""
        link = images if isinstance(images, list) else self.graph.images(images)["images"]
        return self.graph.add("VCNode_Colorize", images=link, **(self.given | inputs))

    def video(self, link, **inputs):
        """Colour a video."""
        return self.graph.add("VCNode_ColorizeVideo", video=link, **(self.given | inputs))


@pytest.fixture(scope="session")
def server_base(installation, tmp_path_factory):
    suite = installation.video_helper_suite
    return installation.make_base(tmp_path_factory.mktemp("server") / BASE, [suite] if suite else [])


@pytest.fixture(scope="session")
def server(installation, server_base):
    running = Server(installation, server_base)
    yield running
    running.close()


@pytest.fixture
def server_coloring(server, tmp_path):
    """As `coloring`, for the server."""
    return Coloring(Graph(server.nodes, tmp_path))
