"""The filter as scripts call it."""

import logging
import os
from collections.abc import Iterable, Sequence
from typing import Literal, NamedTuple, TypedDict, Unpack, overload

import vapoursynth as vs

from vcnode.color import Enlarging, Matrix
from vcnode.errors import InputError
from vcnode.sequence import (
    Direction,
    MemoryStateCache,
    Reference,
    Settings,
    Shot,
    StateCache,
    StateStore,
    load_shots,
    shots_from_cuts,
)
from vcnode.sequence.whole_number import whole_number
from vsvcnode.backward_clip import BackwardClip, JoinedClip, Results
from vsvcnode.clip_reference import ClipReference
from vsvcnode.colorist import Colorist
from vsvcnode.detail_clip import DetailClip
from vsvcnode.failures import explained
from vsvcnode.following_clip import FollowingClip
from vsvcnode.formats import FrameColor, check_clip, output_format
from vsvcnode.models import ModelLike, shared_model
from vsvcnode.painting import Painter, chroma_clip, join_luma, map_clips
from vsvcnode.paths import checked_path
from vsvcnode.plan import Plan
from vsvcnode.references import Frames, ReferenceLike, check_paths, gather
from vsvcnode.scenes import SceneScan
from vsvcnode.state_clip import StateClip

_log = logging.getLogger("vcnode")

_KEEP_EVERY = 16  # frames between the states that a cache gives up last, about: a seek replays so many


class Colorized(NamedTuple):
    """What `colorize(..., maps=True)` gives.

    Attributes:
        clip: The coloured clip.
        confidence: GRAYS, 0..1: how similar to a reference each pixel is. Similarity, not correctness.
        reference: GRAY16: the number of the reference that was matched, from 1 in the order of its shot; 0 for none.
    """

    clip: vs.VideoNode
    confidence: vs.VideoNode
    reference: vs.VideoNode


type References = ReferenceLike | Sequence[ReferenceLike]
type Scenes = Iterable[int] | vs.VideoNode
type Shots = str | os.PathLike[str] | Shot | Iterable[Shot]


class Options(TypedDict, total=False):
    """The named arguments of `colorize`, for type checkers; see there."""

    shots: Shots | None
    scenes: Scenes | None
    model: ModelLike
    device: str | int | None
    fp16: bool | None
    format: int | vs.VideoFormat | None
    matrix: int | None
    saturation: float
    working_size: int | None
    look_ahead: int | None
    upsampling: Enlarging
    find_bars: bool
    compat: Literal["devc"] | None
    direction: Direction
    cache: str | os.PathLike[str] | StateStore | None


@overload
def colorize(
    clip: vs.VideoNode,
    reference: References | None = None,
    frames: Frames = None,
    *,
    maps: Literal[False] = False,
    **options: Unpack[Options],
) -> vs.VideoNode: ...


@overload
def colorize(
    clip: vs.VideoNode,
    reference: References | None = None,
    frames: Frames = None,
    *,
    maps: Literal[True],
    **options: Unpack[Options],
) -> Colorized: ...


def colorize(
    clip: vs.VideoNode,
    reference: References | None = None,
    frames: Frames = None,
    *,
    shots: Shots | None = None,
    scenes: Scenes | None = None,
    model: ModelLike = "lite",
    device: str | int | None = None,
    fp16: bool | None = None,
    format: int | vs.VideoFormat | None = None,
    matrix: int | None = None,
    saturation: float = 1.0,
    working_size: int | None = None,
    look_ahead: int | None = None,
    upsampling: Enlarging = "adaptive",
    find_bars: bool = True,
    compat: Literal["devc"] | None = None,
    direction: Direction = "forward",
    cache: str | os.PathLike[str] | StateStore | None = None,
    maps: bool = False,
) -> vs.VideoNode | Colorized:
    """Colour a clip after reference images; its luma goes through bit for bit.

    A frame is the same whatever is asked in whatever order. The clip's frames carry their mean confidence as the
    property `vcnode_confidence`.

    Args:
        clip: Gray or YUV (its chroma is not looked at), 8 to 16 bits, half or single precision, progressive, SDR.
        reference: A clip, an image file, a folder of `ref_000123.png` or `.jpg` (numbers are frames of the clip), a
            `vcnode.Reference`, or a list of them. A clip as long as `clip` gives its frames at the scene starts, those
            that have colours.
        frames: The frame of the clip that each reference shows: keyframes, from which colours run on.
        shots: A shots file, a `vcnode.Shot` or a list of them, instead of references and scenes.
        scenes: The first frame of each scene, where colours begin anew; or a clip as long as `clip` with the property
            `_SceneChangePrev`, which is then read once before the first frame is coloured. See `scene_starts`.
        model: A model's name, its weights file, or a loaded `vcnode.Model`.
        device: "cuda", "cuda:1", "cpu", a GPU's number, or None or "auto": the first CUDA GPU where there is one, else
            the CPU.
        fp16: Whether the network's convolutions run in half precision, on GPUs only; None: for the light network on
            CUDA GPUs of compute capability 8.0 or more, as everywhere in vcnode.
        format: YUV format of the result, with as many bits as the clip or more. None: the clip's, 4:4:4 where gray.
        matrix: H.273 number of the matrix of untagged frames; None: BT.709 from 720 lines on, else BT.601.
        saturation: Factor on the finished chroma.
        working_size: Short side in pixels at which the network works; None: the model's.
        look_ahead: Frames that are prepared as one batch; None: 4 on CUDA GPUs, else 1.
        upsampling: "adaptive", "bilateral", "bicubic", "bilinear" or "guided": how colours are brought to full size.
        find_bars: Whether black bars are found and left out.
        compat: "devc" colours as the authors' script does.
        direction: "forward": colours run from keyframes to later frames; "backward": to earlier ones; "both": also to
            what lies before the first, and blended between two. The first frame of a stretch then waits for the whole
            of it.
        cache: A folder, or a `vcnode.StateCache`: keeps states, so that a second run needs no network.
        maps: Whether confidence and matched reference are returned too.

    Returns:
        The coloured clip; with `maps`, a tuple of it and two maps.

    Raises:
        vapoursynth.Error: Something cannot be used as given; the message begins with "colorize:".
    """
    with explained():
        clip = check_clip(clip)
        first = clip.get_frame(0)
        if matrix is not None:
            matrix = whole_number(matrix, "the matrix")
            Matrix.from_h273(matrix)
        FrameColor.of(first.props, clip.format, clip.height, matrix).chroma_siting()
        target = output_format(clip, format)
        network = shared_model(model, device)
        on_gpu = next(network.parameters()).device.type != "cpu"
        if fp16 and not on_gpu:
            _log.warning("fp16 is for GPUs: the network runs in single precision on the CPU.")
        settings = Settings(
            working_size=working_size,
            look_ahead=look_ahead,
            saturation=saturation,
            upsampling=upsampling,
            find_bars=find_bars,
            compat=compat,
            direction=direction,
            precision=None if fp16 is None else "float16" if fp16 and on_gpu else "float32",
        ).on(network)
        plan = Plan(len(clip), settings.window)
        scan = _settle(plan, clip, reference, frames, shots, scenes)
        colorist = Colorist(network, settings, _store(cache, settings.window))
    results = _results(clip, plan, colorist, matrix)
    details = DetailClip(clip, plan, colorist, results.nodes)
    chroma = chroma_clip(clip, Painter(plan, colorist, results, details, target, matrix, maps))
    if scan is not None:
        chroma = scan.gate(chroma)
    colored = join_luma(clip, chroma)
    return Colorized(colored, *map_clips(clip, chroma)) if maps else colored


def _results(clip: vs.VideoNode, plan: Plan, colorist: Colorist, matrix: int | None) -> Results:
    """What the network makes of the frames, in the direction that the settings say."""
    forward = StateClip(clip, plan, colorist, matrix)
    direction = colorist.settings.direction
    if direction == "forward":
        return forward
    backward = BackwardClip(clip, plan, forward, colorist, matrix)
    return backward if direction == "backward" else JoinedClip(clip, plan, forward, backward, colorist)


def _settle(
    plan: Plan,
    clip: vs.VideoNode,
    reference: References | None,
    frames: Frames,
    shots: Shots | None,
    scenes: Scenes | None,
) -> SceneScan | None:
    """Give the plan its shots, or say how they will be found.

    Raises:
        InputError: They cannot be used; pictures of the first shot are looked at, the others when their turn comes.
        MediaError: A picture cannot be read.
    """
    if (reference is None) == (shots is None):
        raise InputError("give either reference or shots: colours come from one of them")
    if shots is not None:
        if frames is not None or scenes is not None:
            raise InputError("frames and scenes go with reference: shots say themselves where they begin")
        plan.settle(_given_shots(shots))
    else:
        assert reference is not None
        found = gather(reference, frames, len(clip))
        if isinstance(scenes, vs.VideoNode):
            if len(scenes) != len(clip):
                raise InputError(f"scenes has {len(scenes)} frames and the clip {len(clip)}: give a clip as long")
            return SceneScan(scenes, lambda starts: plan.settle(_shots(found, starts, len(clip))))
        plan.settle(_shots(found, [] if scenes is None else _starts(scenes), len(clip)))
    _check_pictures(plan.shots[0].references)
    return None


def _given_shots(shots: Shots) -> tuple[Shot, ...]:
    if isinstance(shots, str | os.PathLike):
        return load_shots(checked_path(shots, "a shots file"))
    given = tuple(shots) if isinstance(shots, Iterable) else (shots,)
    for each in given:
        if not isinstance(each, Shot):
            raise InputError(f"a shot is {each!r}: give a shots file, or one vcnode.Shot or a list of them")
        for reference in each.references:
            check_paths(reference)
    return given


def _starts(scenes: Iterable[int]) -> list[int]:
    try:
        starts = list(scenes)
    except TypeError as error:
        raise InputError(f"scenes is {scenes!r}: give a list of the first frames of scenes, or a clip") from error
    return [whole_number(start, "a frame in scenes") for start in starts]


def _shots(found: list[Reference] | FollowingClip, starts: list[int], length: int) -> tuple[Shot, ...]:
    references = found.references(starts) if isinstance(found, FollowingClip) else found
    return shots_from_cuts(starts, length, references)


def _check_pictures(references: Iterable[Reference]) -> None:
    """Read pictures as they will be read, so that what is wrong with them is said when the script is loaded."""
    for each in references:
        if not isinstance(each, ClipReference):
            each.lab_and_mask()


def _store(cache: str | os.PathLike[str] | StateStore | None, look_ahead: int) -> StateStore:
    """A store that gives up the first states of windows last: from those alone a window can be begun."""
    keep_every = look_ahead * -(-_KEEP_EVERY // look_ahead)
    if cache is None:
        return MemoryStateCache(keep_every=keep_every)
    if isinstance(cache, str | os.PathLike):
        return StateCache(checked_path(cache, "a cache"), keep_every=keep_every)
    if not (hasattr(cache, "get") and hasattr(cache, "put")):
        raise InputError(f"the cache is {cache!r}: give a folder or a vcnode.StateCache")
    return cache
