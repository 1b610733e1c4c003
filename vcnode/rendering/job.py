"""What is to be rendered, and what came of it."""

from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

from vcnode.media import VideoInfo
from vcnode.network import Model
from vcnode.sequence import ColoredFrame, Reference, Settings, Shot


@dataclass(frozen=True)
class RenderJob:
    """A file to colour, with every choice a user has. What is None is chosen after source and target.

    Attributes:
        source: A video, `shot.####.png`, or a folder with one image sequence.
        output: A video by its ending, or `shot.####.png`, `.tif`, `.exr`.
        references: For the whole clip; or give `shots`.
        cuts: First frames of shots, where `references` are given.
        shots: Shots with references of their own; frames outside stay gray.
        model: A registry name, a weights file, or a model that is loaded already.
        device: Where a model that is loaded here runs: "auto", "cpu", "cuda", "cuda:1".
        settings: How the clip is coloured.
        codec: "h264", "hevc", "ffv1" or "prores"; by default .mkv takes ffv1, .mov prores, .mp4 h264.
        depth: Bits of a code in the output; the source's by default.
        chroma: "420", "422" or "444".
        quality: Constant rate factor of h264 and hevc; 0 is lossless.
        frame_rate: Frames a second of an image sequence.
        audio: Whether sound is copied.
        confidence: Where to write a second, gray film of the confidence; None for nowhere.
        cache: Folder for states that other renders and hosts may use too; None for none.
        resume: Whether an unfinished render of the same job is continued.
        overwrite: Whether an existing target may be replaced.
        segment_frames: Frames of a video that are finished together, each stretch with a key frame of its own: what a
            stop at the worst moment costs.
    """

    source: Path
    output: Path
    references: tuple[Reference, ...] = ()
    cuts: tuple[int, ...] = ()
    shots: tuple[Shot, ...] | None = None
    model: str | Path | Model = "lite"
    device: str = "auto"
    settings: Settings = field(default_factory=Settings)
    codec: str | None = None
    depth: int | None = None
    chroma: str | None = None
    quality: int | None = None
    frame_rate: Fraction | int | float = 24
    audio: bool = True
    confidence: Path | None = None
    cache: Path | None = None
    resume: bool = True
    overwrite: bool = False
    segment_frames: int = 50


@dataclass(frozen=True)
class RenderStart:
    """What a render is going to do.

    Attributes:
        info: The source.
        model: Name of the model.
        device: Where it runs.
        working_size: Short side in pixels at which the network works.
        references: How many different references there are.
        shots: How many shots.
        output_format: The output in words.
        first: First frame that is still to be written; above 0 when resuming.
        total: Frames in the clip, perhaps an estimate; None: unknown.
    """

    info: VideoInfo
    model: str
    device: str
    working_size: int
    references: int
    shots: int
    output_format: str
    first: int
    total: int | None


@dataclass(frozen=True)
class RenderedFrame:
    """A frame that was just written.

    Attributes:
        colored: The frame.
        confidence: Mean over the coloured picture, 0..1; None for a frame that stays gray.
    """

    colored: ColoredFrame
    confidence: float | None


@dataclass(frozen=True)
class RenderResult:
    """What came of a render.

    Attributes:
        output: The file, or the pattern of an image sequence.
        confidence_output: The film of the confidence, or None.
        frames: Frames in the output.
        rendered: Frames that this run made; fewer when it resumed.
        seconds: Time that this run took.
        confidence: Mean over all coloured frames, 0..1; None where none is coloured.
        weak_frames: Frames where references fit badly, the worst of each stretch: a reference there helps most.
    """

    output: Path
    confidence_output: Path | None
    frames: int
    rendered: int
    seconds: float
    confidence: float | None
    weak_frames: tuple[int, ...]

    @property
    def fps(self) -> float:
        """Frames a second of this run."""
        return self.rendered / self.seconds if self.seconds > 0 else 0.0
