"""The whole network as pure functions: references in, a state in, colours and a new state out.

A frame's work falls into two halves. `prepare` (features, matching, motion) depends on frames and references alone and
takes any number of frames as one batch; `advance` (the colour net) needs the state and goes frame by frame. `step`
does both for one frame.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from typing import Self

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from vcnode.errors import InputError
from vcnode.network.alignment import estimate_flow, warp
from vcnode.network.coherence import make_coherent
from vcnode.network.colorization import DevcColorNet
from vcnode.network.config import ModelConfig
from vcnode.network.correspondence import DevcHead, LightHead
from vcnode.network.encoders import (
    EfficientNetLite0Encoder,
    VGG19Encoder,
    gray_to_rgb,
    lab_to_rgb_differentiable,
)
from vcnode.network.light_colorization import UNKNOWN, LightColorNet
from vcnode.network.matching import JoinedReferences, Match, join_references, match
from vcnode.network.replay import Replay

STATE_VERSION = 3


@dataclass(frozen=True)
class State:
    """What one frame hands to the next; nothing else is remembered anywhere.

    Attributes:
        lightness: L of the frame just coloured `(B, 1, H, W)`, 0..100.
        ab: Its colours as the network gave them `(B, 2, H, W)`, -128..128.
        uncertainty: Variance expected of these colours, in ab^2: 0 for known ones, `UNKNOWN` before the first frame of
            a shot and after frames of the paper's network, which does not say; `(B, 1, H, W)` or, where all pixels are
            alike, `(B, 1, 1, 1)`.
    """

    lightness: Tensor
    ab: Tensor
    uncertainty: Tensor

    def to(self, device: torch.device | str) -> "State":
        """Move to a device."""
        return State(self.lightness.to(device), self.ab.to(device), self.uncertainty.to(device))

    def state_dict(self) -> dict[str, Tensor]:
        """The tensors by name, with the version of this layout, for storing."""
        tensors = {field.name: getattr(self, field.name) for field in fields(self)}
        return {**tensors, "version": torch.tensor(STATE_VERSION, device=self.lightness.device)}

    @classmethod
    def from_state_dict(cls, tensors: dict[str, Tensor]) -> Self:
        """The inverse of `state_dict`.

        Raises:
            InputError: It is not a state, or of another version.
        """
        names = {field.name for field in fields(cls)}
        if set(tensors) != names | {"version"} or int(tensors["version"]) != STATE_VERSION:
            raise InputError(
                f"The saved state does not fit this version of vcnode, which reads states of version {STATE_VERSION}; "
                "colour the shot again from its start."
            )
        return cls(**{name: tensors[name] for name in names})


@dataclass(frozen=True)
class References:
    """Encoded references: everything about them that is needed for any number of frames."""

    joined: JoinedReferences

    def to(self, device: torch.device | str) -> "References":
        """Move to a device."""
        joined = self.joined
        mask, bias = (None if part is None else part.to(device) for part in (joined.mask, joined.bias))
        key, value = joined.key.to(device), joined.value.to(device)
        return References(replace(joined, key=key, value=value, mask=mask, bias=bias))


@dataclass(frozen=True)
class Prepared:
    """The half of the work that does not need the state, for a batch of frames.

    Attributes:
        lightness: L `(B, 1, H, W)`.
        warped_ab: Reference colours at each position `(B, 2, H/4, W/4)`.
        proposed_ab: What the colour net is given of them, made coherent where the preset says so, same shape.
        spread: Variance of the colours that matching averaged, in ab^2, `(B, 1, H/4, W/4)`; only the light preset's
            colour net wants it, elsewhere it is 0.
        confidence: Greatest cosine `(B, 1, H/4, W/4)`.
        match: Index of the best position among all references' `(B, H/4, W/4)`, int64.
        reference: Which reference that is, counted from 0, same shape.
        flow: Motion since the previous frame `(B, 2, H, W)`, where the preset aligns.
        features: Taps of the encoder, where the colour net wants them.
    """

    lightness: Tensor
    warped_ab: Tensor
    proposed_ab: Tensor
    spread: Tensor
    confidence: Tensor
    match: Tensor
    reference: Tensor
    flow: Tensor | None
    features: tuple[Tensor, ...]

    def __getitem__(self, number: int) -> "Prepared":
        """One frame of the batch, still with a batch axis."""
        one = slice(number, number + 1)
        return Prepared(
            self.lightness[one],
            self.warped_ab[one],
            self.proposed_ab[one],
            self.spread[one],
            self.confidence[one],
            self.match[one],
            self.reference[one],
            None if self.flow is None else self.flow[one],
            tuple(tap[one] for tap in self.features),
        )


@dataclass(frozen=True)
class Step:
    """One coloured frame at working size.

    Attributes:
        ab: Colours `(B, 2, H, W)`, -128..128.
        warped_ab: What matching alone says `(B, 2, H/4, W/4)`.
        confidence: Greatest cosine `(B, 1, H/4, W/4)`, -1..1. Similarity, not correctness.
        match: Index of the best reference position `(B, H/4, W/4)`.
        reference: Which reference that is `(B, H/4, W/4)`.
    """

    ab: Tensor
    warped_ab: Tensor
    confidence: Tensor
    match: Tensor
    reference: Tensor


class Model(nn.Module):
    """Deep Exemplar-based Video Colorization, by configuration the paper's network or the light one.

    Frames and references may differ in size; both need heights and widths that are multiples of 8, at least 64.
    """

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.config = config
        self.encoder: VGG19Encoder | EfficientNetLite0Encoder
        self.encoder = VGG19Encoder() if config.encoder == "vgg19" else EfficientNetLite0Encoder()
        self.head: DevcHead | LightHead
        if config.head == "devc":
            self.head = DevcHead()
        else:
            self.head = LightHead(self.encoder.channels, config.head_width, refine=config.head_refine)
        self.color_net: DevcColorNet | LightColorNet
        if config.color_net == "devc":
            self.color_net = DevcColorNet(config.color_widths)
        else:
            self.color_net = LightColorNet(config.color_widths, self.encoder.channels[-3:])
        self._replay = Replay()
        # The order in which convolutions want their weights; always the same, as other orders round differently.
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                module.weight.data = module.weight.data.contiguous(memory_format=torch.channels_last)

    def encode_references(
        self,
        lab: Sequence[Tensor],
        masks: Sequence[Tensor | None] | None = None,
        weights: Sequence[float] | None = None,
    ) -> References:
        """Encode references once, for any number of frames.

        Args:
            lab: One Lab image `(B, 3, H, W)` a reference, L 0..100, ab -128..127; sizes may differ.
            masks: Where each may be matched, `(B, 1, H, W)`, 0..1, or None for everywhere.
            weights: How much each counts against the others; equal by default.

        Raises:
            InputError: No reference, a size that is not allowed, or a mask that leaves nothing.
        """
        masks = masks if masks is not None else [None] * len(lab)
        if len(masks) != len(lab):
            raise InputError(f"{len(lab)} references came with {len(masks)} masks: give one, or None, for each.")
        keys, values, kept = [], [], []
        for image, mask in zip(lab, masks, strict=True):
            _check_size(image, 3, "reference")
            lightness, ab = image[:, :1], image[:, 1:]
            rgb = lab_to_rgb_differentiable(image) if self.config.encoder == "vgg19" else gray_to_rgb(lightness)
            keys.append(self.head.keys(self.encoder(rgb)).flatten(2))
            value = F.avg_pool2d(ab, 4).flatten(2)
            if self.config.color_net == "light":  # squares tell how far the colours that matching averages differ
                value = torch.cat((value, value.square().sum(dim=1, keepdim=True)), dim=1)
            values.append(value)
            # Half a cell is not enough, also where rounding left a little more: padding often fills the other half.
            where = None if mask is None else F.avg_pool2d(mask.to(image.dtype), 4).flatten(1) > 0.501
            kept.append(None if where is None or bool(where.all()) else where)  # a mask costs a pass over all cosines
        return References(join_references(keys, values, kept, weights))

    def init_state(self, height: int, width: int, batch: int = 1) -> State:
        """The state before the first frame of a shot: no colour, mid-gray (the authors' zeros)."""
        like = next(self.parameters())
        return State(
            torch.full((batch, 1, height, width), 50.0, device=like.device, dtype=like.dtype),
            torch.zeros(batch, 2, height, width, device=like.device, dtype=like.dtype),
            torch.full((batch, 1, 1, 1), UNKNOWN, device=like.device, dtype=like.dtype),
        )

    def prepare(
        self,
        lightness: Tensor,
        previous_lightness: Tensor | None,
        references: References,
        *,
        best_match_only: bool = False,
    ) -> Prepared:
        """Do what needs no state, for a batch of frames.

        Args:
            lightness: L `(B, 1, H, W)`, 0..100.
            previous_lightness: L of each one's previous frame, same shape; None to go without motion.
            references: Encoded references of batch 1 (shared by all frames) or B.
            best_match_only: Take the colour of the best match alone instead of the softmax, as the authors' test
                script does (their T = 1e-10).

        Raises:
            InputError: A size that is not allowed.
        """
        _check_size(lightness, 1, "frame")
        if previous_lightness is not None and previous_lightness.shape != lightness.shape:
            raise _unlike("previous frame", previous_lightness, lightness)
        weights = (part for net in (self.encoder, self.head) for part in (*net.parameters(), *net.buffers()))
        query, *features = self._replay(self._describe, lightness, reads=weights)
        joined = references.joined.expand(lightness.shape[0])
        temperature = None if best_match_only else self.config.temperature
        found = match(query, joined.key, joined.value, temperature, mask=joined.mask, bias=joined.bias)
        flow = None
        if self.config.align and previous_lightness is not None:
            with torch.no_grad():
                flow = estimate_flow(lightness, previous_lightness)
        return self.gather(lightness, tuple(features), found, joined.reference_of(found.index), flow)

    def _describe(self, lightness: Tensor) -> tuple[Tensor, ...]:
        """What frames are matched by `(B, D, N)`, and the taps of the encoder."""
        features = self.encoder(gray_to_rgb(lightness))
        return self.head.queries(features).flatten(2), *features

    def gather(
        self,
        lightness: Tensor,
        features: tuple[Tensor, ...],
        found: Match,
        reference: Tensor,
        flow: Tensor | None,
    ) -> Prepared:
        """Lay out as pictures what `prepare` found, and make the colours coherent where the preset says so.

        Args:
            lightness: L `(B, 1, H, W)`, 0..100.
            features: Taps of the encoder.
            found: What matching found for the N = H/4 * W/4 positions.
            reference: Which reference each one's best match belongs to `(B, N)`.
            flow: Motion since the previous frame `(B, 2, H, W)`, or None.
        """
        batch, _, height, width = lightness.shape
        size = (height // 4, width // 4)
        warped = found.warped.reshape(batch, -1, *size)
        warped_ab, squares = warped[:, :2], warped[:, 2:]
        confidence = found.confidence.reshape(batch, 1, *size)
        spread = torch.zeros_like(confidence)
        if squares.shape[1]:
            spread = (squares - warped_ab.square().sum(dim=1, keepdim=True)).clamp(min=0)
        return Prepared(
            lightness,
            warped_ab,
            make_coherent(warped_ab, confidence, lightness) if self.config.coherent else warped_ab,
            spread,
            confidence,
            found.index.reshape(batch, *size),
            reference.reshape(batch, *size),
            flow,
            features if self.config.color_net == "light" else (),
        )

    def advance(self, prepared: Prepared, state: State) -> tuple[Step, State]:
        """Colour a prepared frame, given the state that the frame before left.

        Raises:
            InputError: The state is of another size.
        """
        lightness = prepared.lightness
        if state.lightness.shape != lightness.shape:
            raise _unlike("state", state.lightness, lightness)
        matched = (lightness, prepared.proposed_ab, prepared.spread, prepared.confidence)
        weights = self.color_net.parameters()
        if prepared.flow is None:
            inputs = (*matched, state.lightness, state.ab, state.uncertainty, *prepared.features)
            ab, uncertainty = self._replay(self._colors, *inputs, reads=weights)
        else:
            history = (state.lightness, state.ab, state.uncertainty.expand_as(lightness).contiguous(), prepared.flow)
            ab, uncertainty = self._replay(self._moved_colors, *matched, *history, *prepared.features, reads=weights)
        step = Step(ab, prepared.warped_ab, prepared.confidence, prepared.match, prepared.reference)
        return step, State(lightness, ab, uncertainty)

    def _moved_colors(self, *inputs: Tensor) -> tuple[Tensor, Tensor]:
        """The same as `_colors`, after moving the previous frame onto this one; the flow stands before the features."""
        matched, (*history, flow), features = inputs[:4], inputs[4:8], inputs[8:]
        moved = warp(torch.cat(history, dim=1), flow, cubic=True)
        known = (moved[:, :1], moved[:, 1:3], moved[:, 3:].clamp(min=0))  # cubic sampling overshoots
        return self._colors(*matched, *known, *features)

    def _colors(
        self,
        lightness: Tensor,
        proposed_ab: Tensor,
        spread: Tensor,
        confidence: Tensor,
        before: Tensor,
        before_ab: Tensor,
        uncertainty: Tensor,
        *features: Tensor,
    ) -> tuple[Tensor, Tensor]:
        """Give ab and its uncertainty; `before` is L of the previous frame, the two after it are its colours'."""
        if isinstance(self.color_net, LightColorNet):
            colors: tuple[Tensor, Tensor] = self.color_net(
                lightness, proposed_ab, spread, confidence, before, before_ab, uncertainty, features
            )
            return colors
        warped_ab, confidence = (
            F.interpolate(x, lightness.shape[2:], mode="nearest") for x in (proposed_ab, confidence)
        )
        ab = self.color_net(lightness, warped_ab, confidence, before, before_ab)
        return ab, torch.full_like(uncertainty, UNKNOWN)

    def step(self, lightness: Tensor, state: State, references: References) -> tuple[Step, State]:
        """Colour one frame: a pure function of its arguments and the weights.

        Args:
            lightness: L `(B, 1, H, W)`, 0..100.
            state: What the frame before left, or `init_state`.
            references: Encoded references.

        Raises:
            InputError: A size that is not allowed.
        """
        return self.advance(self.prepare(lightness, state.lightness, references), state)


def _check_size(image: Tensor, channels: int, what: str) -> None:
    if image.ndim != 4 or image.shape[1] != channels:
        raise InputError(f"A {what} has the shape {tuple(image.shape)}; give (B, {channels}, H, W).")
    height, width = image.shape[2:]
    if height % 8 or width % 8 or min(height, width) < 64:
        raise InputError(
            f"A {what} of {width}x{height} does not fit the network; give a width and height that are multiples of 8 "
            "and at least 64."
        )


def _unlike(what: str, given: Tensor, frame: Tensor) -> InputError:
    return InputError(
        f"The {what} has the shape {tuple(given.shape)} and the frame {tuple(frame.shape)}; give both alike, and begin "
        "with a new state where the size changes."
    )
