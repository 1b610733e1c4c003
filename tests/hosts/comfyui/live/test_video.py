"""Colouring films in ComfyUI's own executor."""

import hashlib
from pathlib import Path

import numpy as np
import pytest

from tests.hosts.comfyui.conftest import gray_clip
from tests.hosts.comfyui.live.films import RATE, SAMPLES, write_film

COUNT = 7


@pytest.fixture
def film(executor_base):
    return write_film(executor_base / "input" / "film.mp4", gray_clip(COUNT))


@pytest.fixture
def loaded(graph, film):
    """Load Video's output."""
    return graph.add("LoadVideo", file=film.name)["VIDEO"]


def is_colored(images):
    return (np.ptp(images, axis=-1).mean((1, 2)) > 0.03).all()


def test_from_a_file(executor, executor_base, coloring, loaded, film):
    before = hashlib.sha256(film.read_bytes()).digest()
    graph = coloring.graph
    done = coloring.video(loaded)
    graph.keep(done["video"], "video")
    graph.keep(done["report"], "report")
    executor.finish(graph)
    (kept,) = graph.kept("video")
    assert kept.told["type"] == "VideoFromFile"
    assert Path(kept.told["path"]).is_relative_to(executor_base / "temp")
    assert kept.array.shape == (COUNT, 64, 96, 3)
    assert is_colored(kept.array)
    assert kept.told["rate"] == str(RATE)
    assert abs(kept.told["samples"] - SAMPLES * COUNT // RATE) < 2100  # AAC pads to blocks of 1024
    assert str(COUNT) in graph.kept("report")[0].told["text"]
    assert hashlib.sha256(film.read_bytes()).digest() == before
    leftovers = [file for file in (executor_base / "temp").rglob("*") if file.is_file() and file.suffix != ".mp4"]
    assert not leftovers


def test_from_images(executor, coloring, loaded):
    """Create Video's result is no file."""
    graph = coloring.graph
    parts = graph.add("GetVideoComponents", video=loaded)
    made = graph.add("CreateVideo", images=parts["images"], audio=parts["audio"], fps=parts["fps"])
    graph.keep(coloring.video(made["VIDEO"])["video"], "video")
    graph.keep(coloring.images(parts["images"])["images"], "images")
    executor.finish(graph)
    (kept,) = graph.kept("video")
    assert kept.array.shape == (COUNT, 64, 96, 3)
    assert kept.told["rate"] == str(RATE)
    assert kept.told["samples"] > 0
    assert np.abs(kept.array - graph.array("images")).mean() < 0.01


def test_both_ways_agree(executor, coloring, loaded):
    graph = coloring.graph
    graph.keep(coloring.video(loaded, quality="lossless")["video"], "film")
    graph.keep(coloring.images(graph.add("GetVideoComponents", video=loaded)["images"])["images"], "images")
    executor.finish(graph)
    assert np.abs(graph.array("film") - graph.array("images")).mean() < 0.01


def test_saved_by_comfyui(executor, executor_base, coloring, loaded):
    graph = coloring.graph
    graph.add("SaveVideo", video=coloring.video(loaded)["video"], filename_prefix="colored/film")
    executor.finish(graph)
    (saved,) = (executor_base / "output" / "colored").iterdir()
    assert saved.suffix == ".mp4"
    assert saved.stat().st_size > 1000


def test_again_is_all_cached(executor, coloring, loaded):
    coloring.graph.keep(coloring.video(loaded)["video"], "video")
    executor.finish(coloring.graph)
    assert executor.finish(coloring.graph).executed == []


def test_another_film_of_that_name_is_colored_again(executor, coloring, loaded, film):
    coloring.graph.keep(coloring.video(loaded)["video"], "video")
    executor.finish(coloring.graph)
    write_film(film, gray_clip(COUNT + 2))
    executor.finish(coloring.graph)
    first, second = coloring.graph.kept("video")
    assert (len(first.array), len(second.array)) == (COUNT, COUNT + 2)
    assert first.told["path"] != second.told["path"], "the first may still be in use"


def test_in_parts(executor, coloring, loaded):
    graph = coloring.graph
    graph.keep(coloring.video(loaded, quality="lossless")["video"], "whole")
    first = coloring.video(loaded, quality="lossless", frame_count=3)
    graph.keep(first["video"], "first")
    graph.keep(coloring.video(loaded, quality="lossless", state=first["state"])["video"], "second")
    executor.finish(graph)
    parts = [graph.array("first"), graph.array("second")]
    assert [len(part) for part in parts] == [3, COUNT - 3]
    assert np.array_equal(np.concatenate(parts), graph.array("whole"))


def test_a_film_that_begins_later(executor, coloring, loaded):
    graph = coloring.graph
    graph.keep(coloring.video(loaded, start_frame=2, frame_count=3)["video"], "part")
    executor.finish(graph)
    assert len(graph.array("part")) == 3


def test_a_film_that_ends_before(executor, coloring, loaded):
    done = coloring.video(loaded, start_frame=COUNT + 5)
    coloring.graph.keep(done["video"], "part")
    ran = executor.run(coloring.graph)
    assert ran.error is not None
    assert ran.error["type"] == "ValueError"
    assert str(COUNT + 5) in ran.error["message"]


def test_keyframes_of_a_film(executor, graph, loaded):
    picked = graph.add("VCNode_PickKeyframes", clip=loaded, mode="even", max_frames=3)
    graph.keep(picked["images"], "picked")
    executor.finish(graph)
    assert graph.array("picked").shape == (3, 64, 96, 3)
