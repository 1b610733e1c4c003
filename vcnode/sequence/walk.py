"""Walking along a shot: the one loop behind streaming and random access."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby, islice

from torch import Tensor

from vcnode.network import State
from vcnode.sequence.chain import digest_tensor, next_key
from vcnode.sequence.shot_engine import ShotEngine, WorkingFrame
from vcnode.sequence.state_store import StateStore


@dataclass(frozen=True)
class Link:
    """A frame of the chain: its number, its luma at working size and the key of the state that it leaves."""

    number: int
    working: Tensor
    key: str


def chain(
    engine: ShotEngine, frames: Iterable[tuple[int, Tensor]], key: str | None = None
) -> Iterator[tuple[Link, Tensor]]:
    """Derive the keys of a shot's frames, from its first on.

    Args:
        engine: Of the shot.
        frames: Number and L `(1, 1, H, W)` of each, without gaps.
        key: Of the state before the frames; None at the shot's start.

    Yields:
        Each frame's link, and its L.
    """
    key = key or engine.start_key
    for number, lightness in frames:
        working = engine.working(lightness, number)
        key = next_key(key, digest_tensor(working))
        yield Link(number, working, key), lightness


def color_links(
    engine: ShotEngine, links: Sequence[Link], before: State | None, store: StateStore | None
) -> Iterator[WorkingFrame]:
    """Colour consecutive frames; those whose state is stored need no network at all.

    Args:
        engine: Of the shot.
        links: The frames, without gaps.
        before: The state left by the frame before them; None at the shot's start.
        store: Where states are looked up and kept; None: nowhere.

    Yields:
        Each frame's result.
    """
    window = engine.settings.window
    state = before
    # Windows are counted from the shot's start, so that each frame always has the same place in its own.
    for _, same_window in groupby(links, lambda link: (link.number - engine.first) // window):
        group = list(same_window)
        found = [_stored(store, link.key) for link in group]
        prepared = {}
        if None in found:
            previous = [None if state is None else state.lightness, *(link.working for link in group[:-1])]
            slots = {
                (link.number - engine.first) % window: (link.working, engine.seeds.get(link.number), frame_before)
                for link, known, frame_before in zip(group, found, previous, strict=True)
                if known is None
            }
            prepared = engine.prepare(slots)
        for link, known in zip(group, found, strict=True):
            if known is None:
                known = engine.advance(prepared[(link.number - engine.first) % window], state, link.number)
                if store is not None:
                    store.put(link.key, known.tensors(), index=link.number - engine.first)
            state = known.state
            yield known


def stream(
    engine: ShotEngine,
    frames: Iterable[tuple[int, Tensor]],
    store: StateStore | None,
    before: tuple[int, str, State] | None = None,
) -> Iterator[tuple[Link, Tensor, WorkingFrame]]:
    """Colour a shot's frames in order, holding one look-ahead window of them in memory.

    Where a frame cannot be read, those before it are finished first.

    Args:
        engine: Of the shot.
        frames: Number and L `(1, 1, H, W)` of each, without gaps.
        store: Where states are looked up and kept; None: nowhere.
        before: Number of the first of `frames`, and key and state that the frame before it left; None at the shot's
            start.

    Yields:
        Each frame with its L and result.
    """
    number, key, state = before or (engine.first, None, None)
    following = chain(engine, frames, key)
    window = engine.settings.window
    failure: Exception | None = None
    while failure is None:
        group, failure = read_up_to(following, window - (number - engine.first) % window)
        if not group and failure is None:
            return
        links = [link for link, _ in group]
        for (link, lightness), frame in zip(group, color_links(engine, links, state, store), strict=True):
            yield link, lightness, frame
            number, state = link.number + 1, frame.state
    raise failure


def read_up_to[Item](waiting: Iterator[Item], count: int) -> tuple[list[Item], Exception | None]:
    """Take up to `count` items, and what kept the next from being read: what came before it is still to be coloured."""
    items: list[Item] = []
    try:
        for item in islice(waiting, count):
            items.append(item)
    except Exception as failure:
        return items, failure
    return items, None


def _stored(store: StateStore | None, key: str) -> WorkingFrame | None:
    tensors = None if store is None else store.get(key)
    return None if tensors is None else WorkingFrame.from_tensors(tensors)
