"""A film written as numbered pictures, resumable file by file."""

import json
import shutil
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, Self

import numpy as np

from vcnode.counted import counted
from vcnode.errors import InputError, MediaError
from vcnode.media._failures import explained
from vcnode.media._file_lock import lock_folder
from vcnode.media.exr_output import ExrOutput, belongs
from vcnode.media.sequence_pattern import SequencePattern, parse_pattern
from vcnode.media.still_writer import write_png, write_tiff
from vcnode.media.video_frame import Codes, FrameTime
from vcnode.media.video_info import VideoInfo
from vcnode.whole_files import write_whole

_DEPTHS = {".png": (8, 16), ".tif": (8, 16), ".tiff": (8, 16), ".exr": (16, 32)}


_WRITTEN = "written"  # in the working folder: a line with the number of each file


def numbers_written(path: Path | str, numbers: tuple[int, int | None] | None = None) -> set[int]:
    """Which files of a sequence its unfinished render has made; none where no render is unfinished.

    Args:
        path: As the writer is given it.
        numbers: Likewise.

    Raises:
        InputError: When the pattern is none.
    """
    return _numbers_in(_working_folder(parse_pattern(Path(path)), numbers) / _WRITTEN)


def _working_folder(pattern: SequencePattern, numbers: tuple[int, int | None] | None) -> Path:
    first, last = numbers or (0, None)
    place = "#" if numbers is None else f"{first}-{'' if last is None else last}"
    return pattern.folder / f".{pattern.prefix}{place}{pattern.suffix}.part"


def _numbers_in(note: Path) -> set[int]:
    """What was noted; a last line that a crash cut off is none."""
    try:
        return {int(line) for line in note.read_text("utf-8").split("\n")[:-1]}
    except (OSError, ValueError):
        return set()


class ImageSequenceWriter:
    """Writes each frame as a file with the source's number, whole or not at all.

    While a render is unfinished a small folder `.PREFIX#SUFFIX.part` beside the files remembers which of them it made;
    a later try with the same fingerprint keeps those.

    Args:
        path: `shot.####.png`, `.tif` or `.exr`; the folder is made when absent.
        like: The source, whose size every frame must have.
        depth: 8 or 16 for PNG and TIFF (default 8, or 16 for deeper sources); 16 (half) or 32 for EXR (default as the
            source's EXR files, else 16).
        exr: What EXR files hold besides colours.
        numbers: First and last number that are written, where they are not all: other files of the name may be there,
            and other stretches be rendered at the same time. The last None: all from the first on.
        fingerprint: Names the source, model and settings that the pictures depend on.
        resume: Whether files of an earlier unfinished try are kept.
        overwrite: Whether files that exist for another reason may be replaced.

    Raises:
        InputError: When the pattern, ending or depth is not one that can be written.
        MediaError: When files exist already, or another render of that name is unfinished.
    """

    planes = "rgb"

    def __init__(
        self,
        path: Path | str,
        *,
        like: VideoInfo,
        depth: int | None = None,
        exr: ExrOutput | None = None,
        numbers: tuple[int, int | None] | None = None,
        fingerprint: str = "",
        resume: bool = True,
        overwrite: bool = False,
    ) -> None:
        self.path = Path(path)
        self.like = like
        self.pattern = parse_pattern(self.path)
        self._kind = self.path.suffix.lower()
        if self._kind not in _DEPTHS:
            raise InputError(f"{self.path}: pictures are written as {', '.join(_DEPTHS)}")
        self._exr = (exr or ExrOutput()) if self._kind == ".exr" else None
        usual = (8 if like.depth == 8 else 16) if self._exr is None else self._exr.depth
        self.depth = depth if depth is not None else usual
        if self.depth not in _DEPTHS[self._kind]:
            raise InputError(f"{self._kind} takes {' or '.join(map(str, _DEPTHS[self._kind]))} bits, not {self.depth}")
        self._job = f"{fingerprint}.{self.depth}" if fingerprint else ""
        first, last = numbers or (0, None)
        self.folder = _working_folder(self.pattern, numbers)
        self._written = self.folder / _WRITTEN
        with explained("write to the folder", self.pattern.folder):
            self.pattern.folder.mkdir(parents=True, exist_ok=True)
            existing = {n for n in self.pattern.numbers() if first <= n and (last is None or n <= last)}
            unfinished = (self.folder / "manifest.json").exists()
            finished = {n for n in existing if self._is_finished(n)} if resume else set()
            if not existing <= finished and not unfinished and not overwrite:
                there = f"{self.pattern} exists already ({counted(len(existing), 'file')})"
                raise MediaError(f"{there}; choose another name or allow overwriting")
            self.folder.mkdir(exist_ok=True)
            self._lock: BinaryIO | None = lock_folder(self.folder)
            try:
                written = self._take_up(fingerprint, resume)
                self._done = finished if self._exr is not None else existing & written
            except BaseException:
                self._unlock()
                raise

    def _take_up(self, fingerprint: str, resume: bool) -> set[int]:
        """Numbers of the files that an earlier try of this render wrote."""
        note = self.folder / "manifest.json"
        manifest: dict[str, Any] = {
            "version": 1,
            "fingerprint": fingerprint,
            "depth": self.depth,
            "size": [self.like.width, self.like.height],
            "pattern": self.pattern.path(0).name,
        }
        before = None
        if note.exists():
            try:
                before = json.loads(note.read_text("utf-8"))
            except ValueError:
                before = "damaged"
            if before != manifest and resume:
                raise MediaError(
                    f"{self.folder} belongs to an unfinished render with other settings; delete that folder, "
                    "choose another name, or start over without resuming"
                )
        written = _numbers_in(self._written) if resume and before == manifest else set()
        numbers = "".join(f"{number}\n" for number in sorted(written))
        write_whole(self._written, numbers.encode(), flush_to_device=True)
        write_whole(note, json.dumps(manifest, indent=1).encode(), flush_to_device=True)  # after what it vouches for
        return written

    def _is_finished(self, number: int) -> bool:
        """Whether a file says itself that it is whole and of this render, as EXR files can."""
        return self._exr is not None and belongs(self.pattern.path(number), self._job)

    def is_done(self, time: FrameTime) -> bool:
        """Whether the frame's file is finished already."""
        return time.number in self._done

    def write(self, planes: tuple[Codes, ...], time: FrameTime) -> None:
        """Write one frame.

        Args:
            planes: One array (H, W, 3): R'G'B' codes of the writer's depth, or floats for EXR; for EXR also the
                confidence (H, W), if it is wanted.
            time: The source frame's place; its `number` names the file.

        Raises:
            InputError: When the array does not fit.
            MediaError: When the disk refuses; finished files stay.
        """
        if self._lock is None:
            raise InputError(f"{self.pattern} is closed; no more frames can be written")
        picture = planes[0]
        kind = np.dtype("f4" if self._kind == ".exr" else "u1" if self.depth == 8 else "u2")
        needed = (self.like.height, self.like.width, 3)
        if picture.shape != needed or picture.dtype != kind:
            raise InputError(f"{picture.shape} {picture.dtype} was given; {needed} of {kind.name} is needed")
        path = self.pattern.path(time.number)
        if self._exr is not None:
            self._exr.write(path, planes, time, half=self.depth == 16, job=self._job)
        else:
            (write_png if self._kind == ".png" else write_tiff)(path, picture)
        with explained("write", self._written), self._written.open("a", encoding="utf-8") as note:
            note.write(f"{time.number}\n")
        self._done.add(time.number)

    def prepare(self) -> None:
        """Nothing is left to do: every file is in its place when it is written."""

    def place(self) -> None:
        """As `prepare`."""

    def finish(self) -> Path:
        """Mark the render complete."""
        if self._lock is not None:
            self._clear()
        return self.path

    def abort(self, *, watchable: bool = True) -> Path | None:
        """Stop; finished files stay and a later try goes on.

        Returns:
            The pattern of the files, or None when none is finished.
        """
        if not self._done and self._lock is not None:
            self._clear()
        self._unlock()
        return self.path if self._done else None

    def _clear(self) -> None:
        self._unlock()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _unlock(self) -> None:
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is None:
            self.finish()
        else:
            self.abort()
