"""One shot: what is done once for all its frames, and the steps every frame goes through."""

from collections.abc import Mapping, Sequence
from copy import copy

import torch
from torch import Tensor

from vcnode.color import Bars, WorkingSize, find_bars
from vcnode.errors import InputError
from vcnode.network import Model, Prepared, References, State, Step
from vcnode.network.model import STATE_VERSION
from vcnode.sequence.chain import combine_digests, digest_settings, digest_tensor, start_key
from vcnode.sequence.frame import ColoredFrame
from vcnode.sequence.identity import rounding
from vcnode.sequence.reference import Reference
from vcnode.sequence.reference_picture import MULTIPLE
from vcnode.sequence.settings import Settings
from vcnode.sequence.shot_references import ShotReferences, network
from vcnode.sequence.tones import fit_tones, in_tones
from vcnode.sequence.working_frame import Finisher, WorkingFrame

__all__ = ["ShotEngine", "WorkingFrame"]

_ENGINE_VERSION = 5  # raise it when the same inputs begin to yield other states

# Mean differences in L up to which a reference without a number is taken for the first frame: as it is, and in the
# film's tones, which many a picture can be brought near to.
_SAME_PICTURE, _SAME_ON_FILM = 2.5, 1.0


class ShotEngine:
    """Colours the frames of one shot; holds nothing that changes from frame to frame.

    Args:
        model: On its device.
        model_digest: Identifies its weights and architecture.
        references: Of the shot, at least one; or as an earlier shot has read them, for the same model and settings.
        first: Number of the shot's first frame in the clip.
        first_lightness: L of that frame `(1, 1, H, W)`; decides size and black bars of the whole shot.
        settings: The user's choices.
        bars: Those found at the shot's first frame, when a run goes on in its midst; `first_lightness` is then any
            frame's.
        results: Where results are kept; the model's own device spares them the way to the CPU and back.

    Raises:
        InputError: A reference cannot be used.
        MediaError: A reference cannot be read.
    """

    def __init__(
        self,
        model: Model,
        model_digest: str,
        references: Sequence[Reference] | ShotReferences,
        first: int,
        first_lightness: Tensor,
        settings: Settings,
        bars: Bars | None = None,
        results: torch.device | str = "cpu",
    ) -> None:
        self.settings, self.first = settings.on(model), first
        self.model, self.model_digest = model, model_digest
        if not isinstance(references, ShotReferences):
            references = ShotReferences(model, references, self.settings)
        self.shot_references = references
        self.results = torch.device(results)
        self.device = references.device
        self.frame_size = (first_lightness.shape[2], first_lightness.shape[3])
        found = find_bars(first_lightness) if settings.find_bars and bars is None else Bars()
        self.bars = found if bars is None else bars
        height, width = self.bars.crop(first_lightness).shape[2:]
        self.size = WorkingSize.fit(height, width, references.short_side, MULTIPLE)
        self.finisher = Finisher(self.bars, self.size, settings, references.sources(self.bars, self.size))
        self.seeds = self._seeds(first_lightness if bars is None else None)
        self.machine = rounding(self.device, self.model, half=self.settings.dtype != torch.float32)
        self.start_key = self._start_key()

    def mirrored(self, seed: State | None, first: int = 0) -> "ShotEngine":
        """The same engine for a stretch of frames that is walked in the other order.

        Args:
            seed: The state put in place of history at the frame where that begins.
            first: The number that this frame is given; those after it are given the following ones.
        """
        mirrored = copy(self)
        mirrored.first, mirrored.seeds = first, {} if seed is None else {first: seed}
        mirrored.start_key = mirrored._start_key()
        return mirrored

    @property
    def references(self) -> References:
        """The encoded references; a run whose states are all stored needs none."""
        return self.shot_references.encoded

    def working(self, lightness: Tensor, number: int) -> Tensor:
        """Bring a frame's L `(1, 1, H, W)` to working size, one frame at a time so that rounding never varies.

        It stays where it is: a GPU's is fetched once, for its key, and need not go back.

        Raises:
            InputError: Its size differs from the shot's first frame.
        """
        if lightness.shape[2:] != self.frame_size:
            height, width = self.frame_size
            raise InputError(
                f"Frame {number} is {lightness.shape[3]}x{lightness.shape[2]} pixels but its shot began with "
                f"{width}x{height}: begin a new shot where the size changes."
            )
        return self.size.shrink(self.bars.crop(lightness)).contiguous()

    def prepare(self, slots: Mapping[int, tuple[Tensor, State | None, Tensor | None]]) -> dict[int, Prepared]:
        """Do the non-recurrent half for some frames of one look-ahead window.

        The batch always has `look_ahead` slots and each frame its own, so that rounding cannot depend on which frames
        are asked for; empty slots are filled with copies.

        Args:
            slots: For each frame's place in the window: its working L, its seed, and the working L of the frame before
                it (None at the shot's start).
        """
        some = next(iter(slots.values()))
        batch = [slots.get(place, some) for place in range(self.settings.window)]
        lightness = torch.cat([now.to(self.device) for now, _, _ in batch])
        previous = torch.cat([self._before(*slot).to(self.device) for slot in batch])
        hard = self.settings.compat == "devc"
        with network(self.device, self.settings):
            prepared = self.model.prepare(lightness, previous, self.references, best_match_only=hard)
            return {place: prepared[place] for place in slots}

    def advance(self, prepared: Prepared, state: State | None, number: int) -> WorkingFrame:
        """Do the recurrent half for one frame; `state` is None at the shot's start."""
        seed = self.seeds.get(number)
        if seed is not None:
            state = self._on_film(seed, prepared.lightness.to(seed.ab))
        if state is None:
            state = self.model.init_state(self.size.padded_height, self.size.padded_width)
        with network(self.device, self.settings):
            step, state = self.model.advance(prepared, state.to(self.device))
            return _result(step, state).to(self.results)

    def finish(self, frame: WorkingFrame, lightness: Tensor, number: int) -> ColoredFrame:
        """Bring the network's result to the frame's own size."""
        source = self.finisher.source(number)
        if source is None:
            return self.finisher.finish(frame, lightness, number)
        detail = self.shot_references.detail(source, self.bars, self.size, lightness.device)
        return self.finisher.finish(frame, lightness, number, detail)

    def _before(self, now: Tensor, seed: State | None, before: Tensor | None) -> Tensor:
        """What a frame's motion is counted from."""
        if seed is not None:
            return self._on_film(seed, now.to(seed.ab.device)).lightness
        return now if before is None else before

    def _on_film(self, seed: State, lightness: Tensor) -> State:
        """A keyframe as the film shows it: the gray of strong colours need not be their L, least of all a video's luma.

        Not for the authors' script, which takes it as it is.
        """
        if self.settings.compat is not None:
            return seed
        tones = fit_tones(lightness, torch.cat((seed.lightness, seed.ab), dim=1))
        return State(in_tones(seed.lightness, seed.ab, tones), seed.ab, seed.uncertainty)

    def _start_key(self) -> str:
        """The key before the first frame: all that the frames' states depend on besides the frames."""
        parts = [self.shot_references.digest]
        for number in sorted(self.seeds):
            parts.append(digest_settings({"keyframe": number - self.first}))
            parts.append(digest_tensor(self.seeds[number].ab))
        fixed = {"engine": _ENGINE_VERSION, "state": STATE_VERSION, "frame": list(self.frame_size), **self.machine}
        return start_key(self.model_digest, {**self.settings.of_state(), **fixed}, combine_digests(parts))

    def _seeds(self, first_lightness: Tensor | None) -> dict[int, State]:
        """States that keyframes put in place of history: the reference itself is what came before its frame.

        A reference without a number that shows the shot's first frame is taken as its keyframe; not by the authors'
        script, which is told. Nor in a shot's midst, where the first frame is not at hand.
        """
        seeds: dict[int, State] = {}
        first: Tensor | None = None
        if first_lightness is not None and self.settings.compat is None:
            first = self.size.shrink(self.bars.crop(first_lightness)).cpu()
        references = self.shot_references
        for given, lab in zip(references.given, references.in_place_of_frames(self.bars, self.size), strict=True):
            if lab is None:
                continue
            number = given.frame
            if number is None and first is not None and _same_picture(lab, first):
                number = self.first
            if number is not None and number not in seeds:
                seeds[number] = State(lab[:, :1].contiguous(), lab[:, 1:].contiguous(), lab.new_zeros(1, 1, 1, 1))
        return seeds


def _same_picture(lab: Tensor, lightness: Tensor) -> bool:
    if float((lab[:, :1] - lightness).abs().mean()) < _SAME_PICTURE:
        return True
    on_film = in_tones(lab[:, :1], lab[:, 1:], fit_tones(lightness, lab))
    return float((on_film - lightness).abs().mean()) < _SAME_ON_FILM


def _result(step: Step, state: State) -> WorkingFrame:
    parts = (state.lightness, state.ab, state.uncertainty, step.confidence, step.warped_ab)
    lightness, ab, uncertainty, confidence, warped_ab = (part.float().contiguous() for part in parts)
    reference = step.reference[:, None].to(torch.int16).contiguous()
    return WorkingFrame(State(lightness, ab, uncertainty), confidence, reference, warped_ab)
