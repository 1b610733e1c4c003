"""What a job says about OpenEXR files, and what follows for its render."""

from dataclasses import replace

from vcnode.color.encodings import ENCODINGS, Encoding, find_encoding
from vcnode.errors import InputError
from vcnode.media import FrameSource, ImageSequenceReader
from vcnode.media.exr_frames import ExrFrames, is_exr
from vcnode.media.exr_output import ExrOutput
from vcnode.rendering.job import RenderJob
from vcnode.sequence.chain import combine_digests, digest_settings


def fit_to_source(job: RenderJob, source: FrameSource) -> RenderJob:
    """The job as it suits the source, with what it says about EXR checked.

    Where data windows differ, black around a frame is no bar: there may be picture in the next one.

    Raises:
        InputError: An encoding is not known, or options are for EXR where there is none.
    """
    if job.encoding is not None:
        find_encoding(job.encoding)
    if job.encoding is not None and _files(source) is None and not is_exr(job.output):
        raise InputError(
            f"The encoding {job.encoding} is for EXR files, but neither {job.source} nor {job.output} are some: "
            "leave it out."
        )
    if job.confidence_layer and not is_exr(job.output):
        raise InputError(
            f"A layer of the confidence is for EXR files, but {job.output} has none: write it as a second film."
        )
    files = _files(source)
    if files is not None and files.varies:
        return replace(job, settings=replace(job.settings, find_bars=False))
    return job


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
