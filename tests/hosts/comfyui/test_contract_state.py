"""A clip in parts gives the pixels of the clip in one piece, however the parts are handed over."""

import pytest
import torch

from tests.hosts.comfyui.conftest import colored_clip, gray_clip


@pytest.fixture
def reference(pack):
    return pack.references(colored_clip(1))


@pytest.fixture
def images():
    return gray_clip(6)


def test_split_equals_whole_with_references_placed(pack, images):
    references = pack.references(colored_clip(6)[[0, 4]], frame=0, frame_step=4)
    whole = pack.colorize(images, references)
    first = pack.colorize(images[:3], references)
    second = pack.colorize(images[3:], references, state=first["state"])
    assert torch.equal(torch.cat([first["images"], second["images"]]), whole["images"])


def test_split_equals_whole_with_scene_cuts(pack, reference):
    images = torch.cat([gray_clip(3), 1 - gray_clip(3) * 0.9])
    whole = pack.colorize(images, reference, scene_cut=0.2)
    assert not torch.equal(whole["images"], pack.colorize(images, reference)["images"])
    for cut in (2, 3):
        first = pack.colorize(images[:cut], reference, scene_cut=0.2)
        second = pack.colorize(images[cut:], reference, scene_cut=0.2, state=first["state"])
        assert torch.equal(torch.cat([first["images"], second["images"]]), whole["images"])


def test_a_state_can_be_used_twice(pack, reference, images):
    state = pack.colorize(images[:3], reference)["state"]
    again = [pack.colorize(images[3:], reference, state=state)["images"] for _ in range(2)]
    assert torch.equal(*again)


def test_a_state_matters(pack, reference, images):
    state = pack.colorize(1 - images[:3], reference)["state"]
    assert not torch.equal(
        pack.colorize(images[3:], reference, state=state)["images"], pack.colorize(images[3:], reference)["images"]
    )


def test_saved_and_loaded(pack, reference, images):
    whole = pack.colorize(images, reference)
    first = pack.colorize(images[:2], reference)
    pack.run("VCNode_SaveState", state=first["state"], filename_prefix="vcnode/state")
    load = pack.nodes["VCNode_LoadState"].GET_SCHEMA().inputs
    (choice,) = [one for one in load if one.io_type == "COMBO"]
    assert len(choice.options) == 1
    state = pack.run("VCNode_LoadState", **{choice.id: choice.options[0]})["state"]
    second = pack.colorize(images[2:], reference, state=state)
    assert torch.equal(torch.cat([first["images"], second["images"]]), whole["images"])


@pytest.mark.parametrize(
    "other", [{"working_size": 96}, {"images": gray_clip(2, 80, 96)}, {"references": colored_clip(1) * 0.5}]
)
def test_a_state_of_something_else_is_refused(pack, reference, images, other):
    state = pack.colorize(images[:3], reference)["state"]
    given = {"images": images[3:], "references": reference} | other
    with pytest.raises(Exception, match=r"(?i)state") as refused:
        pack.colorize(state=state, **given)
    assert "\n" not in str(refused.value)


class BatchManager:
    """What VideoHelperSuite hands from node to node: the same object for all parts of a clip, and for later runs."""

    unique_id = "5"


class TestMetaBatches:
    def part(self, pack, reference, manager, images, requeue, unique_id="9", **inputs):
        prompt = {
            "5": {"class_type": "VHS_BatchManager", "inputs": {"frames_per_batch": 2} | requeue},
            unique_id: {"class_type": "VCNode_Colorize", "inputs": {"meta_batch": ["5", 0]}},
        }
        given = pack.colorize(images, reference, meta_batch=manager, unique_id=unique_id, prompt=prompt, **inputs)
        return given["images"]

    def test_two_nodes_on_one_manager(self, pack, reference, images):
        manager, other = BatchManager(), 1 - images * 0.5
        expected = [pack.colorize(clip, reference)["images"] for clip in (images, other)]
        given = {"9": [], "10": []}
        for number, requeue in enumerate([{}, {"requeue": 1}, {"requeue": 2}]):
            for key, clip in (("9", images), ("10", other)):
                part = clip[2 * number : 2 * number + 2]
                given[key].append(self.part(pack, reference, manager, part, requeue, unique_id=key))
        assert torch.equal(torch.cat(given["9"]), expected[0])
        assert torch.equal(torch.cat(given["10"]), expected[1])

    def test_a_state_begins_them(self, pack, reference, images):
        whole = pack.colorize(images, reference)["images"]
        state = pack.colorize(images[:2], reference)["state"]
        manager = BatchManager()
        parts = [
            self.part(pack, reference, manager, images[2:4], {}, state=state),
            self.part(pack, reference, manager, images[4:], {"requeue": 1}, state=state),
        ]
        assert torch.equal(torch.cat(parts), whole[2:])

    def test_nothing_is_kept_of_managers_that_are_gone(self, pack, reference, images):
        import gc
        import weakref

        manager = BatchManager()
        self.part(pack, reference, manager, images[:2], {})
        gone = weakref.ref(manager)
        del manager
        gc.collect()
        assert gone() is None
