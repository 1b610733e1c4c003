"""Colours that run backward, or both ways, in ComfyUI."""

import numpy as np
import pytest

from tests.hosts.comfyui.conftest import colored_clip, gray_clip
from tests.hosts.comfyui.live.films import write_film

COUNT = 7
LAST = COUNT - 1


@pytest.fixture
def loaded(executor_base, graph):
    """Load Video's output."""
    film = write_film(executor_base / "input" / "both.mp4", gray_clip(COUNT))
    return graph.add("LoadVideo", file=film.name)["VIDEO"]


def at_the_end(coloring):
    """A reference of the clip's last frame."""
    image = coloring.graph.images(colored_clip(COUNT)[LAST:])["images"]
    return coloring.graph.add("VCNode_Reference", image=image, frame=LAST)["references"]


def test_offered_last(graph):
    for kind in ("VCNode_Colorize", "VCNode_ColorizeVideo"):
        name, (of_type, *options) = list(graph.inputs(kind).items())[-1]
        assert name == "direction"
        assert "direction" in graph.nodes[kind]["input"]["optional"]
        assert (of_type if isinstance(of_type, list) else options[0]["options"]) == ["forward", "backward", "both"]
        assert options[0]["default"] == "forward"


def test_images(executor, coloring):
    graph, clip, references = coloring.graph, gray_clip(COUNT), at_the_end(coloring)
    for direction in ("forward", "backward", "both"):
        done = coloring.images(clip, references=references, direction=direction)
        graph.keep(done["images"], direction)
    older = coloring.images(clip, references=references)
    del graph.prompt[older.id]["inputs"]["direction"]
    graph.keep(older["images"], "older")
    executor.finish(graph)
    colored = {name: graph.array(name) for name in ("forward", "backward", "both", "older")}
    assert np.array_equal(colored["older"], colored["forward"])
    assert np.array_equal(colored["both"], colored["backward"])  # nothing lies behind the keyframe
    assert not np.array_equal(colored["both"][:LAST], colored["forward"][:LAST])
    assert (np.ptp(colored["both"], axis=-1).mean((1, 2)) > 0.03).all()


def test_films_and_images_agree(executor, coloring, loaded):
    graph, given = coloring.graph, {"references": at_the_end(coloring), "direction": "both"}
    graph.keep(coloring.video(loaded, quality="lossless", **given)["video"], "film")
    images = graph.add("GetVideoComponents", video=loaded)["images"]
    graph.keep(coloring.images(images, **given)["images"], "images")
    in_memory = graph.add("CreateVideo", images=images, fps=12.0)["VIDEO"]
    graph.keep(coloring.video(in_memory, **given)["video"], "memory")
    executor.finish(graph)
    assert np.abs(graph.array("film") - graph.array("images")).mean() < 0.01
    assert np.array_equal(graph.array("memory"), graph.array("images"))


def test_parts_of_a_film(executor, coloring, loaded):
    graph, given = coloring.graph, {"references": at_the_end(coloring), "direction": "both", "quality": "lossless"}
    graph.keep(coloring.video(loaded, **given)["video"], "whole")
    first = coloring.video(loaded, frame_count=3, **given)
    graph.keep(first["video"], "first")
    graph.keep(coloring.video(loaded, state=first["state"], **given)["video"], "second")
    executor.finish(graph)
    parts = [graph.array("first"), graph.array("second")]
    assert np.array_equal(np.concatenate(parts), graph.array("whole"))


def test_a_piece_of_a_clip(executor, coloring):
    done = coloring.images(gray_clip(2), start_frame=3, direction="backward")
    coloring.graph.keep(done["images"], "colored")
    ran = executor.run(coloring.graph)
    assert ran.error["type"] == "ValueError"
    assert "give the whole clip as one batch, or use Colorize Video" in ran.error["message"]


class TestOnTheServer:
    """A run back of many frames, before the first one comes out."""

    MANY = 200

    @pytest.fixture
    def done(self, server_base, server_coloring, request):
        graph = server_coloring.graph
        clip = np.tile(gray_clip(8).numpy(), (self.MANY // 8, 1, 1, 1))
        image = graph.images(colored_clip(1))["images"]
        last = graph.add("VCNode_Reference", image=image, frame=self.MANY - 1)
        given = {"references": last["references"], "direction": "both"}
        if request.param == "images":
            done = server_coloring.images(clip, **given)
            graph.keep(done["images"], "kept")
        else:
            film = write_film(server_base / "input" / "back.mp4", clip)
            done = server_coloring.video(graph.add("LoadVideo", file=film.name)["VIDEO"], **given)
            graph.keep(done["video"], "kept")
        return done

    @pytest.mark.parametrize("done", ["images", "film"], indirect=True)
    def test_it_is_shown_and_can_be_stopped(self, server, server_coloring, done):
        talk = server.run(server_coloring.graph, interrupt_after=5)
        (stopped,) = talk.of("execution_interrupted")
        assert stopped["node_id"] == done.id
        assert not talk.of("execution_error")
        shown = [(data["value"], data["max"]) for data in talk.of("progress", done)]
        assert shown[:5] == [(number, self.MANY + number) for number in range(1, 6)]
        assert shown[-1][0] < self.MANY
        assert not talk.of("binary"), "a frame came out"
