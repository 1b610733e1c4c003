"""What `colorize` is given besides pictures: numbers, devices, and readers that fail."""

from pathlib import Path

import numpy as np
import pytest
import torch

from vcnode import Sequence, Settings, Shot, colorize, find_cuts
from vcnode.errors import Cancelled, DeviceError, InputError

from .clips import OpenStore, clip, reference, same, straight

FRAMES = clip(5)


@pytest.mark.parametrize("place", [1, 4])
def test_a_frame_that_could_not_be_read_is_no_end(tiny_model, place):
    frames = [None if number == place else frame for number, frame in enumerate(FRAMES)]  # as cv2.imread says it
    run = colorize(iter(frames), [reference(1)], model=tiny_model)
    assert [next(run).number for _ in range(place)] == list(range(place))
    with pytest.raises(InputError, match=f"Frame {place} "):
        next(run)


@pytest.mark.parametrize("clip", ["film.mkv", Path("film.mkv"), b"film.mkv", None, 5], ids=str)
@pytest.mark.parametrize("direction", ["forward", "both"])
def test_a_file_or_nothing_in_place_of_frames_is_told(tiny_model, clip, direction):
    options = {"model": tiny_model, "settings": Settings(direction=direction)}
    for run in (
        lambda: colorize(clip, [reference(1)], **options),
        lambda: find_cuts(clip),
        lambda: Sequence(tiny_model, clip, [Shot(0, None, (reference(1),))]),
    ):
        with pytest.raises(InputError, match=r"^The clip is .*: give .*frames \(files are for the command line"):
            run()


@pytest.mark.parametrize("direction", ["forward", "both"])
def test_what_is_no_list_of_references_or_shots_is_told(tiny_model, direction):
    options = {"model": tiny_model, "settings": Settings(direction=direction)}
    with pytest.raises(InputError, match=r"^No reference is given: give either references or shots"):
        colorize(FRAMES, [], **options)
    for given, kind in ((reference(1), "Reference"), ("a.png", "str"), (Path("a.png"), type(Path()).__name__)):
        with pytest.raises(InputError, match=f"^The references are of the type {kind}: give a list"):
            colorize(FRAMES, given, **options)
        with pytest.raises(InputError, match=f"^The references are of the type {kind}: give a list"):
            Shot(0, None, given)
    with pytest.raises(InputError, match=r"^A reference of a shot is 'a.png': give a vcnode.Reference"):
        colorize(FRAMES, ["a.png"], **options)
    for begun in (lambda shots: colorize(FRAMES, shots=shots, **options), lambda s: Sequence(tiny_model, FRAMES, s)):
        with pytest.raises(InputError, match=r"^A shot is of the type Reference: give a vcnode.Shot"):
            begun([reference(1)])


def test_a_clip_that_is_wanted_in_any_order_has_frames_and_is_no_stream(tiny_model):
    shots = [Shot(0, None, (reference(1),))]
    both = {"model": tiny_model, "settings": Settings(direction="both")}
    for run in (
        lambda clip: Sequence(tiny_model, clip, shots),
        lambda clip: colorize(FRAMES, shots=shots, clip=clip, **both),
    ):
        with pytest.raises(InputError, match=r"^The clip has no frames"):
            run([])
        with pytest.raises(InputError, match=r"^The clip is <list_iterator.*: give a list or an array of frames"):
            run(iter(FRAMES))


def test_the_first_frames_number_may_be_of_any_integer_type(tiny_model):
    wanted, found = (
        list(colorize(FRAMES, [reference(1)], model=tiny_model, first=first)) for first in (4, np.int64(4))
    )
    assert all(same(*pair) for pair in zip(found, wanted, strict=True))
    assert found[0].state.to_bytes() == wanted[0].state.to_bytes()
    with pytest.raises(InputError, match=r"first frame's number is 2\.0"):
        colorize(FRAMES, [reference(1)], model=tiny_model, first=2.0)


def test_stopping_names_the_frame_of_the_clip(tiny_model):
    done = []
    options = {"first": 100, "progress": done.append, "cancelled": lambda: len(done) == 2}
    with pytest.raises(Cancelled, match="before frame 102,"):
        list(colorize(FRAMES, [reference(1)], model=tiny_model, **options))


def test_a_device_that_is_not_there_is_said_before_any_frame(tiny_model, monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    for device in ("cuda", "foo", "meta"):
        with pytest.raises(DeviceError):
            colorize(FRAMES, [reference(1)], model=tiny_model, device=device)


def test_a_run_that_goes_on_on_another_machine_leaves_the_first_ones_states_alone(tiny_model, monkeypatch):
    store = OpenStore()
    begun = straight(tiny_model, FRAMES[:2], [reference(1)])
    threads = torch.get_num_threads()
    monkeypatch.setattr(torch, "get_num_threads", lambda: threads + 1)
    options = {"model": tiny_model, "cache": store}
    assert len(list(colorize(FRAMES[2:], [reference(1)], state=begun[-1].state, **options))) == 3
    monkeypatch.undo()
    store.stored.clear()
    list(colorize(FRAMES, [reference(1)], **options))
    assert store.stored == [0, 1, 2, 3, 4]
    store.stored.clear()
    list(colorize(FRAMES[2:], [reference(1)], state=begun[-1].state, **options))
    assert store.stored == []
