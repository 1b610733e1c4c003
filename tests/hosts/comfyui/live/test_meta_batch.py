"""VideoHelperSuite's meta-batches: a run that queues itself again for each batch has the pixels of one batch."""

import numpy as np
import pytest

from tests.hosts.comfyui.conftest import gray_clip
from tests.hosts.comfyui.live.films import RATE, write_film

COUNT, BATCH = 8, 3


@pytest.fixture
def frames(server, server_base, server_coloring):
    """Adds VideoHelperSuite's loader of a film, with a manager or without; gives its images' link."""
    if "VHS_LoadVideoPath" not in server.nodes:
        pytest.skip("VideoHelperSuite is not in the checkout's custom_nodes, or could not be loaded")
    film = write_film(server_base / "input" / "batches.mp4", gray_clip(COUNT))

    def add(**inputs):
        return server_coloring.graph.add("VHS_LoadVideoPath", video=str(film), **inputs)[0]

    return add


@pytest.fixture
def batches(server, server_coloring, frames):
    """Colours the film in batches; gives the batches."""
    graph = server_coloring.graph

    def run(name, **inputs):
        manager = graph.add("VHS_BatchManager", frames_per_batch=BATCH)
        link = frames(meta_batch=manager[0])
        done = server_coloring.images(link, meta_batch=manager[0], **inputs)
        graph.keep(done["images"], name)
        combined = {"images": done["images"], "meta_batch": manager[0], "frame_rate": RATE, "format": "video/h264-mp4"}
        graph.add("VHS_VideoCombine", pix_fmt="yuv420p", crf=19, save_metadata=False, trim_to_audio=False, **combined)
        talk = server.run(graph)
        assert not talk.of("execution_error"), talk.of("execution_error")[0]["exception_message"]
        return [kept.array for kept in graph.kept(name)]

    return run


def test_batches_are_the_whole(server, server_coloring, frames, batches):
    graph = server_coloring.graph
    keep = graph.keep(server_coloring.images(frames())["images"], "whole")
    assert server.run(graph).of("execution_success")
    del graph.prompt[keep.id]
    parts = batches("parts")
    assert [len(part) for part in parts] == [3, 3, 2]
    assert np.array_equal(np.concatenate(parts), graph.array("whole"))


def test_a_second_run_starts_afresh(server, server_coloring, batches):
    first = batches("parts")
    assert server.run(server_coloring.graph).of("execution_success")
    both = [kept.array for kept in server_coloring.graph.kept("parts")]
    assert np.array_equal(np.concatenate(both[len(first) :]), np.concatenate(first))
