"""A job as a client words it, before anything on disk is looked at. Every frame number is a file's number."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from vcnode.color.encodings import ENCODINGS
from vcnode.errors import InputError
from vcnode.media.exr_frames import is_exr
from vcnode.sequence import Settings
from vcnode.worker.fields import Fields, Problem

_SETTINGS = ("working_size", "saturation", "look_ahead", "precision", "upsampling", "compat", "direction")
_FURTHEST = 10**9 - 1
_DEPTHS = ("half", "float", 8, 16)


@dataclass(frozen=True)
class ReferenceRequest:
    """A picture with the colours wanted.

    Attributes:
        place: The field it stands in, for problems that come to light later.
        file: The picture.
        frame: The frame that it shows; None: no particular one.
        weight: Its influence beside the others, above 0.
        mask: White where it may be used; None: everywhere.
        encoding: One of `ENCODINGS`; None: that of its file.
    """

    place: str
    file: Path
    frame: int | None
    weight: float
    mask: Path | None
    encoding: str | None


@dataclass(frozen=True)
class ShotRequest:
    """Frames with references of their own."""

    place: str
    first: int
    last: int
    references: tuple[ReferenceRequest, ...]


@dataclass(frozen=True)
class ShotsFile:
    """A file with shots and their references.

    Attributes:
        path: The YAML file.
        first: Number of the frame that the file counts as 0; None: the first of the source's.
        last: Number of the last frame of the clip that the file is about; None: unknown.
        encoding: Of EXR pictures that it names, one of `ENCODINGS`; None: the job's.
    """

    path: Path
    first: int | None = None
    last: int | None = None
    encoding: str | None = None


@dataclass(frozen=True)
class JobRequest:
    """What a client wants to have coloured.

    Attributes:
        clip: A name for messages.
        source: An image sequence as `shot.%04d.exr` or `shot.####.exr`, or a video, whose frames count from 0.
        first: First frame; None: the source's.
        last: Last frame, included; None: the source's.
        encoding: Of the source and the result, one of `ENCODINGS`; None: that of the kind of file.
        references: For all frames, where there are no shots.
        shots: A shots file; or shots; or None.
        model: A registry name or a weights file.
        device: "auto", "cpu", "cuda", "cuda:1".
        settings: How the clip is coloured.
        cut_threshold: Change of the picture, 0..1, from which on a frame begins a shot; None: never.
        output: An image sequence, or a video where the source is one.
        depth: "half" or "float" for EXR, 8 or 16 bits for other pictures; None: what fits the source.
        confidence: Whether EXR frames get the layer of the confidence.
        overwrite: Whether frames that another job made may be replaced.
        cache: Folder for states that are shared with other jobs, or None.
    """

    clip: str
    source: Path
    first: int | None
    last: int | None
    encoding: str | None
    references: tuple[ReferenceRequest, ...]
    shots: ShotsFile | tuple[ShotRequest, ...] | None
    model: str
    device: str
    settings: Settings
    cut_threshold: float | None
    output: Path
    depth: str | int | None
    confidence: bool
    overwrite: bool
    cache: Path | None

    @property
    def all_references(self) -> tuple[ReferenceRequest, ...]:
        """The references, those of shots included; not those in a shots file."""
        shots = self.shots if isinstance(self.shots, tuple) else ()
        return (*self.references, *(reference for shot in shots for reference in shot.references))


def read_request(value: object, problems: list[Problem]) -> JobRequest | None:
    """Read a job; None where there is no use in looking further, everything that is wrong being noted."""
    known = ("clip", "frames", "encoding", "references", "shots", "options", "output", "cache")
    job = Fields(value, "", problems, known)
    frames = Fields(job.values.get("frames"), "frames", problems, ("pattern", "first", "last"))
    output = Fields(job.values.get("output"), "output", problems, ("pattern", "depth", "confidence", "overwrite"))
    chosen = job.values.get("options")
    options = Fields(
        {} if chosen is None else chosen, "options", problems, ("model", "device", *_SETTINGS, "cut_threshold")
    )
    source, target = frames.path("pattern"), output.path("pattern")
    request = JobRequest(
        clip=job.text("clip", "clip"),
        source=source or Path(),
        first=frames.whole("first"),
        last=frames.whole("last"),
        encoding=_encoding(job),
        references=_references(job),
        shots=_shots(job),
        model=_model(options),
        device=options.text("device", "auto"),
        settings=_settings(options),
        cut_threshold=_cut_threshold(options),
        output=target or Path(),
        depth=_depth(output),
        confidence=output.switch("confidence", False),
        overwrite=output.switch("overwrite", False),
        cache=job.path("cache", required=False),
    )
    if request.first is not None and request.last is not None and request.last < request.first:
        frames.note("last", f"The last frame {request.last} is before the first, {request.first}: exchange them.")
    if not problems and (request.shots is None) == (not request.references):
        job.note("references", "Give references for the whole range, or else shots: colours come from one of them.")
    if request.shots is not None and request.cut_threshold is not None:
        options.note("cut_threshold", "Shots say themselves where they begin: leave one of the two out.")
    if source is None or target is None:
        return None
    if not is_exr(source) and not is_exr(target) and request.encoding not in (None, "srgb"):
        job.note("encoding", f"{request.encoding} is for EXR files: give srgb or null for others.")
    return request


def _references(fields: Fields) -> tuple[ReferenceRequest, ...]:
    references = (
        _reference(item, fields.name(f"references[{number}]"), fields.problems)
        for number, item in enumerate(fields.items("references"))
    )
    return tuple(reference for reference in references if reference is not None)


def _reference(value: object, place: str, problems: list[Problem]) -> ReferenceRequest | None:
    fields = Fields(value, place, problems, ("file", "frame", "weight", "mask", "encoding"))
    file = fields.path("file")
    weight = fields.number("weight", 1.0) or 0.0
    if weight <= 0:
        fields.note("weight", f"The weight is {weight:g}: give a number above 0.")
    mask = fields.path("mask", required=False)
    frame, encoding = fields.whole("frame"), _encoding(fields)
    return None if file is None else ReferenceRequest(place, file, frame, weight, mask, encoding)


def _shots(job: Fields) -> ShotsFile | tuple[ShotRequest, ...] | None:
    match job.values.get("shots"):
        case None:
            return None
        case str(text):
            path = job.checked_path("shots", text)
            return None if path is None else ShotsFile(path)
        case dict(value):
            return _shots_file(Fields(value, "shots", job.problems, ("file", "first", "last", "encoding")))
        case list(items):
            return tuple(_shot(item, number, job.problems) for number, item in enumerate(items))
    job.note("shots", "Give a list of shots, the path of a shots file, or an object with its path as 'file'.")
    return None


def _shots_file(fields: Fields) -> ShotsFile | None:
    path = fields.path("file")
    first, last = (fields.whole(name, least=-_FURTHEST) for name in ("first", "last"))
    if last is not None and (first is None or last < first):
        fields.note("last", f"The clip's last frame is {last}: give its first frame, too, which is not after it.")
    return None if path is None else ShotsFile(path, first, last, _encoding(fields))


def _shot(value: Any, number: int, problems: list[Problem]) -> ShotRequest:
    fields = Fields(value, f"shots[{number}]", problems, ("first", "last", "references"))
    first = fields.whole("first", required=True) or 0
    last = fields.whole("last", required=True) or 0
    if fields.values.get("references") in (None, []):
        fields.note("references", "The shot has no reference: add one, or leave it out.")
    return ShotRequest(fields.place, first, last, _references(fields))


def _encoding(fields: Fields) -> str | None:
    if fields.values.get("encoding") is None:
        return None
    return fields.choice("encoding", "srgb", ENCODINGS)


def _model(options: Fields) -> str:
    """A name from the registry; with a separator or an ending it is a file, and must be named in full."""
    text = options.text("model", "lite")
    if any(mark in text for mark in "/\\") or text.lower().endswith(".safetensors"):
        options.checked_path("model", text)
    return text


def _settings(options: Fields) -> Settings:
    values: dict[str, Any] = {
        "working_size": options.whole("working_size"),
        "saturation": options.number("saturation", 1.0),
        "look_ahead": options.whole("look_ahead"),
        "precision": options.text("precision", "") or None,
        "upsampling": options.text("upsampling", "adaptive"),
        "compat": options.text("compat", "") or None,
        "direction": options.text("direction", "forward"),
    }
    for name, value in list(values.items()):
        try:
            Settings(**{name: value})
        except InputError as error:
            options.note(name, str(error))
            del values[name]
    return Settings(**values)


def _cut_threshold(options: Fields) -> float | None:
    value = options.number("cut_threshold", None)
    if value is not None and not 0 < value <= 1:
        options.note("cut_threshold", f"The threshold is {value:g}: give a number above 0, up to 1, or null.")
    return value


def _depth(output: Fields) -> str | int | None:
    value = output.values.get("depth")
    if value is None or (value in _DEPTHS and not isinstance(value, bool | float)):
        return value
    output.note("depth", "Give half or float for EXR, 8 or 16 for other pictures, or null.")
    return None
