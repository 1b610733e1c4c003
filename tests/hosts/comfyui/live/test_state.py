"""A clip in parts has the pixels of the clip in one piece: bit for bit, however the parts are handed over."""

import numpy as np
import pytest

from tests.hosts.comfyui.conftest import colored_clip, gray_clip

COUNT = 6


@pytest.fixture
def whole(executor, coloring):
    """Colours the clip in one piece, with settings; takes itself out of the prompt again."""

    def color(**inputs):
        graph = coloring.graph
        keep = graph.keep(coloring.images(gray_clip(COUNT), **inputs)["images"], "whole")
        executor.finish(graph)
        del graph.prompt[keep.id]
        return graph.array("whole")

    return color


@pytest.mark.parametrize(
    "inputs", [{}, {"look_ahead": 2}, {"scene_cut": 0.3}, {"saturation": 0.7}, {"upsampling": "guided"}], ids=str
)
def test_parts_of_one_prompt(executor, coloring, whole, inputs):
    expected = whole(**inputs)
    state = {}
    for number, part in enumerate(gray_clip(COUNT).split([1, 3, 2])):
        done = coloring.images(part, **inputs, **state)
        coloring.graph.keep(done["images"], f"part_{number}")
        state = {"state": done["state"]}
    executor.finish(coloring.graph)
    parts = [coloring.graph.array(f"part_{number}") for number in range(3)]
    assert np.array_equal(np.concatenate(parts), expected)


def test_parts_run_one_by_one(executor, coloring, whole):
    """The state of the part before comes out of ComfyUI's cache, and a state may be gone on from twice."""
    expected, graph = whole(), coloring.graph
    first = coloring.images(gray_clip(COUNT)[:4])
    graph.keep(first["images"], "first")
    executor.finish(graph)
    for name in ("second", "again"):
        more = coloring.images(gray_clip(COUNT)[4:], state=first["state"])
        graph.keep(more["images"], name)
        ran = executor.finish(graph)
        assert first.id in ran.cached
        assert np.array_equal(np.concatenate([graph.array("first"), graph.array(name)]), expected)


def test_parts_of_a_clip_with_references_for_frames(executor, coloring):
    graph, clip = coloring.graph, gray_clip(COUNT)
    placed = graph.add(
        "VCNode_Reference", image=graph.images(colored_clip(COUNT)[[0, 4]])["images"], frame=0, frame_step=4
    )
    given = {"references": placed["references"]}
    graph.keep(coloring.images(clip, **given)["images"], "whole")
    first = coloring.images(clip[:3], **given)
    graph.keep(first["images"], "first")
    graph.keep(coloring.images(clip[3:], state=first["state"], **given)["images"], "second")
    executor.finish(graph)
    assert np.array_equal(np.concatenate([graph.array("first"), graph.array("second")]), graph.array("whole"))


def test_saved_and_loaded(executor, executor_base, coloring, whole):
    expected, graph = whole(), coloring.graph
    first = coloring.images(gray_clip(COUNT)[:2])
    graph.keep(first["images"], "first")
    saved = graph.add("VCNode_SaveState", state=first["state"], filename_prefix="parts/film")
    graph.keep(saved["state_file"], "name")
    executor.finish(graph)
    (kept,) = graph.kept("name")
    assert (executor_base / "output" / kept.told["text"]).is_file()
    loaded = graph.add("VCNode_LoadState", state_file=kept.told["text"])
    graph.keep(coloring.images(gray_clip(COUNT)[2:], state=loaded["state"])["images"], "second")
    executor.finish(graph)
    assert np.array_equal(np.concatenate([graph.array("first"), graph.array("second")]), expected)


def test_saved_to_and_loaded_from_a_linked_folder(executor, executor_base, coloring, tmp_path):
    try:
        (executor_base / "output" / "linked").symlink_to(tmp_path, target_is_directory=True)
    except OSError:
        pytest.skip("this user may not make links")
    graph = coloring.graph
    first = coloring.images(gray_clip(2))
    graph.keep(graph.add("VCNode_SaveState", state=first["state"], filename_prefix="linked/film")["state_file"], "name")
    executor.finish(graph)
    (kept,) = graph.kept("name")
    assert list(tmp_path.iterdir())
    loaded = graph.add("VCNode_LoadState", state_file=kept.told["text"])
    graph.keep(coloring.images(gray_clip(4)[2:], state=loaded["state"])["images"], "second")
    executor.finish(graph)
    assert graph.array("second").shape[0] == 2


def test_a_saved_state_is_read_again_when_it_was_written_again(executor, executor_base, coloring):
    """As long as the file is the same it is not."""
    graph = coloring.graph
    names = []
    for clip in (gray_clip(2), 1 - gray_clip(2)):
        saved = graph.add("VCNode_SaveState", state=coloring.images(clip)["state"], filename_prefix="again/film")
        names.append(f"name_{saved.id}")
        graph.keep(saved["state_file"], names[-1])
    executor.finish(graph)
    one, other = (executor_base / "output" / graph.kept(name)[0].told["text"] for name in names)
    loaded = graph.add("VCNode_LoadState", state_file=graph.kept(names[0])[0].told["text"])
    graph.keep(coloring.images(gray_clip(4)[2:], state=loaded["state"])["images"], "after")
    executor.finish(graph)
    assert loaded.id in executor.finish(graph).cached
    one.write_bytes(other.read_bytes())
    assert loaded.id in executor.finish(graph).executed
    assert not np.array_equal(*(kept.array for kept in graph.kept("after")))


@pytest.mark.parametrize("other", [{"working_size": 96}, {"images": gray_clip(2, 80, 96)}], ids=["setting", "size"])
def test_a_state_of_something_else(executor, coloring, other):
    graph = coloring.graph
    first = coloring.images(gray_clip(2))
    images = other.pop("images", gray_clip(2))
    second = coloring.images(images, state=first["state"], **other)
    graph.keep(second["images"], "second")
    ran = executor.run(graph)
    assert ran.error is not None
    assert ran.error["node"] == second.id
    assert ran.error["type"] == "ValueError"
    assert "state" in ran.error["message"].lower()
    assert "\n" not in ran.error["message"].strip()
