"""What a render's pixels depend on, as one digest: a later run may go on only where it is equal."""

import dataclasses
import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import torch

from vcnode.errors import MediaError
from vcnode.media import FrameSource, ImageSequenceReader
from vcnode.sequence import ClipState, Reference, Settings, Shot
from vcnode.sequence.chain import combine_digests, digest_settings, digest_tensor
from vcnode.sequence.identity import rounding
from vcnode.sequence.reference import ImageLike, floats

_SAMPLES = 64  # places at which a video is read: telling two films apart must not take minutes
_SAMPLE_BYTES = 2**16


def fingerprint(
    source: FrameSource,
    shots: tuple[Shot, ...],
    model_digest: str,
    settings: Settings,
    device: torch.device,
    version: str,
    frames: tuple[int, int | None] | None = None,
    state: ClipState | None = None,
) -> str:
    """Digest source, its frames that are wanted, references, shots, model, settings and the software that computes.

    A state is digested by its key, which derives from all that it was made of.

    Raises:
        MediaError: A file cannot be read.
    """
    plan: dict[str, object] = {
        "version": version,
        "machine": rounding(device),
        "settings": dataclasses.asdict(settings),
        "model": model_digest,
        "source": _source_digest(source),
        "shots": [
            {
                "first": shot.first,
                "last": shot.last,
                "references": [_reference_digest(reference) for reference in shot.references],
            }
            for shot in shots
        ],
    }
    if frames is not None:
        plan["frames"] = list(frames)
    if state is not None:
        shot = state.shot
        plan["state"] = [state.number, None if shot is None else [shot.first, shot.key]]
    return digest_settings(plan)


def _source_digest(source: FrameSource) -> str:
    if isinstance(source, ImageSequenceReader):
        return digest_settings({"files": [[number, *_stat(source.pattern.path(number))] for number in source.numbers]})
    return sampled_digest(source.path)


def sampled_digest(path: Path) -> str:
    """Digest a file's size and evenly spread parts of its content; small files as a whole.

    Raises:
        MediaError: It cannot be read.
    """
    with _readable(path), path.open("rb") as file:
        size = path.stat().st_size
        digest = hashlib.sha256(str(size).encode())
        last = max(0, size - _SAMPLE_BYTES)
        count = min(_SAMPLES, -(-size // _SAMPLE_BYTES))
        for number in range(count):
            file.seek(last * number // max(1, count - 1))
            digest.update(file.read(_SAMPLE_BYTES))
    return digest.hexdigest()


def _stat(path: Path) -> tuple[int, int]:
    with _readable(path):
        status = path.stat()
    return status.st_size, status.st_mtime_ns


def _reference_digest(reference: Reference) -> str:
    pictures = [_picture_digest(reference.image)]
    if reference.mask is not None:
        pictures.append(_picture_digest(reference.mask))
    use = digest_settings({"frame": reference.frame, "weight": float(reference.weight)})
    return combine_digests([*pictures, use])


def _picture_digest(image: ImageLike) -> str:
    if isinstance(image, Path | str):
        with _readable(image):
            return hashlib.sha256(Path(image).read_bytes()).hexdigest()
    return digest_tensor(floats(image, "A reference in memory"))


@contextmanager
def _readable(path: Path | str) -> Iterator[None]:
    """Turn the system's refusal of a file into a sentence."""
    try:
        yield
    except OSError as error:
        raise MediaError(f"{path} cannot be read ({error.strerror}): check the file.") from error
