"""Colouring images in ComfyUI's own executor."""

import numpy as np
import pytest

from tests.hosts.comfyui.conftest import colored_clip, gray_clip
from tests.hosts.comfyui.live.graph import Graph

LUMA = np.array([0.2126, 0.7152, 0.0722], np.float32)


@pytest.fixture
def color(executor, coloring):
    """Colours images in a prompt of their own and gives what came out."""

    def run(images, dtype="float32", **inputs):
        graph = coloring.graph
        name = f"colored_{len(graph.prompt)}"
        done = coloring.images(graph.images(images, dtype)["images"], **inputs)
        keep = graph.keep(done["images"], name)
        executor.finish(graph)
        del graph.prompt[keep.id]  # the next run has its own
        return graph.array(name)

    return run


class TestARun:
    @pytest.fixture
    def ran(self, executor, coloring):
        self.graph = coloring.graph
        self.done = coloring.images(gray_clip(3))
        for name in ("images", "confidence"):
            self.graph.keep(self.done[name], name)
        ran = executor.run(self.graph)
        assert ran.succeeded, ran
        return ran

    @pytest.mark.usefixtures("ran")
    def test_images(self):
        (kept,) = self.graph.kept("images")
        assert kept.array.shape == (3, 64, 96, 3)
        assert kept.told["dtype"] == "torch.float32"
        assert kept.told["contiguous"]
        assert 0 <= kept.array.min() <= kept.array.max() <= 1
        assert (np.ptp(kept.array, axis=-1).mean((1, 2)) > 0.05).all()

    @pytest.mark.usefixtures("ran")
    def test_luma_is_kept(self):
        assert np.abs((self.graph.array("images") - gray_clip(3).numpy()) @ LUMA).max() < 1 / 255

    @pytest.mark.usefixtures("ran")
    def test_confidence_is_a_mask(self):
        confidence = self.graph.array("confidence")
        assert confidence.shape == (3, 64, 96)
        assert 0 <= confidence.min() < confidence.max() <= 1

    @pytest.mark.usefixtures("ran")
    def test_in_inference_mode(self):
        (kept,) = self.graph.kept("images")
        assert kept.told["inference"]
        assert kept.told["inference_tensor"]

    def test_inputs_stay_as_they_were(self, ran):
        assert ran.changed_inputs == 0

    def test_again_is_all_cached(self, executor, ran):
        again = executor.run(self.graph)
        assert again.succeeded
        assert again.executed == []
        assert sorted(again.cached) == sorted(self.graph.prompt)
        assert {*ran.executed, *ran.cached} == set(self.graph.prompt)
        assert self.done.id in ran.executed

    @pytest.mark.usefixtures("ran")
    def test_another_setting_runs_only_what_depends_on_it(self, executor):
        before = self.graph.array("images")
        self.graph.change(self.done, saturation=0.5)
        again = executor.run(self.graph)
        assert again.executed[0] == self.done.id
        assert len(again.executed) == 3  # and the two that keep
        assert chroma_of(self.graph.kept("images")[1].array) < chroma_of(before)


def chroma_of(images):
    return np.ptp(images, axis=-1).mean()


def test_a_node_that_writes_into_its_input_is_noticed(executor, graph):
    """The check that other tests rely on."""
    graph.keep(graph.add("VCProbe_Spoil", images=graph.images(gray_clip(1))["images"])["IMAGE"], "spoiled")
    assert executor.run(graph).changed_inputs == 1


def test_alpha_is_left_out(color):
    images = gray_clip(2).numpy()
    alpha = np.linspace(0, 1, images[..., :1].size, dtype=np.float32).reshape(images[..., :1].shape)
    assert np.array_equal(color(np.concatenate([images, alpha], -1)), color(images))


def test_half_precision_images(color):
    images = gray_clip(2).half()
    assert np.array_equal(color(images, dtype="float16"), color(images.float()))


def test_references_with_alpha_and_half_precision(color, coloring):
    photo = colored_clip(1).half().float().numpy()
    expected = color(gray_clip(1), references=coloring.graph.images(photo)["images"])
    with_alpha = coloring.graph.images(np.concatenate([photo, photo[..., :1] * 0], -1))
    half = coloring.graph.images(photo, "float16")
    for other in (with_alpha, half):
        assert np.array_equal(color(gray_clip(1), references=other["images"]), expected)


def test_a_plain_image_is_a_reference(color, coloring):
    plain = color(gray_clip(2), references=coloring.photo["images"])
    assert np.array_equal(plain, color(gray_clip(2)))


def test_a_mask(color, coloring):
    mask = np.zeros((1, 64, 96), np.float32)
    mask[:, :, 60:] = 1
    given = {"image": coloring.photo["images"], "mask": coloring.graph.images(mask)["mask"]}
    masked = coloring.graph.add("VCNode_Reference", **given)
    assert not np.array_equal(color(gray_clip(1), references=masked["references"]), color(gray_clip(1)))


def test_the_same_pixels_in_another_session(executor, coloring, tmp_path):
    """Nothing of what came before in ComfyUI's process shows in the pixels."""
    kept = []
    for name in ("first", "second"):
        folder = tmp_path / name
        folder.mkdir()
        graph = Graph(executor.nodes, folder)  # other file names, so nothing is cached
        graph.keep(type(coloring)(graph).images(gray_clip(3))["images"], "images")
        assert executor.run(graph).succeeded
        kept.append(graph.array("images"))
    assert np.array_equal(*kept)


def test_keyframes_become_references(executor, coloring):
    graph, clip = coloring.graph, gray_clip(8)
    picked = graph.add("VCNode_PickKeyframes", clip=graph.images(clip)["images"], mode="even", max_frames=2)
    graph.keep(picked["images"], "picked")
    graph.keep(picked["report"], "report")
    tinted = graph.images(colored_clip(8)[[0, 4]])["images"]
    at = graph.add("VCNode_ReferencesAt", images=tinted, frames=picked["frames"])
    graph.keep(coloring.images(clip, references=at["references"])["images"], "colored")
    ran = executor.run(graph)
    assert ran.succeeded, ran
    assert graph.array("picked").shape == (2, 64, 96, 3)
    assert (np.ptp(graph.array("colored"), axis=-1).mean((1, 2)) > 0.05).all()
