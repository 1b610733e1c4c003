"""The steps of `Model.prepare` and `Model.advance`, one by one, so that each can be timed and counted."""

from collections.abc import Callable
from dataclasses import dataclass, field

from torch import Tensor

from vcnode.network import Model, Prepared, References, State, Step
from vcnode.network.alignment import estimate_flow
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
        joined = self.references.joined.expand(self.lightness.shape[0])
        temperature = None if self.best_match_only else self.model.config.temperature
        found = self.matcher(self.query, joined.key, joined.value, temperature, mask=joined.mask, bias=joined.bias)
        reference = joined.reference_of(found.index)
        self.prepared = self.model.gather(self.lightness, self.features, found, reference, self.flow)

    def color(self) -> None:
        """Colour the window's first frame."""
        height, width = self.lightness.shape[2:]
        state = self.model.init_state(height, width)
        self.outcome = self.model.advance(self.prepared[0], state)
