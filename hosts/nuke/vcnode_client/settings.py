"""What the artist chose on the node, without the host's types."""

from __future__ import annotations

from dataclasses import dataclass, field

#: Choices of the control "quality" and the short side in pixels at which the network works; None is the model's own.
QUALITIES = {"draft": 128, "normal": None, "high": 320}

#: Choices of the control "direction".
DIRECTIONS = ("forward", "backward", "both")


@dataclass(frozen=True)
class ReferenceSettings:
    """One reference: a picture on an input of the node, or a file.

    Attributes:
        number: 1..4, as on the node.
        frame: The frame at which the input is looked at.
        keyframe: Whether the picture shows that very frame of the source, from which colours then run on.
        weight: How much it counts beside the others, above 0.
        file: A picture on disk instead of the input; "" for the input.
    """

    number: int
    frame: int
    keyframe: bool = True
    weight: float = 1.0
    file: str = ""


@dataclass(frozen=True)
class WorkerSettings:
    """How the worker is reached.

    Attributes:
        start: Whether to start one, or to use one that runs already.
        python: The interpreter that has vcnode, to start with.
        address: "127.0.0.1:PORT" of one that runs.
        token: What that one printed when it began.
        log: File for the started worker's messages; "" for one in the temporary folder.
            A run puts it beside the result.
    """

    start: bool = True
    python: str = ""
    address: str = ""
    token: str = ""
    log: str = ""


@dataclass(frozen=True)
class Settings:
    """Everything the artist chose.

    Attributes:
        first: First frame to colour.
        last: Last frame to colour.
        references: Those in use: switched on, and connected or with a file. None where a shots file is given.
        shots_file: Absolute path of a file with shots and their references; "" for none. It counts frames from 0, the
            first frame of the source, whatever the range is.
        ignored: Numbers of the references that would be in use, were it not for the shots file.
        direction: One of `DIRECTIONS`.
        model: "lite", "devc", or a weights file.
        working_size: Short side in pixels at which the network works; None for the model's.
        device: "auto", "cpu", "cuda", "cuda:1".
        precision: "float16" of the network; None for the worker's choice for model and device.
        saturation: Factor on chroma that is baked in; 1 where the host does that live.
        encoding: What the rendered numbers mean, see `vcnode_client.encodings`; "" where nobody knows.
        file_encoding: What the numbers of EXR files mean that go to the worker as they are, without a node in between.
        conversion: What OCIO converts everything rendered from and to; "" where it does not. Files are not converted.
        depth: "half" or "float", of files.
        confidence: Whether the result has the layer vcn_confidence.
        overscan: Pixels outside the format, on each side, that are coloured too.
        keep_input: Whether the rendered source stays on disk.
        folder: Where versions go, with forward slashes; "" where nobody knows.
        worker: How the worker is reached.
    """

    first: int
    last: int
    references: tuple[ReferenceSettings, ...] = ()
    shots_file: str = ""
    ignored: tuple[int, ...] = ()
    direction: str = "both"
    model: str = "lite"
    working_size: int | None = None
    device: str = "auto"
    precision: str | None = None
    saturation: float = 1.0
    encoding: str = "linear-srgb"
    file_encoding: str = "linear-srgb"
    conversion: str = ""
    depth: str = "half"
    confidence: bool = True
    overscan: int = 0
    keep_input: bool = False
    folder: str = ""
    worker: WorkerSettings = field(default_factory=WorkerSettings)

    @property
    def frame_count(self) -> int:
        """Frames of the range, 0 where it is empty."""
        return max(0, self.last - self.first + 1)
