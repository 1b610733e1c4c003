"""VCNode_Colorize and what it is fed: images in, coloured images out."""

import pytest
import torch

from tests.hosts.comfyui.conftest import chroma, colored_clip, gray_clip
from tests.hosts.comfyui.stub import Source, run_graph, with_defaults
from tests.hosts.comfyui.stub.host import InterruptProcessingException


@pytest.fixture
def reference(pack):
    return pack.references(colored_clip(1))


def test_one_reference_colors_a_clip(pack, reference, comfy):
    given = pack.colorize(gray_clip(3), reference)
    assert given["images"].shape == (3, 64, 96, 3)
    assert (chroma(given["images"]) > 0.05).all()
    assert given["confidence"].shape == (3, 64, 96)
    assert given["confidence"].max() > 0.5
    assert len(str(given["state"])) < 300, "ComfyUI prints inputs when a node fails"
    assert comfy.loads, "the model was not asked for through comfy.model_management"
    assert comfy.loads[-1][1] > 0, "no estimate of the memory that colouring takes"


def test_as_a_graph(pack):
    """The links' types fit, and a plain image may stand for references."""
    nodes = pack.nodes
    sources = {"clip": (Source(gray_clip(2), "IMAGE"),), "photo": (Source(colored_clip(1), "IMAGE"),)}
    settings = {"working_size": 64}
    colorize = {"images": ["clip", 0], "model": ["model", 0]} | with_defaults(nodes["VCNode_Colorize"], settings)
    prompt = {
        "model": {"class_type": "VCNode_LoadModel", "inputs": with_defaults(nodes["VCNode_LoadModel"], {})},
        "reference": {
            "class_type": "VCNode_Reference",
            "inputs": with_defaults(nodes["VCNode_Reference"], {"image": ["photo", 0]}),
        },
        "by_node": {"class_type": "VCNode_Colorize", "inputs": colorize | {"references": ["reference", 0]}},
        "plain": {"class_type": "VCNode_Colorize", "inputs": colorize | {"references": ["photo", 0]}},
    }
    done = run_graph(nodes, prompt, sources)
    assert torch.equal(done["by_node"][0], done["plain"][0])


def test_no_saturation_is_gray(pack, reference):
    given = pack.colorize(gray_clip(1), reference, saturation=0.0)["images"]
    assert chroma(given).max() < 1e-3


def test_native_working_size(pack, reference):
    assert pack.colorize(gray_clip(1), reference, working_size=0)["images"].shape == (1, 64, 96, 3)


def test_progress_counts_every_frame(pack, reference, comfy):
    pack.colorize(gray_clip(4), reference)
    values = [value for value, total, _ in comfy.progress if total == 4]
    assert values[-4:] == [1, 2, 3, 4]


class TestReferences:
    def test_chained(self, pack, reference):
        other = 1 - colored_clip(1)
        both = pack.references(other, references=reference)
        images = gray_clip(1)
        alone = pack.colorize(images, reference)["images"]
        assert (str(both), str(reference)) == ("2 references", "1 references")
        assert not torch.equal(pack.colorize(images, both)["images"], alone)

    def test_of_different_sizes(self, pack, reference):
        both = pack.references(colored_clip(1, 80, 80), references=reference)
        assert pack.colorize(gray_clip(1), both)["images"].shape == (1, 64, 96, 3)

    def test_a_batch_is_several_references(self, pack):
        clip = colored_clip(3)
        chain = pack.references(clip[:1], frame=4)
        for number in (1, 2):
            chain = pack.references(clip[number : number + 1], frame=4 + 5 * number, references=chain)
        batch = pack.references(clip, frame=4, frame_step=5)
        images = gray_clip(2)
        assert str(batch) == "3 references"
        assert torch.equal(pack.colorize(images, batch)["images"], pack.colorize(images, chain)["images"])

    def test_placed_by_a_list_of_frames(self, pack):
        clip = colored_clip(8)
        picked = pack.run("VCNode_PickKeyframes", clip=gray_clip(8), mode="even", max_frames=3)
        assert picked["images"].shape == (3, 64, 96, 3)
        at = pack.run("VCNode_ReferencesAt", images=clip[:3], frames=picked["frames"])["references"]
        assert str(at) == "3 references"

    def test_an_empty_mask_of_the_loader_is_no_mask(self, pack, reference):
        masked = pack.references(colored_clip(1), mask=torch.zeros(1, 64, 64))
        images = gray_clip(1)
        expected = pack.colorize(images, reference)["images"]
        assert torch.equal(pack.colorize(images, masked)["images"], expected)

    def test_a_mask_says_where_colors_count(self, pack, reference):
        mask = torch.zeros(1, 64, 96)
        mask[:, :, 60:] = 1
        images = gray_clip(1)
        masked = pack.colorize(images, pack.references(colored_clip(1), mask=mask))["images"]
        assert not torch.equal(masked, pack.colorize(images, reference)["images"])


class TestStopping:
    def test_within_a_frame(self, pack, reference, comfy):
        def stop(value):
            comfy.interrupted = value == 2

        comfy.on_progress = stop
        with pytest.raises(InterruptProcessingException):
            pack.colorize(gray_clip(6), reference)
        assert comfy.progress[-1][0] <= 3

    def test_before_the_first_frame(self, pack, reference, comfy):
        comfy.interrupted = True
        with pytest.raises(InterruptProcessingException):
            pack.colorize(gray_clip(2), reference)
        assert not [value for value, _, _ in comfy.progress if value > 0]


class TestErrors:
    """One clear sentence each, fit for the box that the editor shows."""

    @staticmethod
    def sentence(error):
        text = str(error.value)
        assert text.endswith(".")
        assert "\n" not in text
        assert 20 < len(text) < 300
        return text

    @pytest.mark.parametrize("number", [0, 2])
    def test_a_frame_that_is_not_numbers(self, pack, reference, number):
        images = gray_clip(3)
        images[number, 5, 5] = float("nan")
        with pytest.raises(Exception, match=rf"\b{number}\b") as refused:
            pack.colorize(images, reference)
        assert "number" in self.sentence(refused).lower()

    def test_a_reference_that_is_not_numbers(self, pack):
        photo = colored_clip(1)
        photo[0, 3, 3] = float("inf")
        with pytest.raises(Exception, match=r"(?i)reference") as refused:
            pack.colorize(gray_clip(1), pack.references(photo))
        self.sentence(refused)

    def test_a_model_that_is_gone(self, pack):
        with pytest.raises(Exception, match=r"gone\.safetensors") as refused:
            pack.run("VCNode_LoadModel", validated=False, model_name="gone.safetensors")
        assert "models" in self.sentence(refused)

    def test_a_choice_that_is_gone(self, pack):
        """ComfyUI lets values of choices through that are not offered."""
        with pytest.raises(Exception, match="fp64") as refused:
            pack.run("VCNode_LoadModel", validated=False, precision="fp64")
        self.sentence(refused)

    def test_a_mask_for_another_number_of_images(self, pack):
        with pytest.raises(Exception, match=r"\b3\b") as refused:
            pack.references(colored_clip(2), mask=torch.ones(3, 64, 96))
        self.sentence(refused)

    def test_keyframes_and_numbers_that_do_not_pair(self, pack):
        picked = pack.run("VCNode_PickKeyframes", clip=gray_clip(6), mode="even", max_frames=3)
        with pytest.raises(Exception, match=r"\b2\b.*\b3\b|\b3\b.*\b2\b") as refused:
            pack.run("VCNode_ReferencesAt", images=colored_clip(2), frames=picked["frames"])
        self.sentence(refused)

    def test_too_little_memory(self, pack, reference, monkeypatch):
        """The type stays, since ComfyUI answers it by unloading models; the advice is ours."""
        import comfy.model_management as management

        def too_little(*args, **options):
            raise management.OOM_EXCEPTION("CUDA out of memory.")

        monkeypatch.setattr(management, "load_models_gpu", too_little)
        with pytest.raises(management.OOM_EXCEPTION, match="working_size"):
            pack.colorize(gray_clip(1), reference)
