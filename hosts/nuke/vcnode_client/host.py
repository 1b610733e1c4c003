"""What the controller asks of a compositing program. Nuke and Natron each implement `Host` for one node.

Every method is called on the program's main thread, except where its description says otherwise.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any, Callable, Optional, TypeVar

from vcnode_client.problems import Problem
from vcnode_client.settings import Settings

_T = TypeVar("_T")

#: Told the outcome of something that may take long: None, or what went wrong (`Cancelled`, `ClientError`, any other).
#: Must be called exactly once, on the main thread; inside the call that started it is fine.
Finished = Callable[[Optional[BaseException]], None]


@dataclass(frozen=True)
class Clip:
    """What is connected to the node's Source.

    Attributes:
        first: First frame it has; None where that is not known.
        last: Last frame it has; None where that is not known.
        width: Of the format, in full-size pixels.
        height: Of the format, in full-size pixels.
    """

    first: int | None
    last: int | None
    width: int
    height: int


@dataclass(frozen=True)
class Render:
    """Frames that the host is to write as EXR: no colour conversion on the way, full size, zip compressed.

    Attributes:
        pattern: Absolute, forward slashes, `%04d` for the frame number; one plain name where first equals last is
            allowed (references). Its folder exists.
        first: First frame.
        last: Last frame.
        view: Which view.
        depth: "half" or "float".
        overscan: Pixels outside the format, on each side, that are written too; the data window is the format grown by
            them, the same on every frame, whatever the picture's own.
    """

    pattern: str
    first: int
    last: int
    view: str
    depth: str
    overscan: int = 0


@dataclass(frozen=True)
class Result:
    """Finished frames that the node is to show.

    Attributes:
        pattern: Absolute, forward slashes, `%04d`, and `%V` where there is more than one view.
        first: First frame.
        last: Last frame.
        version: Of the folder, from 1.
        encoding: What the numbers mean, that of the source.
        luminance: Weights of R, G, B in that encoding's luminance.
        confidence: Whether the files have the layer vcn_confidence.
        summary: One line about it: range, references, version.
    """

    pattern: str
    first: int
    last: int
    version: int
    encoding: str
    luminance: tuple[float, float, float]
    confidence: bool
    summary: str


class Host(ABC):
    """One node in a compositing program, as the controller sees it."""

    #: The program and its version, such as "Nuke 15.1v3".
    program = "host"

    #: Whether there is a user to talk to. Without, everything runs in line and errors are raised.
    gui = False

    #: Whether the script has more than one view. Files then lie in a folder for each, and patterns have `%V`.
    several_views = False

    @abstractmethod
    def node_name(self) -> str:
        """The node's full name, such as "Group1.VCNode2"."""

    @abstractmethod
    def settings(self) -> Settings:
        """What the artist chose. `folder` is filled in with the default where its control is empty."""

    @abstractmethod
    def views(self) -> list[str]:
        """The views to colour, at least one; each is coloured on its own."""

    @abstractmethod
    def clip(self) -> Clip | None:
        """The Source, or None where nothing is connected."""

    @abstractmethod
    def problems(self) -> list[Problem]:
        """What is wrong that only the host can know, beyond what `vcnode_client.validation` finds from settings."""

    @abstractmethod
    def upstream(self) -> str:
        """Text that changes whenever something upstream of Source or of a reference changes, and not otherwise."""

    @abstractmethod
    def load_state(self) -> dict[str, Any]:
        """What `save_state` was given last; {} on a fresh node or when it cannot be read."""

    @abstractmethod
    def save_state(self, state: dict[str, Any]) -> None:
        """Keep a flat dictionary of strings, numbers, booleans and None in the saved script."""

    @abstractmethod
    def render_source(self, render: Render, finished: Finished) -> None:
        """Write RGB of the Source. May return before they are written. `Cancelled` when the user stops it."""

    @abstractmethod
    def render_reference(self, number: int, render: Render, finished: Finished) -> None:
        """Write the one frame of input `number` (1..4), like `render_source`, but RGBA: alpha masks it."""

    @abstractmethod
    def attach(self, result: Result) -> None:
        """Show a result: the node reads it from now on, in a saved script and on a farm too."""

    @abstractmethod
    def in_background(
        self, work: Callable[[], _T], finished: Callable[[_T | None, BaseException | None], None]
    ) -> None:
        """Run `work` away from the main thread, then `finished(value, None)` or `finished(None, error)` on it.

        Without a user, run both in line. `work` must not touch the program; it may call `progress` and `is_cancelled`.
        """

    @abstractmethod
    def progress(self, fraction: float, message: str) -> None:
        """Show how far a run is, 0..1. Called from the background thread."""

    @abstractmethod
    def is_cancelled(self) -> bool:
        """Whether the user stopped the run by the program's own means. Called from the background thread, often."""

    @abstractmethod
    def show(self, state: str, message: str) -> None:
        """Show where the node is: `state` is one of `vcnode_client.controller.STATES`, `message` one line."""

    @abstractmethod
    def report(self, problems: list[Problem]) -> None:
        """Tell the user what went wrong, all at once. Must not raise: the controller itself raises without a user."""
