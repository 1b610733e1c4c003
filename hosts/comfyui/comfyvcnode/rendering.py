"""Colouring a video file into another, in constant memory."""

import dataclasses
from dataclasses import dataclass
from pathlib import Path

from torch import Tensor

from vcnode.errors import VcnodeError
from vcnode.media import open_source, probe
from vcnode.network import Model
from vcnode.rendering import CutSearch, RenderedFrame, RenderJob, RenderStart, render
from vcnode.rendering.stretch import exact_frame_count
from vcnode.sequence import ClipState, Reference, Shot
from vcnode.sequence.chain import digest_settings, digest_tensor
from vcnode.sequence.identity import model_digest, rounding

from .coloring import Coloring, Load
from .encoding import encoding_for
from .files import file_stamp
from .films import FilmPart
from .progress import Progress
from .reports import coloring_report
from .states import in_main_memory

_SEGMENT = 24  # frames between places where a stopped film can go on


@dataclass(frozen=True)
class ColoredFilm:
    """A coloured film.

    Attributes:
        path: The file.
        state: To go on after its last frame; None where there was no frame.
        report: What came of it, in words.
    """

    path: Path
    state: ClipState | None
    report: str


def color_film(
    load: Load,
    part: FilmPart,
    coloring: Coloring,
    folder: Path,
    *,
    quality: str,
    state: ClipState | None = None,
    progress: Progress | None = None,
) -> ColoredFilm:
    """Colour a film, or a part of it, into a file of its own, with its sound and its timing.

    A film that was stopped goes on where it stopped, when the same is asked for again.

    Args:
        load: See `Load`; called when the file is known to be readable.
        part: The frames.
        coloring: How.
        folder: Where the file goes.
        quality: Of `QUALITIES`.
        state: Left by the frame before the part.
        progress: Told of each frame; may stop the work.

    Raises:
        InputError: Something cannot be used.
        MediaError: A file cannot be read or written.
        DeviceError: Memory ran out.
    """
    progress = progress or Progress()
    info = probe(part.path)
    encoding, plan = encoding_for(quality, info), coloring.references
    network = load(info.height, info.width)
    job = RenderJob(
        source=part.path,
        output=folder / "unnamed",  # until the name that follows from all the rest
        references=() if plan.listed is not None else plan.references,
        cuts=() if plan.listed is not None else plan.scenes,
        cut_threshold=coloring.scene_cut,
        shots=plan.listed,
        frames=_frames(part),
        state=state,
        model=network,
        settings=coloring.settings,
        cache=coloring.states,
        codec=encoding.codec,
        quality=encoding.quality,
        depth=encoding.depth,
        chroma=encoding.chroma,
        watchable=False,  # a stop is answered at once
        segment_frames=_SEGMENT,
    )
    folder.mkdir(parents=True, exist_ok=True)
    job = dataclasses.replace(job, output=_free_name(folder, f"vcnode_{_identity(job, network)[:16]}", encoding.suffix))
    report = _Reporter(progress)
    try:
        result = render(
            job,
            on_search=report.search,
            on_start=report.start,
            on_frame=report.frame,
            on_backward=report.backward,
            cancelled=progress.stop_if_asked,
        )
    except VcnodeError as error:
        if report.done:
            error.add_note("Finished frames are kept: queue the workflow again to go on from there.")
        raise
    text = coloring_report(result.frames, part.first, result.confidence, result.weak_frames)
    state = None if result.state is None else in_main_memory(result.state)
    return ColoredFilm(result.output, state, text)


def _frames(part: FilmPart) -> tuple[int, int | None] | None:
    """The part, as far as the film goes; a beginning past its end is told by the renderer."""
    if part.last is None:
        return (part.first, None) if part.first else None
    with open_source(part.path) as source:
        count = exact_frame_count(source)
    return part.first, part.last if count is None or part.first >= count else min(part.last, count - 1)


class _Reporter:
    """Passes on how far a render is.

    Attributes:
        done: How many frames are finished, in this run and in those before that it goes on from.
    """

    def __init__(self, progress: Progress) -> None:
        self._progress, self._begin = progress, 0
        self.done, self._window = 0, 1
        self._total: int | None = None

    def search(self, search: CutSearch) -> None:
        self._progress.frame(search.done, search.total)

    def start(self, start: RenderStart) -> None:
        self._begin, self._total = start.begin, start.total
        self.done, self._window = start.first - start.begin, start.look_ahead

    def frame(self, frame: RenderedFrame) -> None:
        self.done = frame.colored.number - self._begin + 1
        self._progress.frame(self.done, self._total, frame.colored.rgb)

    def backward(self, number: int) -> None:
        self._progress.backward(self.done, self._total, self._window)


def _free_name(folder: Path, stem: str, suffix: str) -> Path:
    """A name that no finished film has: other nodes may still be reading it."""
    number, path = 1, folder / f"{stem}{suffix}"
    while path.exists():
        number += 1
        path = folder / f"{stem}_{number}{suffix}"
    return path


def _identity(job: RenderJob, network: Model) -> str:
    """The same for the same work, so that an unfinished film is found again."""
    state = job.state.to_bytes().hex() if job.state is not None else ""
    settings = dataclasses.replace(job.settings, precision=job.settings.on(network).precision)
    return digest_settings(
        {
            "source": [str(job.source), file_stamp([job.source])],
            "model": model_digest(network),
            "machine": rounding(next(network.parameters()).device),
            "settings": dataclasses.asdict(settings),
            "references": [_reference(each) for each in job.references],
            "shots": [_shot(each) for each in job.shots or ()],
            "cuts": [list(job.cuts), job.cut_threshold],
            "frames": list(job.frames or ()),
            "state": state,
            "encoding": [job.codec, job.quality, job.depth, job.chroma],
        }
    )


def _shot(shot: Shot) -> list[object]:
    return [shot.first, shot.last, [_reference(each) for each in shot.references]]


def _reference(reference: Reference) -> list[object]:
    pictures = [reference.image] + ([reference.mask] if reference.mask is not None else [])
    named = [digest_tensor(each) if isinstance(each, Tensor) else file_stamp([str(each)]) for each in pictures]
    return [*named, reference.frame, float(reference.weight)]
