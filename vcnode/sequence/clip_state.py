"""Where a run along a clip stands: all that is needed to go on from there, in another run, process or host."""

import hashlib
import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from safetensors import SafetensorError
from safetensors.torch import load as load_safetensors
from safetensors.torch import save as save_safetensors
from torch import Tensor

from vcnode.color import Bars
from vcnode.errors import CacheError, InputError
from vcnode.network import State
from vcnode.sequence.chain import combine_digests, digest_settings
from vcnode.sequence.shot_engine import ShotEngine
from vcnode.sequence.state_store import own_copy
from vcnode.whole_files import write_whole

_FORMAT = 2
_THUMBNAIL = "thumbnail"
_METADATA = "vcnode_clip_state"


@dataclass(frozen=True)
class ShotState:
    """The shot that a run is in the midst of.

    Attributes:
        first: Its first frame in the clip.
        frame_size: Height and width of its frames.
        bars: Black bars found at its first frame.
        key: Of the state, in the chain of keys that a state cache uses.
        state: What the last frame left behind.
        model: Digest of the model; and its name, for messages.
        model_name: See `model`.
        references: Digest of the shot's references.
        settings: What `Settings.of_state` said.
        machine: Digest of what decided how its computation was rounded.
    """

    first: int
    frame_size: tuple[int, int]
    bars: Bars
    key: str
    state: State
    model: str
    model_name: str
    references: str
    settings: Mapping[str, object]
    machine: str

    @classmethod
    def of(cls, engine: ShotEngine, key: str, state: State) -> "ShotState":
        """The state that a frame of the engine's shot left."""
        return cls(
            engine.first,
            engine.frame_size,
            engine.bars,
            key,
            state,
            engine.model_digest,
            engine.model.config.name,
            engine.shot_references.digest,
            engine.settings.of_state(),
            digest_settings(engine.machine),
        )

    def key_on(self, engine: ShotEngine) -> str:
        """The key to go on from: another one on a machine that rounds otherwise, which makes other states."""
        machine = digest_settings(engine.machine)
        return self.key if machine == self.machine else combine_digests([self.key, machine])

    def check(self, engine: ShotEngine, number: int) -> None:
        """See that a run can go on with this engine.

        Raises:
            InputError: The state was made with another model, other references, settings or another frame size.
        """
        before, now = self.settings, engine.settings.of_state()
        changed = sorted(name for name in {*before, *now} if before.get(name) != now.get(name))
        for what, differs, old, new in (
            ("model", self.model != engine.model_digest, self.model_name, engine.model.config.name),
            ("settings", bool(changed), _said(before, changed), _said(now, changed)),
            ("frame size", self.frame_size != engine.frame_size, _size(self.frame_size), _size(engine.frame_size)),
            ("references", self.references != engine.shot_references.digest, "those of the run before", "others"),
        ):
            if differs:
                raise InputError(
                    f"The state before frame {number} was made with other {what} ({old}, now {new}): go on with the "
                    "same, or start without a state."
                )


@dataclass(frozen=True, eq=False)
class ClipState:
    """Where a run along a clip stands after a frame. Never changes; tensors are where the run's frames are.

    Attributes:
        number: The clip's next frame.
        shot: The shot in progress; None where the last frame was in no shot.
        thumbnail: Of the last frame, to find a cut after it; None where cuts are not looked for.
    """

    number: int
    shot: ShotState | None = None
    thumbnail: Tensor | None = field(default=None, repr=False)

    def __str__(self) -> str:
        place = "between shots" if self.shot is None else f"in a shot from frame {self.shot.first} on"
        return f"state before frame {self.number}, {place}"

    __repr__ = __str__

    def to_bytes(self) -> bytes:
        """Write as safetensors with a checksum; see `from_bytes`."""
        tensors: dict[str, Tensor] = {} if self.thumbnail is None else {_THUMBNAIL: self.thumbnail}
        facts: dict[str, Any] = {"format": _FORMAT, "number": self.number, "shot": None}
        if self.shot is not None:
            shot = self.shot
            tensors |= {f"state.{name}": tensor for name, tensor in shot.state.state_dict().items()}
            facts["shot"] = {
                "first": shot.first,
                "frame_size": list(shot.frame_size),
                "bars": [shot.bars.top, shot.bars.bottom, shot.bars.left, shot.bars.right],
                **{name: getattr(shot, name) for name in ("key", "model", "model_name", "references", "machine")},
                "settings": dict(shot.settings),
            }
        text = json.dumps(facts, sort_keys=True)
        payload = own_copy(tensors)
        # One entry of metadata alone: safetensors writes several in any order, and equal states are equal bytes.
        return save_safetensors(payload, {_METADATA: json.dumps([text, _checksum(text, payload)])})

    @classmethod
    def from_bytes(cls, data: bytes, name: str = "the data") -> "ClipState":
        """Read what `to_bytes` wrote.

        Args:
            data: All of it.
            name: What it is, for messages.

        Raises:
            CacheError: It is damaged, something else, or of a version that is not known.
        """
        try:
            tensors = load_safetensors(data)
            header = json.loads(data[8 : 8 + int.from_bytes(data[:8], "little")])
            text, checksum = json.loads(header["__metadata__"][_METADATA])
            facts = json.loads(text)
            if checksum != _checksum(text, tensors):
                raise ValueError("its checksum does not fit")
            if facts["format"] != _FORMAT:
                raise ValueError(f"its format is {facts['format']}, and {_FORMAT} is known")
            return cls._from_parts(facts, tensors)
        except (SafetensorError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise CacheError(f"The state in {name} cannot be used ({error}): make it again.") from error

    @classmethod
    def _from_parts(cls, facts: Mapping[str, Any], tensors: dict[str, Tensor]) -> "ClipState":
        shot = None
        if facts["shot"] is not None:
            parts = dict(facts["shot"])
            height, width = parts.pop("frame_size")
            bars = Bars(*parts.pop("bars"))
            state = {name.removeprefix("state."): each for name, each in tensors.items() if name != _THUMBNAIL}
            shot = ShotState(frame_size=(height, width), bars=bars, state=State.from_state_dict(state), **parts)
        return cls(facts["number"], shot, tensors.get(_THUMBNAIL))

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write a file, whole or not at all.

        Raises:
            CacheError: It cannot be written.
        """
        try:
            write_whole(Path(path), self.to_bytes(), flush_to_device=True)
        except OSError as error:
            raise CacheError(f"The state cannot be written to {path} ({error.strerror or error}).") from error

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> "ClipState":
        """Read a file that `save` wrote.

        Raises:
            CacheError: It cannot be read, is damaged or something else.
        """
        try:
            data = Path(path).read_bytes()
        except OSError as error:
            raise CacheError(f"The state {path} cannot be read ({error.strerror or error}).") from error
        return cls.from_bytes(data, str(path))


def _said(settings: Mapping[str, object], names: Iterable[str]) -> str:
    return ", ".join(f"{name} {settings.get(name)}" for name in names)


def _size(size: tuple[int, int]) -> str:
    return f"{size[1]}x{size[0]}"


def _checksum(text: str, tensors: Mapping[str, Tensor]) -> str:
    digest = hashlib.blake2b(text.encode(), digest_size=32)
    for name in sorted(tensors):
        tensor = tensors[name]
        digest.update(f"{name} {tensor.dtype} {tuple(tensor.shape)}".encode())
        digest.update(tensor.contiguous().numpy().tobytes())
    return digest.hexdigest()
