"""What the editor shows when something goes wrong, and what it shows while nothing does."""

import sys

import pytest
import torch

from comfyvcnode import failures, progress
from vcnode.errors import CacheError, DeviceError, InputError, ModelError

MEMORY = (torch.OutOfMemoryError,)


def told(error, out_of_memory=MEMORY):
    with pytest.raises(Exception) as caught, failures.explained(out_of_memory):  # noqa: PT011 - which, is the test
        raise error
    return caught.value


@pytest.mark.parametrize(
    ("error", "kind"), [(InputError, ValueError), (ModelError, RuntimeError), (CacheError, RuntimeError)]
)
def test_sentences_keep_their_words(error, kind):
    given = told(error("The reference is gray: give another"))
    assert type(given) is kind
    assert str(given) == "The reference is gray: give another."


def test_notes_are_part_of_the_sentence():
    error = InputError("It broke.")
    error.add_note("The frames finished so far are in a file")
    assert str(told(error)) == "It broke. The frames finished so far are in a file."


def test_the_hosts_exceptions_pass_through():
    class Interrupted(Exception):
        pass

    error = Interrupted()
    assert told(error) is error


@pytest.mark.parametrize("wrapped", [True, False])
def test_out_of_memory_keeps_its_type_and_gets_advice(wrapped):
    error = torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB.")
    if wrapped:
        error, error.__cause__ = DeviceError("--size 64 should fit"), error
    given = told(error)
    assert type(given) is torch.OutOfMemoryError
    assert "lower working_size" in str(given)
    assert "--size" not in str(given)


def test_out_of_memory_on_a_cpu():
    given = told(RuntimeError("DefaultCPUAllocator: not enough memory"))
    assert type(given) is RuntimeError
    assert "lower working_size" in str(given)


@pytest.mark.parametrize("error", [ImportError, ModuleNotFoundError])
def test_a_vcnode_that_lacks_something_is_too_old(error):
    given = told(error("cannot import name 'ClipState' from 'vcnode.sequence'", name="vcnode.sequence"))
    assert type(given) is RuntimeError
    assert "pip install --upgrade vcnode and restart ComfyUI" in str(given)


def test_other_imports_that_fail_pass_through():
    error = ImportError("no", name="torchvision")
    assert told(error) is error


def test_an_old_python(monkeypatch):
    monkeypatch.setattr(failures, "_OLDEST_PYTHON", (99, 0))
    with pytest.raises(RuntimeError, match="vcnode needs Python"), failures.explained():
        pytest.fail("the block must not run")


class Watch:
    """A clock that is set by hand, and what was told."""

    def __init__(self):
        self.now, self.told = 0.0, []
        self.progress = progress.Progress(lambda *values: self.told.append(values), clock=lambda: self.now)


def test_at_most_four_pictures_a_second():
    watch = Watch()
    for number in range(41):
        watch.now = number / 40
        watch.progress.frame(number + 1, 41, lambda: torch.rand(3, 6, 8))
    assert [done for done, _, _ in watch.told] == list(range(1, 42))
    assert len([shown for _, _, shown in watch.told if shown is not None]) == 5  # at 0 s, and each quarter up to 1 s


def test_pictures_are_small():
    picture = progress.thumbnail(torch.full((3, 300, 2000), 0.5))
    assert picture.size == (512, 77)
    assert picture.getpixel((9, 9)) == (128, 128, 128)
    assert progress.thumbnail(torch.zeros(3, 2, 3)).size == (3, 2)


def test_an_unknown_total_is_never_less_than_what_is_done():
    watch = Watch()
    watch.progress.frame(3, None)
    watch.progress.frame(9, 8)
    assert [(done, total) for done, total, _ in watch.told] == [(3, 3), (9, 9)]


def test_frames_colored_backward_are_steps_too():
    watch = Watch()
    for _ in range(2):
        watch.progress.backward(0, 6, 3)
    watch.progress.frame(1, 6)
    watch.progress.backward(1, 6)
    watch.progress.frame(2, 6)
    assert [(done, total) for done, total, _ in watch.told] == [(3, 9), (6, 12), (7, 12), (8, 13), (9, 13)]


def test_what_is_watched_passes_and_is_told():
    watch = Watch()
    frames = torch.rand(3, 1, 2, 2)
    assert torch.equal(torch.stack(list(watch.progress.watching(frames, 3))), frames)
    assert [(done, total) for done, total, _ in watch.told] == [(1, 3), (2, 3), (3, 3)]


GIVEN = {
    "VCNode_LoadModel": {"model_name": "lite (embedded)", "precision": "auto"},
    "VCNode_Reference": {"image": torch.rand(1, 8, 8, 3), "frame": -1, "frame_step": 1, "weight": 1.0},
    "VCNode_LoadShots": {"shots_file": "shots.yaml"},
    "VCNode_LoadState": {"state_file": "state.vcnode.safetensors"},
    "VCNode_PickKeyframes": {"clip": torch.rand(1, 8, 8, 3), "mode": "even", "max_frames": 1, "threshold": 0.4},
}


@pytest.mark.parametrize("node", GIVEN)
def test_every_node_says_that_vcnode_is_missing(pack, node, monkeypatch):
    for name in [name for name in sys.modules if name.split(".")[0] == "vcnode"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "vcnode", None)
    with pytest.raises(RuntimeError, match="pip install vcnode and restart ComfyUI"):
        pack.nodes[node].execute(**GIVEN[node])
