"""What a job says about OpenEXR files, and what follows for its render."""

import functools
from dataclasses import replace
from pathlib import Path

from vcnode.color.encodings import ENCODINGS, Encoding, find_encoding
from vcnode.errors import InputError
from vcnode.media import FrameSource, ImageSequenceReader
from vcnode.media.exr_frames import ExrFrames, is_exr
from vcnode.media.exr_output import ExrOutput
from vcnode.rendering.job import RenderJob
from vcnode.rendering.reference_encoding import Windows, understood
from vcnode.sequence import Reference
from vcnode.sequence.chain import combine_digests, digest_settings


def fit_to_source(job: RenderJob, source: FrameSource) -> RenderJob:
    """The job as it suits the source, with what it says about EXR checked, and its references as they are meant.

    Where data windows differ, black around a frame is no bar: there may be picture in the next one.

    Raises:
        InputError: An encoding is not known, options are for EXR where there is none, or a mask cannot be used.
        MediaError: A reference cannot be read.
    """
    files = _files(source)
    if job.encoding is not None:
        find_encoding(job.encoding)
        if files is None and not is_exr(job.output):
            raise InputError(
                f"The encoding {job.encoding} is for EXR files, but neither {job.source} nor {job.output} are some: "
                "leave it out."
            )
    if job.confidence_layer and not is_exr(job.output):
        raise InputError(
            f"A layer of the confidence is for EXR files, but {job.output} has none: write it as a second film."
        )
    if files is not None and files.varies:
        job = replace(job, settings=replace(job.settings, find_bars=False))
    return _with_references_as_meant(job, Windows.of(source))


def _with_references_as_meant(job: RenderJob, windows: Windows | None) -> RenderJob:
    """EXR references are meant like the frames, and what has the frames' format covers what they cover."""
    placed = windows is not None and not windows.alike

    @functools.cache
    def meant(reference: Reference) -> Reference:
        encoding = job.encoding if isinstance(reference.image, Path) and is_exr(reference.image) else None
        return understood(reference, encoding, windows) if placed or encoding else reference

    shots = job.shots
    if shots is not None:
        shots = tuple(replace(shot, references=tuple(map(meant, shot.references))) for shot in shots)
    return replace(job, references=tuple(map(meant, job.references)), shots=shots)


def encoding_of_output(job: RenderJob) -> Encoding:
    """How the numbers of an EXR target are meant."""
    return ENCODINGS[job.encoding or "linear-srgb"]


def with_exr(fingerprint: str, job: RenderJob) -> str:
    """A render's fingerprint with what the job says about EXR, where it says anything."""
    said = {"encoding": encoding_of_output(job).name, "layer": job.layer, "confidence": job.confidence_layer}
    unsaid = {"encoding": "linear-srgb", "layer": None, "confidence": False}
    return fingerprint if said == unsaid else combine_digests([fingerprint, digest_settings(said)])


def exr_output(job: RenderJob, source: FrameSource, model: str) -> ExrOutput | None:
    """What goes into EXR files besides colours; None for other targets.

    Args:
        job: What to do.
        source: Where alpha, layers and metadata come from.
        model: Name of the model.
    """
    if not is_exr(job.output):
        return None
    from vcnode import __version__  # the package's front page, which may want to show this one

    metadata = {
        "vcnode/version": __version__,
        "vcnode/model": model,
        "vcnode/clip": job.clip or str(source.path.name),
        "vcnode/encoding": encoding_of_output(job).name,
    }
    return ExrOutput(_files(source), metadata)


def _files(source: FrameSource) -> ExrFrames | None:
    return source.exr if isinstance(source, ImageSequenceReader) else None
