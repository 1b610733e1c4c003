"""The steps of `Model.prepare` and `Model.advance`, one by one, so that each can be timed and counted."""

from collections.abc import Callable
from dataclasses import dataclass, field

import torch
from torch import Tensor

from vcnode.network import Model, Prepared, References, State, Step
from vcnode.network.alignment import estimate_flow
from vcnode.network.coherence import make_coherent
from vcnode.network.encoders import gray_to_rgb
from vcnode.network.matching import Match, match


@dataclass
class NetworkStages:
    """One window of frames on its way through the network; each step takes what the one before it left here.

    Attributes:
        model: On a device; on "meta", operations have shapes and no values.
        references: Encoded, on the same device.
        lightness: L of the window's frames at working size `(B, 1, H, W)`.
        previous: L of the frame before each.
        best_match_only: As in `Model.prepare`.
        matcher: What compares descriptors, called as `match` is.
    """

    model: Model
    references: References
    lightness: Tensor
    previous: Tensor
    best_match_only: bool = False
    matcher: Callable[..., Match] = match
    features: tuple[Tensor, ...] = field(init=False)
    query: Tensor = field(init=False)
    found: Match = field(init=False)
    flow: Tensor | None = field(init=False, default=None)
    prepared: Prepared = field(init=False)
    outcome: tuple[Step, State] = field(init=False)

    def steps(self) -> dict[str, Callable[[], None]]:
        """The steps by name, in order; the colour net's is for one frame, all others are for the window."""
        steps: dict[str, Callable[[], None]] = {"encoder": self.encode, "descriptors": self.describe}
        if self.model.config.align:
            steps["motion"] = self.move
        return {**steps, "matching": self.match, "colour net": self.color}

    def encode(self) -> None:
        """Make the feature pyramid."""
        self.features = self.model.encoder(gray_to_rgb(self.lightness))

    def describe(self) -> None:
        """Make a descriptor a position."""
        self.query = self.model.head.queries(self.features).flatten(2)

    def move(self) -> None:
        """Find the motion since the frame before."""
        self.flow = estimate_flow(self.lightness, self.previous)

    def match(self) -> None:
        """Compare with the references, and make the colours that are found coherent."""
        batch, _, height, width = self.lightness.shape
        joined = self.references.joined
        key, value, mask, bias = (
            None if part is None else part.expand(batch, *part.shape[1:])
            for part in (joined.key, joined.value, joined.mask, joined.bias)
        )
        assert key is not None
        assert value is not None
        temperature = None if self.best_match_only else self.model.config.temperature
        self.found = self.matcher(self.query, key, value, temperature, mask=mask, bias=bias)
        size = (height // 4, width // 4)
        warped = self.found.warped.reshape(batch, -1, *size)
        warped_ab, squares = warped[:, :2], warped[:, 2:]
        confidence = self.found.confidence.reshape(batch, 1, *size)
        spread = torch.zeros_like(confidence)
        if squares.shape[1]:
            spread = (squares - warped_ab.square().sum(dim=1, keepdim=True)).clamp(min=0)
        coherent = self.model.config.coherent
        self.prepared = Prepared(
            self.lightness,
            warped_ab,
            make_coherent(warped_ab, confidence, self.lightness) if coherent else warped_ab,
            spread,
            confidence,
            self.found.index.reshape(batch, *size),
            joined.reference_of(self.found.index).reshape(batch, *size),
            self.flow,
            self.features if self.model.config.color_net == "light" else (),
        )

    def color(self) -> None:
        """Colour the window's first frame."""
        height, width = self.lightness.shape[2:]
        state = self.model.init_state(height, width)
        self.outcome = self.model.advance(self.prepared[0], state)
