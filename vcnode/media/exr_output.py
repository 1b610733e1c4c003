"""How the frames of an OpenEXR target are written, and which of them are there already."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from vcnode.errors import MediaError
from vcnode.media.exr import write_exr
from vcnode.media.exr_frames import ExrFrames
from vcnode.media.exr_header import read_exr_header
from vcnode.media.video_frame import Codes, FrameTime

JOB = "vcnode/job"  # the attribute that says which render a file belongs to


@dataclass(frozen=True)
class ExrOutput:
    """What EXR files hold besides colours.

    Attributes:
        plates: The source's files: alpha, layers, windows and metadata come from them; None for a source of another
            kind.
        metadata: Text attributes to add.
    """

    plates: ExrFrames | None = None
    metadata: Mapping[str, str] = field(default_factory=dict)

    @property
    def depth(self) -> int:
        """Bits of a colour where nobody says: those of the source's files, else 16."""
        return 16 if self.plates is None or self.plates.half else 32

    def write(self, path: Path, planes: tuple[Codes, ...], time: FrameTime, *, half: bool, job: str) -> None:
        """Write a frame, whole or not at all.

        Args:
            path: The target.
            planes: The picture (H, W, 3), and perhaps the confidence (H, W).
            time: The source frame's place.
            half: Whether colours are stored as 16-bit floats.
            job: What `belongs` is to know the file by.

        Raises:
            MediaError: The source's file cannot be read any more, or the disk refuses.
        """
        picture, *rest = planes
        confidence = rest[0] if rest else None
        metadata = {**self.metadata, JOB: job} if job else self.metadata
        if self.plates is None:
            write_exr(path, picture, half=half, confidence=confidence, metadata=metadata)
            return
        plate = self.plates.plate(time.number)
        inside = plate.box.within(self.plates.box)
        plate.write(
            path,
            picture[inside],
            half=half,
            confidence=None if confidence is None else confidence[inside],
            metadata=metadata,
        )


def belongs(path: Path, job: str) -> bool:
    """Whether a file is complete and of this render, as far as its header tells."""
    try:
        return bool(job) and any(part.text(JOB) == job for part in read_exr_header(path))
    except MediaError:
        return False
