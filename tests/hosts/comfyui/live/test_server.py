"""The pack in ComfyUI's server, as the editor meets it."""

import urllib.request

import numpy as np
import pytest

from tests.hosts.comfyui.conftest import gray_clip
from tests.hosts.comfyui.live.films import write_film
from tests.hosts.comfyui.live.test_loading import IDS

COUNT = 8
JPEG = "ffd8"  # how its bytes begin, in hex


@pytest.fixture
def film(server_base):
    return write_film(server_base / "input" / "film.mp4", gray_clip(COUNT))


def long_clip(count):
    """The clip over and over, a multiple of its own frames."""
    return np.tile(gray_clip(COUNT).numpy(), (count // COUNT, 1, 1, 1))


def test_everything_has_a_name_and_a_tooltip(server):
    assert sorted(name for name in server.nodes if name.startswith("VCNode_")) == IDS
    for kind in IDS:
        told = server.nodes[kind]
        assert told["display_name"]
        assert told["description"]
        assert told["category"] == "vcnode"
        assert told["python_module"] == "custom_nodes.vcnode"
        for group in ("required", "optional"):
            for name, (_, options) in told["input"].get(group, {}).items():
                assert options["tooltip"], (kind, name)
        assert len(told["output_tooltips"]) == len(told["output_name"])
        assert all(told["output_tooltips"])


@pytest.mark.parametrize("kind", IDS)
def test_help_pages(server, kind):
    with urllib.request.urlopen(f"{server.address}/extensions/vcnode/docs/{kind}.md", timeout=60) as page:
        assert server.nodes[kind]["display_name"] in page.read().decode()


def test_example_workflows_are_offered(server):
    assert server.get("/workflow_templates")["vcnode"]


def test_images(server, server_coloring):
    graph = server_coloring.graph
    done = server_coloring.images(gray_clip(COUNT))
    graph.keep(done["images"], "images")
    talk = server.run(graph)
    assert talk.of("execution_success")
    values = [(data["value"], data["max"]) for data in talk.of("progress", done)]
    assert values == [(number, COUNT) for number in range(1, COUNT + 1)]
    previews = talk.of("binary")
    assert previews
    assert all(preview["head"].startswith(JPEG) for preview in previews)
    assert graph.array("images").shape == (COUNT, 64, 96, 3)


def test_a_film(server, server_base, server_coloring, film):
    graph = server_coloring.graph
    done = server_coloring.video(graph.add("LoadVideo", file=film.name)["VIDEO"])
    save = graph.add("SaveVideo", video=done["video"], filename_prefix="colored/film")
    talk = server.run(graph)
    assert talk.of("execution_success"), talk.messages[-1]
    assert [data["value"] for data in talk.of("progress", done)][-COUNT:] == list(range(1, COUNT + 1))
    assert talk.of("binary")
    (output,) = talk.of("executed", save)
    (shown,) = output["output"]["images"]
    assert (server_base / "output" / shown["subfolder"] / shown["filename"]).is_file()


class TestInterrupting:
    @pytest.mark.parametrize("after", [1, 3])
    def test_images(self, server, server_coloring, after):
        graph, count = server_coloring.graph, 200
        done = server_coloring.images(long_clip(count))
        graph.keep(done["images"], "images")
        self.check(server.run(graph, interrupt_after=after), done, count)
        assert not graph.kept("images")

    def test_a_film(self, server, server_base, server_coloring):
        graph, count = server_coloring.graph, 200
        film = write_film(server_base / "input" / "long.mp4", long_clip(count))
        done = server_coloring.video(graph.add("LoadVideo", file=film.name)["VIDEO"])
        graph.keep(done["video"], "video")
        before = films_in(server_base / "temp")
        self.check(server.run(graph, interrupt_after=3), done, count)
        assert not graph.kept("video")
        assert films_in(server_base / "temp") == before, "an unfinished film lies among the finished ones"

    def test_a_film_goes_on(self, server, server_base, server_coloring):
        """When the same is queued again, with the pixels of a film that was not stopped."""
        graph, images = server_coloring.graph, long_clip(3 * COUNT)
        for name in ("stopped", "unstopped"):
            film = write_film(server_base / "input" / f"{name}.mp4", images)
            done = server_coloring.video(graph.add("LoadVideo", file=film.name)["VIDEO"], quality="lossless")
            keep = graph.keep(done["video"], name)
            if name == "stopped":
                assert server.run(graph, interrupt_after=10).of("execution_interrupted")
            talk = server.run(graph)
            assert talk.of("execution_success"), talk.messages[-1]
            del graph.prompt[keep.id]
        assert np.array_equal(graph.array("stopped"), graph.array("unstopped"))
        assert graph.array("stopped").shape == images.shape

    @pytest.mark.parametrize("mode", ["scene cuts", "even"])
    def test_looking_for_keyframes(self, server, server_base, server_coloring, mode):
        """While frames are looked at, and while those wanted are fetched."""
        graph, count = server_coloring.graph, 200
        film = write_film(server_base / "input" / "keyframes.mp4", long_clip(count))
        video = graph.add("LoadVideo", file=film.name)["VIDEO"]
        picked = graph.add("VCNode_PickKeyframes", clip=video, mode=mode, max_frames=count)
        graph.keep(picked["images"], "picked")
        self.check(server.run(graph, interrupt_after=3), picked, count)

    @staticmethod
    def check(talk, node, count):
        (stopped,) = talk.of("execution_interrupted")
        assert stopped["node_id"] == node.id
        assert not talk.of("execution_success")
        assert not talk.of("execution_error")
        assert talk.of("progress", node)[-1]["value"] < count

    def test_what_was_stopped_runs_again(self, server, server_coloring):
        graph = server_coloring.graph
        graph.keep(server_coloring.images(long_clip(5 * COUNT))["images"], "images")
        assert server.run(graph, interrupt_after=2).of("execution_interrupted")
        assert server.run(graph).of("execution_success")
        assert len(graph.array("images")) == 5 * COUNT


def films_in(folder):
    return {file for file in folder.rglob("*.mp4") if ".partial" not in file.name}


def test_models_can_be_unloaded_between_runs(server, server_coloring):
    """`/free`, the editor's "unload models", must not leave the loader's cached result behind unusable."""
    graph = server_coloring.graph
    done = server_coloring.images(gray_clip(2))
    graph.keep(done["images"], "images")
    assert server.run(graph).of("execution_success")
    body = b'{"unload_models": true, "free_memory": false}'
    request = urllib.request.Request(f"{server.address}/free", body, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=60):
        pass
    graph.change(done, start_frame=1)
    assert server.run(graph).of("execution_success")
    assert np.array_equal(*(kept.array for kept in graph.kept("images")))
