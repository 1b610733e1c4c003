"""What ComfyUI refuses before a run, and how failures read in the editor."""

import numpy as np
import pytest

from tests.hosts.comfyui.conftest import gray_clip
from tests.hosts.comfyui.live.test_loading import IDS


@pytest.fixture
def whole_pack(coloring):
    """A prompt with every node, all on the way to one output: by node id."""
    graph, clip = coloring.graph, coloring.graph.images(gray_clip(4))["images"]
    made = {"VCNode_LoadModel": coloring.model, "VCNode_Reference": coloring.reference}

    def add(kind, **inputs):
        made[kind] = graph.add(kind, **inputs)
        return made[kind]

    shots = add("VCNode_LoadShots", **file_input(graph, "VCNode_LoadShots", "shots.yaml"))
    picked = add("VCNode_PickKeyframes", clip=clip)
    at = add("VCNode_ReferencesAt", images=picked["images"], frames=picked["frames"], references=shots["references"])
    state = add("VCNode_LoadState", state_file="none.vcnode.safetensors")
    given = coloring.given | {"references": at["references"]}
    images = add("VCNode_Colorize", images=clip, state=state["state"], **given)
    video = graph.add("CreateVideo", images=images["images"])["VIDEO"]
    given["references"] = coloring.reference["references"]
    add("VCNode_SaveState", state=add("VCNode_ColorizeVideo", video=video, **given)["state"])
    assert sorted(made) == IDS
    return made


def file_input(graph, kind, name):
    """The one text widget of a node that reads a file."""
    (widget,) = [name for name, (of_type, *_) in graph.inputs(kind).items() if of_type == "STRING"]
    return {widget: name}


def limits(graph):
    for kind in IDS:
        for name, (of_type, *options) in graph.inputs(kind).items():
            if of_type in ("INT", "FLOAT"):
                yield kind, name, options[0]["min"], options[0]["max"]


def test_every_limit_holds(executor, coloring, whole_pack):
    checked = 0
    for kind, name, least, most in limits(coloring.graph):
        node = whole_pack[kind]
        before = coloring.graph.prompt[node.id]["inputs"][name]
        for value, complaint in ((least - 1, "value_smaller_than_min"), (most + 1, "value_bigger_than_max")):
            coloring.graph.change(node, **{name: value})
            assert complaint in executor.run(coloring.graph).refusals(node), (kind, name, value)
            checked += 1
        coloring.graph.change(node, **{name: before})
    assert checked > 20


def test_a_state_that_is_not_there(executor, coloring, whole_pack):
    said = executor.run(coloring.graph).refusals(whole_pack["VCNode_LoadState"])
    assert "none.vcnode.safetensors" in said


def test_a_state_outside_the_output_folder(executor, executor_base, coloring, whole_pack):
    (executor_base / "outside.vcnode.safetensors").write_bytes(b"x")
    for name in ("../outside.vcnode.safetensors", str(executor_base / "outside.vcnode.safetensors")):
        coloring.graph.change(whole_pack["VCNode_LoadState"], state_file=name)
        assert executor.run(coloring.graph).refusals(whole_pack["VCNode_LoadState"])


def test_links_of_another_type(executor, coloring):
    graph = coloring.graph
    done = coloring.images(gray_clip(1), model=coloring.photo["images"])
    graph.keep(done["images"], "colored")
    assert "return_type_mismatch" in executor.run(graph).refusals(done)


@pytest.mark.parametrize("missing", ["model", "images", "references"])
def test_what_is_not_connected(executor, coloring, missing):
    done = coloring.images(gray_clip(1))
    coloring.graph.keep(done["images"], "colored")
    del coloring.graph.prompt[done.id]["inputs"][missing]
    assert f"Required input is missing, {missing}" in executor.run(coloring.graph).refusals(done)


class TestSentences:
    """A failure is one sentence in the editor, of the node that failed, and leaves ComfyUI able to go on."""

    @pytest.fixture(autouse=True)
    def _prompt(self, executor, coloring):
        self.executor, self.coloring, self.graph = executor, coloring, coloring.graph
        yield
        graph = type(self.graph)(executor.nodes, self.graph.folder)
        graph.keep(type(coloring)(graph).images(gray_clip(2))["images"], "afterwards")
        assert executor.run(graph).succeeded

    def failure(self, node, output, kind="ValueError"):
        self.graph.keep(node[output], "out")
        ran = self.executor.run(self.graph)
        if ran.refused:
            return ran.refusals(node)
        assert ran.error is not None, ran
        assert ran.error["node"] == node.id
        assert ran.error["type"] == kind, ran.error["traceback"]
        message = ran.error["message"].strip()
        assert "\n" not in message
        assert 20 < len(message) < 400
        return message

    def test_a_model_that_is_not_there(self, executor_base):
        model = self.graph.add("VCNode_LoadModel", model_name="gone.safetensors")
        said = self.failure(model, "model", "RuntimeError")
        assert "gone.safetensors" in said
        assert str(executor_base / "models" / "vcnode") in said or "not in list" in said.lower()

    def test_a_model_file_of_something_else(self, executor_base):
        folder = executor_base / "models" / "vcnode"
        folder.mkdir(exist_ok=True)
        (folder / "other.safetensors").write_bytes(b"no weights")
        model = self.graph.add("VCNode_LoadModel", model_name="other.safetensors")
        assert "other.safetensors" in self.failure(model, "model", "RuntimeError")

    def test_pixels_that_are_not_numbers(self):
        images = gray_clip(3).numpy()
        images[1, 5, 5] = np.nan
        assert "1" in self.failure(self.coloring.images(images), "images")

    def test_a_gray_reference(self):
        gray = self.graph.images(gray_clip(1))["images"]
        assert "reference" in self.failure(self.coloring.images(gray_clip(1), references=gray), "images").lower()

    def test_a_mask_of_another_size(self):
        mask = self.graph.images(np.ones((1, 10, 10)))["mask"]
        reference = self.graph.add("VCNode_Reference", image=self.coloring.photo["images"], mask=mask)
        assert "mask" in self.failure(reference, "references").lower()

    def test_a_working_size_that_is_too_small(self):
        assert "working" in self.failure(self.coloring.images(gray_clip(1), working_size=8), "images").lower()

    def test_half_precision_on_the_cpu(self):
        model = self.graph.add("VCNode_LoadModel", precision="fp16")
        assert "fp16" in self.failure(model, "model")

    def test_shots_that_are_not_there(self):
        shots = self.graph.add("VCNode_LoadShots", **file_input(self.graph, "VCNode_LoadShots", "gone.yaml"))
        self.graph.keep(shots["references"], "out")
        ran = self.executor.run(self.graph)
        assert "gone.yaml" in (ran.error["message"] if ran.error else ran.refusals(shots))

    def test_a_film_that_is_damaged(self, executor_base):
        (executor_base / "input" / "damaged.mp4").write_bytes(b"nothing" * 100)
        video = self.graph.add("LoadVideo", file="damaged.mp4")["VIDEO"]
        assert "damaged.mp4" in self.failure(self.coloring.video(video), "video", "RuntimeError")
