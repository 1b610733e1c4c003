"""Walking along a shot: the one loop behind streaming and random access."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

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


def chain(engine: ShotEngine, frames: Iterable[tuple[int, Tensor]]) -> Iterator[tuple[Link, Tensor]]:
    """Derive the keys of a shot's frames, from its first on.

    Args:
        engine: Of the shot.
        frames: Number and L `(1, 1, H, W)` of each, without gaps.

    Yields:
        Each frame's link, and its L.
    """
    key = engine.start_key
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
    window = engine.settings.look_ahead
    state = before
    for group in _windows(links, engine.first, window):
        found = [_stored(store, link.key) for link in group]
        prepared = {}
        if None in found:
            slots = {}
            previous = None if state is None else state.lightness
            for link, known in zip(group, found, strict=True):
                if known is None:
                    slots[(link.number - engine.first) % window] = (
                        link.working,
                        engine.seeds.get(link.number),
                        previous,
                    )
                previous = link.working
            prepared = engine.prepare(slots)
        for link, known in zip(group, found, strict=True):
            if known is None:
                known = engine.advance(prepared[(link.number - engine.first) % window], state, link.number)
                if store is not None:
                    store.put(link.key, known.tensors(), index=link.number - engine.first)
            state = known.state
            yield known


def stream(
    engine: ShotEngine, frames: Iterable[tuple[int, Tensor]], store: StateStore | None
) -> Iterator[tuple[int, Tensor, WorkingFrame]]:
    """Colour a whole shot from its first frame, holding one look-ahead window of frames in memory.

    Where a frame cannot be read, those before it are finished first.

    Yields:
        Number, L and result of each frame.
    """
    state: State | None = None
    following = chain(engine, frames)
    failure: Exception | None = None
    while failure is None:
        group, failure = read_up_to(following, engine.settings.look_ahead)
        if not group and failure is None:
            return
        links = [link for link, _ in group]
        for (link, lightness), frame in zip(group, color_links(engine, links, state, store), strict=True):
            yield link.number, lightness, frame
            state = frame.state
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


def _windows(links: Sequence[Link], first: int, window: int) -> Iterator[list[Link]]:
    """Cut at multiples of the window from the shot's start, so that each frame always has the same place."""
    group: list[Link] = []
    for link in links:
        if group and (link.number - first) % window == 0:
            yield group
            group = []
        group.append(link)
    if group:
        yield group


def _stored(store: StateStore | None, key: str) -> WorkingFrame | None:
    tensors = None if store is None else store.get(key)
    return None if tensors is None else WorkingFrame.from_tensors(tensors)
