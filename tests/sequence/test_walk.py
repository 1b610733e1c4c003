import pytest
import torch

from vcnode import Settings
from vcnode.sequence.chain import digest_tensor
from vcnode.sequence.frame import lightness_of
from vcnode.sequence.identity import model_digest
from vcnode.sequence.shot_engine import ShotEngine
from vcnode.sequence.walk import chain, color_links, stream

from .clips import OpenStore, Watched, clip, reference
from .states import chain_keys

FRAMES = [(number, lightness_of(frame, number)) for number, frame in enumerate(clip(9), start=4)]


@pytest.fixture
def engine(tiny_model):
    return ShotEngine(tiny_model, model_digest(tiny_model), [reference(1)], 4, FRAMES[0][1], Settings(look_ahead=3))


def states(frames):
    return [frame.state.ab for frame in frames]


def equal(some, others):
    return all(torch.equal(*pair) for pair in zip(some, others, strict=True))


def test_links_are_chained_by_what_the_network_sees(engine):
    links = [link for link, _ in chain(engine, FRAMES)]
    assert [link.number for link in links] == list(range(4, 13))
    digests = [digest_tensor(engine.working(lightness, number)) for number, lightness in FRAMES]
    assert [link.key for link in links] == list(chain_keys(engine.start_key, digests))


def test_a_stream_is_the_same_with_and_without_a_store(engine):
    store = OpenStore()
    plain = list(stream(engine, FRAMES, None))
    stored = list(stream(engine, FRAMES, store))
    again = list(stream(engine, FRAMES, store))
    assert [link.number for link, _, _ in plain] == list(range(4, 13))
    for others in (stored, again):
        assert equal(states(frame for _, _, frame in plain), states(frame for _, _, frame in others))
    assert store.stored == list(range(9))


@pytest.mark.parametrize("begin", range(1, 9))
def test_a_run_can_begin_anywhere_in_a_window(engine, begin):
    links = [link for link, _ in chain(engine, FRAMES)]
    whole = list(color_links(engine, links, None, None))
    rest = list(color_links(engine, links[begin:], whole[begin - 1].state, None))
    assert equal(states(whole[begin:]), states(rest))


@pytest.mark.parametrize("missing", [{0}, {2, 3}, {1, 4, 7}, set(range(9))])
def test_only_what_is_missing_is_computed(engine, missing, monkeypatch):
    links = [link for link, _ in chain(engine, FRAMES)]
    store = OpenStore()
    whole = list(color_links(engine, links, None, store))
    for place in missing:
        del store.entries[links[place].key]
    store.stored.clear()
    watched = Watched(monkeypatch)
    assert equal(states(whole), states(color_links(engine, links, None, store)))
    assert store.stored == sorted(missing)
    assert watched.calls["advance"] == len(missing)
    assert watched.calls["prepare"] == len({place // 3 for place in missing})
