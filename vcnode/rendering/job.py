"""What is to be rendered, and what came of it."""

from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

from vcnode.media import VideoInfo
from vcnode.network import Model
from vcnode.sequence import ClipState, ColoredFrame, Reference, Settings, Shot, StateStore


@dataclass(frozen=True)
class RenderJob:
    """A file to colour, with every choice a user has. What is None is chosen after source and target.

    Attributes:
        source: A video, `shot.####.png`, or a folder with one image sequence.
        output: A video by its ending, or `shot.####.png`, `.tif`, `.exr`.
        references: For the whole clip; or give `shots`.
        cuts: First frames of shots, where `references` are given.
        cut_threshold: Look for the cuts in the picture, where `references` are given: a shot begins where a frame
            differs by more from the one before, 0..1 (0.4 suits most footage); None: only the `cuts` given.
        shots: Shots with references of their own; frames outside stay gray.
        frames: First and last frame to render, included, counted from 0; the last None: to the end. References, shots
            and cuts still count from the clip's start. A shot that begins before starts afresh at the first frame,
            unless there is a `state`. A video's times then begin at 0 and its sound is that of the stretch, in whole
            packets (some 20 ms of AAC): those that begin in it. Pictures keep their numbers. None: the whole clip.
        state: To go on from: what an earlier render left just before the first frame.
        model: A registry name, a weights file, or a model that is loaded already.
        device: Where a model that is loaded here runs: "auto", "cpu", "cuda", "cuda:1".
        settings: How the clip is coloured.
        codec: "h264", "hevc", "ffv1" or "prores"; by default .mkv takes ffv1, .mov prores, .mp4 h264.
        depth: Bits of a code in the output; the source's by default.
        chroma: "420", "422" or "444".
        encoding: How the numbers of EXR files are meant, of the source's and the target's: "linear-srgb" (the default),
            "srgb", "acescg", "aces2065-1", "linear-rec2020" or "linear-p3-d65".
        layer: Of EXR files, the layer that is coloured; None for the main picture.
        confidence_layer: Whether EXR files get the confidence as the channel `vcn_confidence.confidence`, 0..1.
        clip: What the clip is called, for the metadata of EXR files; None: as its file.
        quality: Constant rate factor of h264 and hevc; 0 is lossless.
        frame_rate: Frames a second of an image sequence.
        audio: Whether sound is copied.
        confidence: Where to write a second, gray film of the confidence; None for nowhere.
        cache: Folder for states that other renders and hosts may use too, or a store that is open; None for none.
        resume: Whether an unfinished render of the same job is continued.
        overwrite: Whether an existing target may be replaced.
        watchable: Whether a video that is stopped leaves what is finished as a film beside the target; that takes a
            moment, as all finished frames are copied.
        overlap: Frames that are read ahead and that may wait to be written, each by a thread of its own; None: 2 on
            GPUs, and 0, for no threads, on CPUs.
        segment_frames: Frames of a video that are finished together, each stretch with a key frame of its own: what a
            stop at the worst moment costs.
    """

    source: Path
    output: Path
    references: tuple[Reference, ...] = ()
    cuts: tuple[int, ...] = ()
    cut_threshold: float | None = None
    shots: tuple[Shot, ...] | None = None
    frames: tuple[int, int | None] | None = None
    state: ClipState | None = None
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
    encoding: str | None = None
    layer: str | None = None
    confidence_layer: bool = False
    clip: str | None = None
    cache: Path | StateStore | None = None
    resume: bool = True
    overwrite: bool = False
    watchable: bool = True
    overlap: int | None = None
    segment_frames: int = 50


@dataclass(frozen=True)
class CutSearch:
    """How far the search for cuts is, which comes before all else.

    Attributes:
        done: Frames looked at.
        total: Frames to be looked at, perhaps an estimate; None: unknown.
    """

    done: int
    total: int | None


@dataclass(frozen=True)
class RenderStart:
    """What a render is going to do.

    Attributes:
        info: The source.
        model: Name of the model.
        device: Where it runs.
        working_size: Short side in pixels at which the network works.
        look_ahead: Frames that are prepared as one batch.
        precision: Of the network's convolutions.
        references: How many different references there are.
        shots: How many shots.
        output_format: The output in words.
        begin: First frame of the render; above 0 where only a stretch of the clip is wanted.
        first: First frame that is still to be written; above `begin` when resuming.
        total: Frames of the render, perhaps an estimate; None: unknown.
        cuts: First frames of shots, as they were given or found.
    """

    info: VideoInfo
    model: str
    device: str
    working_size: int
    look_ahead: int
    precision: str
    references: int
    shots: int
    output_format: str
    begin: int
    first: int
    total: int | None
    cuts: tuple[int, ...]


@dataclass(frozen=True)
class RenderedFrame:
    """A frame that was just written.

    Attributes:
        colored: The frame, where the model is.
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
        state: What the last frame left, for a render of the frames behind it; None where there was no frame.
    """

    output: Path
    confidence_output: Path | None
    frames: int
    rendered: int
    seconds: float
    confidence: float | None
    weak_frames: tuple[int, ...]
    state: ClipState | None

    @property
    def fps(self) -> float:
        """Frames a second of this run."""
        return self.rendered / self.seconds if self.seconds > 0 else 0.0
