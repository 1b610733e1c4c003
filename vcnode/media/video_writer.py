"""Writing a video that survives interruption."""

import json
import logging
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, Self

import av
import numpy as np
from av.error import FFmpegError

from vcnode.errors import InputError, MediaError
from vcnode.media._failures import explained, reason
from vcnode.media._file_lock import lock_folder
from vcnode.media.encoder import EncoderSettings
from vcnode.media.join import check_audio, join
from vcnode.media.pixel_layout import chroma_shape
from vcnode.media.segment import Segment, SegmentWriter, load_segment
from vcnode.media.video_frame import Codes, FrameTime
from vcnode.media.video_info import VideoInfo
from vcnode.media.video_target import (
    forget_placed,
    is_placed,
    note_partial,
    partial_of,
    place,
    refuse_existing,
    remove_partial,
    working_folder,
)
from vcnode.whole_files import put_in_place, remove_file, write_whole

_log = logging.getLogger(__name__)

# What users know the parts of a manifest as.
_WORDS = {"fingerprint": "source, references, model or way of colouring", "settings": "encoder settings"}


class VideoWriter:
    """Encodes in segments and joins them at the end, so that a render can stop at any instant and be resumed.

    Segments have fixed bounds and encoders of their own, so a resumed render has the frames and times of an
    uninterrupted one, bit for bit. Start at `next_frame`: all before it is finished. The target appears only
    when `finish` has completed; until then everything is in the folder `.NAME.part` beside it.

    Used with `with`, leaving the block finishes the video, or aborts it when an error passes through.

    Args:
        path: The target; its suffix chooses the container.
        like: The source, whose size, time base, rate, rotation, pixel shape, colour tags and title are kept.
        settings: Codec, depth, subsampling and quality.
        audio_from: A file whose sound is copied as it is.
        begin: For a stretch of the source: seconds on its clock that become time 0; sound that begins before is left
            out. None: the target begins as the source does.
        cut_audio: Leave out sound that begins after the last frame's end.
        fingerprint: Names the source, model and settings that the pictures depend on; only segments with an
            equal one are kept.
        resume: Whether finished segments of an earlier try are kept; False drops them.
        overwrite: Whether an existing target may be replaced, which happens at the very end.
        segment_frames: Frames a segment.

    Raises:
        InputError: When codec, container, size and sound do not go together.
        MediaError: When the target exists or cannot be written, or another try with another fingerprint is
            unfinished.
    """

    planes = "ycbcr"

    def __init__(
        self,
        path: Path | str,
        *,
        like: VideoInfo,
        settings: EncoderSettings | None = None,
        audio_from: Path | str | None = None,
        begin: Fraction | None = None,
        cut_audio: bool = False,
        fingerprint: str = "",
        resume: bool = True,
        overwrite: bool = False,
        segment_frames: int = 250,
    ) -> None:
        self.path = Path(path)
        self.like = like
        self.settings = settings or EncoderSettings(depth=like.depth)
        self.audio_from = Path(audio_from) if audio_from is not None else None
        if segment_frames < 1:
            raise InputError(f"segment_frames is {segment_frames}; it must be 1 or more")
        self.begin, self.cut_audio = begin, cut_audio
        self.segment_frames = segment_frames
        self._overwrite = overwrite
        self._container = self.settings.container_for(self.path)
        self.settings.check_size(like.width, like.height)
        self._tags = like.tags.settled(like.matrix, self.settings.range_for(like.range))
        self._time_base = Fraction(1, like.time_base.denominator)
        if self.audio_from is not None:
            with explained("open", self.audio_from):
                check_audio(self.audio_from, self._container)
        refuse_existing(self.path, overwrite)
        self.folder = working_folder(self.path)
        self._segments: list[Segment] = []
        self._open: SegmentWriter | None = None
        self._prepared = self._placed = False
        self._last_pts: int | None = None
        with explained("write to the folder of", self.path):
            self.folder.mkdir(exist_ok=True)
            self._lock: BinaryIO | None = lock_folder(self.folder)
            try:
                self._take_up(self._manifest(fingerprint), resume)
            except BaseException:
                self._unlock()
                raise

    def _manifest(self, fingerprint: str) -> dict[str, Any]:
        return {
            "version": 1,
            "fingerprint": fingerprint,
            "settings": asdict(self.settings),
            "size": [self.like.width, self.like.height],
            "time_base": self._time_base.denominator,
            "frame_rate": str(self.like.frame_rate),
            "pixel_shape": str(self.like.sample_aspect_ratio),
            "tags": asdict(self._tags),
            "segment_frames": self.segment_frames,
            "ffmpeg": [list(v) for v in av.library_versions.values()],
        }

    def _take_up(self, manifest: dict[str, Any], resume: bool) -> None:
        """Keep what an earlier try of the same render finished."""
        note = self.folder / "manifest.json"
        before: Any = None
        if note.exists():
            try:
                before = json.loads(note.read_text("utf-8"))
            except ValueError:
                before = "a damaged note"
        if before is not None and before != manifest and resume:
            keys = [k for k in manifest if not isinstance(before, dict) or before.get(k) != manifest[k]]
            names = [_WORDS.get(key, key.replace("_", " ")) for key in keys]
            raise MediaError(
                f"{self.folder} holds an unfinished render with another {', '.join(names)}; "
                "delete that folder, choose another name, or start over without resuming"
            )
        if before != manifest:
            forget_placed(self.path)
            refuse_existing(self.path, self._overwrite)
            for file in self.folder.glob("segment_*"):
                file.unlink()
            write_whole(note, json.dumps(manifest, indent=1).encode(), flush_to_device=True)
        first = 0
        while resume and (segment := load_segment(self.folder, first)) is not None:
            if not segment.complete or len(segment.pts) != self.segment_frames:
                break
            self._segments.append(segment)
            first = segment.end
        if self._segments:
            self._last_pts = self._segments[-1].pts[-1]
            _log.info("resuming %s at frame %d", self.path, self.next_frame)

    @property
    def next_frame(self) -> int:
        """Number of the first frame that is not yet written; another thread may ask while one is being written."""
        done, segment = self._segments[-1].end if self._segments else 0, self._open
        return done + (len(segment) if segment is not None else 0)

    def is_done(self, time: FrameTime) -> bool:
        """Whether the frame is finished already."""
        return time.index < self.next_frame

    def write(self, planes: tuple[Codes, ...], time: FrameTime) -> None:
        """Append a frame.

        Args:
            planes: Y' (H, W), Cb and Cr codes at the settings' depth (uint8 for 8 bit, else uint16).
            time: The source frame's place.

        Raises:
            InputError: When the planes' shapes or types, or the frame's number or time, do not fit.
            MediaError: When the disk refuses; finished segments stay.
        """
        if self._lock is None:
            raise InputError(f"{self.path} is closed; no more frames can be written")
        checked = self._checked(planes, time)
        pts = self._pts(time)
        try:
            if self._open is None:
                self._open = self._new_segment()
            self._open.write(checked, pts, round(time.duration * time.time_base / self._time_base))
            self._last_pts = pts
            if len(self._open) == self.segment_frames:
                self._close_open(complete=True)
        except (OSError, FFmpegError) as error:
            self._drop_open()
            kept = f" (the first {self.next_frame} frames are kept in {self.folder}, from where the render resumes)"
            raise MediaError(
                f"cannot write frame {time.index} of {self.path}: {reason(error)}{kept if self.next_frame else ''}"
            ) from error

    def _new_segment(self) -> SegmentWriter:
        return SegmentWriter(
            self.folder,
            self._segments[-1].end if self._segments else 0,
            self.settings,
            size=(self.like.width, self.like.height),
            time_base=self._time_base,
            frame_rate=self.like.frame_rate,
            sample_aspect_ratio=self.like.sample_aspect_ratio,
            tags=self._tags,
        )

    def _checked(self, planes: tuple[Codes, ...], time: FrameTime) -> tuple[Codes, Codes, Codes]:
        depth = self.settings.depth
        shape = (self.like.height, self.like.width)
        small = chroma_shape(shape, self.settings.subsampling)
        kind = np.uint8 if depth == 8 else np.uint16
        if time.index != self.next_frame:
            raise InputError(f"frame {time.index} was given, but {self.path} goes on with frame {self.next_frame}")
        if [p.shape for p in planes] != [shape, small, small] or any(p.dtype != kind for p in planes):
            given = ", ".join(f"{p.shape} {p.dtype}" for p in planes)
            raise InputError(f"planes {given} were given; {shape}, {small}, {small} of {kind.__name__} are needed")
        if any(int(p.max()) >> depth for p in planes):
            raise InputError(f"frame {time.index} has codes above {2**depth - 1}, the largest of {depth} bits")
        luma, cb, cr = planes
        return luma, cb, cr

    def _pts(self, time: FrameTime) -> int:
        exact = time.pts * time.time_base / self._time_base
        if exact.denominator != 1:
            raise InputError(
                f"the time of frame {time.index} is not a multiple of {self._time_base} s as in the source"
            )
        if self._last_pts is not None and exact.numerator <= self._last_pts:
            raise InputError(f"frame {time.index} is not later than the frame before it")
        return exact.numerator

    def prepare(self) -> None:
        """Join everything into one file in the working folder, so that what remains is to rename it.

        Raises:
            MediaError: When no frame was written or the disk refuses; finished segments stay.
        """
        if self._lock is None or self._prepared:
            return
        if self.next_frame == 0:
            self._clear()
            raise MediaError(f"no frame was written to {self.path}, so there is nothing to finish")
        with self._finishing():
            self._close_open(complete=False)
            refuse_existing(self.path, self._overwrite)
            self._join(cut_audio=self.cut_audio)
        self._prepared = True

    def place(self) -> None:
        """Put the target in its place; the working folder stays.

        Until `finish`, a crash leaves this render unfinished: a later try may replace the target without being allowed
        to overwrite.

        Raises:
            MediaError: As `prepare`.
        """
        self.prepare()
        if self._lock is not None and not self._placed:
            with self._finishing():
                place(self._joined, self.path)
            self._placed = True

    def finish(self) -> Path:
        """Join everything into the target and remove the working folder.

        Raises:
            MediaError: As `prepare`.
        """
        self.place()
        if self._lock is not None:
            remove_partial(self.path)
            self._clear()
        return self.path

    @contextmanager
    def _finishing(self) -> Iterator[None]:
        try:
            with explained("finish", self.path, hint=f"the segments are kept in {self.folder}"):
                yield
        except BaseException:
            self._drop_open()
            self._unlock()
            raise

    def abort(self, *, watchable: bool = True) -> Path | None:
        """Stop; what is finished becomes a video of its own, and the working folder stays for resuming.

        Args:
            watchable: Whether that video is made: all finished frames are copied for it.

        Returns:
            The video `NAME.partial.EXT` (`NAME.partial.2.EXT` where that is somebody else's) with all frames written so
            far, or None when there is none.
        """
        if self._lock is None:
            return None
        try:
            with explained("keep the finished part of", self.path, hint=f"the segments are in {self.folder}"):
                self._close_open(complete=False)
                if not self._segments:
                    self._clear()
                    return None
                remove_file(self._joined)
                if is_placed(self.path):
                    return self.path
                if not watchable:
                    return None
                partial = partial_of(self.path)
                self._join(cut_audio=True)
                put_in_place(self._joined, partial)
                note_partial(self.path, partial)
                return partial
        finally:
            self._drop_open()
            self._unlock()

    def _close_open(self, *, complete: bool) -> None:
        if self._open is not None:
            segment = self._open.close(complete)
            self._open = None  # first, or `next_frame` would count its frames twice for a moment
            self._segments.append(segment)

    @property
    def _joined(self) -> Path:
        return self.folder / f"joined{self.path.suffix}"

    def _join(self, *, cut_audio: bool) -> None:
        try:
            join(
                self._joined,
                self._container,
                self.folder,
                self._segments,
                like=self.like,
                time_base=self._time_base,
                tags=self._tags,
                audio_from=self.audio_from,
                begin=self.begin,
                cut_audio=cut_audio,
            )
        except BaseException:
            remove_file(self._joined)
            raise

    def _drop_open(self) -> None:
        if self._open is not None:
            self._open.discard()
            self._open = None

    def _unlock(self) -> None:
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    def _clear(self) -> None:
        self._drop_open()
        self._unlock()
        shutil.rmtree(self.folder, ignore_errors=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is None:
            self.finish()
            return
        try:
            partial = self.abort()
        except MediaError as second:
            _log.warning("%s", second)
            return
        if partial is not None:
            _log.warning("the frames finished so far are in %s; the render resumes from %s", partial, self.folder)
