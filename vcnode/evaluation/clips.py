"""The clips of a folder: finding them, refusing those that cannot be scored, reading their frames."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor

from vcnode.color import Matrix, lightness_of_gray, rgb_to_lab, rgb_to_ycbcr
from vcnode.counted import counted
from vcnode.errors import InputError
from vcnode.evaluation.options import Gray
from vcnode.evaluation.worn_film import worn
from vcnode.media import open_source
from vcnode.media.display_rgb import display_rgb
from vcnode.media.sequence_pattern import STILL_SUFFIXES
from vcnode.training.data.videos import VIDEO_SUFFIXES

FAINT = 2.0  # mean |ab| below which a clip has no colours to score
_SAMPLED = 4  # every so many pixels are looked at to tell whether a clip has colour
_NO_VIDEO = (*STILL_SUFFIXES, ".txt", ".md", ".json", ".html", ".csv", ".yaml", ".yml", ".log", ".pdf", ".zip", ".srt")
_REFERENCES = "_refs"


@dataclass(frozen=True)
class Clip:
    """A clip to look at.

    Attributes:
        name: What it is called in reports.
        path: The video, or the folder of numbered frames.
        references: Pictures to colour it after, those of the folder `<name>_refs` beside it.
    """

    name: str
    path: Path
    references: tuple[Path, ...] = ()


@dataclass(frozen=True)
class LeftOut:
    """A clip that was not scored.

    Attributes:
        clip: Its name.
        reason: Why, in words.
        protocol: Under which protocol; None: under none.
    """

    clip: str
    reason: str
    protocol: str | None = None


@dataclass(frozen=True)
class Facts:
    """What looking through a clip told.

    Attributes:
        frames: How many will be used.
        mean_ab: Mean of |a| and |b| over them.
    """

    frames: int
    mean_ab: float

    @property
    def has_color(self) -> bool:
        """Whether there are colours to compare with."""
        return self.mean_ab >= FAINT


@dataclass(frozen=True)
class Truth:
    """A frame as it really is.

    Attributes:
        number: Counted from 0.
        rgb: Gamma-encoded `(1, 3, H, W)`, 0..1.
        lab: The same in Lab `(1, 3, H, W)`, L 0..100.
        gray: All that a method is given of it, as L `(1, 1, H, W)`.
    """

    number: int
    rgb: Tensor
    lab: Tensor
    gray: Tensor

    @property
    def lightness(self) -> Tensor:
        """L `(1, 1, H, W)`."""
        return self.lab[:, :1].contiguous()

    @property
    def ab(self) -> Tensor:
        """Colours `(1, 2, H, W)`."""
        return self.lab[:, 1:]


def find_clips(folder: Path | str, names: Sequence[str] = ()) -> list[Clip]:
    """List the videos of a folder and its sub-folders of numbered frames, by name.

    A sub-folder that holds videos stands for them; pictures beside them are posters. Text files, single pictures,
    hidden files and folders of references (`<name>_refs`) are passed over.

    Args:
        folder: Where they lie; a video is taken as the one clip.
        names: Which to take, with or without their ending; all by default.

    Raises:
        InputError: The folder does not exist or cannot be read, holds nothing that could be a clip, or lacks a name.
    """
    folder = Path(folder)
    try:
        listed = [folder] if folder.is_file() else sorted(folder.iterdir())
        paths = [clip for path in listed if _may_be_clip(path) for clip in _videos_in(path) or [path]]
    except OSError as error:
        raise InputError(f"The folder of clips {folder} cannot be read ({error.strerror}): check its name.") from error
    stems = Counter(_stem(path) for path in paths)
    clips = []
    for path in paths:
        name = _stem(path) if stems[_stem(path)] == 1 else path.relative_to(folder).as_posix()
        clips.append(Clip(name, path, _references_beside(path)))
    unknown = [name for name in names if not any(name in (clip.name, clip.path.name) for clip in clips)]
    if unknown:
        known = ", ".join(clip.name for clip in clips) or "none"
        raise InputError(f"{folder} has no clip {unknown[0]!r}: give some of its clips ({known}).")
    if not clips:
        raise InputError(f"{folder} holds no clips: give a folder with videos, or with sub-folders of numbered frames.")
    return [clip for clip in clips if not names or clip.name in names or clip.path.name in names]


def look_through(clip: Clip, limit: int | None = None, look_up: Callable[[], None] = lambda: None) -> Facts:
    """Read a clip once, coarsely, so that what is wrong with it shows before anything is computed.

    Args:
        clip: The clip.
        limit: Frames to use at most.
        look_up: Called before each frame; may raise to stop.

    Raises:
        InputError: It has fewer than two frames.
        MediaError: It cannot be read.
    """
    count, total = 0, 0.0
    for picture in _pictures(clip, limit):
        look_up()
        total += float(rgb_to_lab(picture[:, :, ::_SAMPLED, ::_SAMPLED])[:, 1:].abs().mean())
        count += 1
    if count < 2:
        raise InputError(f"it has {counted(count, 'frame')}, and two or more are needed")
    return Facts(count, total / count)


def read(
    clip: Clip, limit: int | None = None, short_side: int | None = None, gray: Gray = "lightness"
) -> Iterator[Truth]:
    """Yield a clip's frames.

    Args:
        clip: The clip.
        limit: Frames to read at most.
        short_side: Shrink to this many pixels first; None: as it is.
        gray: What methods are given of a frame.

    Raises:
        MediaError: It cannot be read.
    """
    for number, rgb in enumerate(_pictures(clip, limit)):
        picture = rgb if short_side is None else shrink(rgb, short_side)
        lab = rgb_to_lab(picture)
        yield Truth(
            number, picture, lab, lab[:, :1].contiguous() if gray == "lightness" else _as_video(picture, number, gray)
        )


def _as_video(rgb: Tensor, number: int, gray: Gray) -> Tensor:
    """The L that is read from the Y' of a gray video."""
    luma = rgb_to_ycbcr(rgb, Matrix.BT709)[:, :1]
    return lightness_of_gray(worn(luma, number) if gray == "worn" else luma).clamp(0, 100)


def shrink(rgb: Tensor, short_side: int) -> Tensor:
    """Bring a picture `(1, 3, H, W)` to a short side; one that is smaller stays as it is."""
    height, width = rgb.shape[2:]
    if min(height, width) <= short_side:
        return rgb
    size = [round(side * short_side / min(height, width)) for side in (height, width)]
    return F.interpolate(rgb, size, mode="bilinear", align_corners=False, antialias=True).clamp(0, 1)


def _pictures(clip: Clip, limit: int | None) -> Iterator[Tensor]:
    with open_source(clip.path) as source:
        for frame in source:
            if frame.index == limit:
                return
            yield torch.from_numpy(display_rgb(frame, source.info)).permute(2, 0, 1)[None].contiguous()


def _may_be_clip(path: Path) -> bool:
    if path.name.startswith("."):
        return False
    if path.is_dir():
        return not path.name.endswith(_REFERENCES)
    return path.suffix.lower() not in _NO_VIDEO


def _videos_in(folder: Path) -> list[Path]:
    """The videos of a sub-folder; none where it cannot be listed, which is said when it is to be read."""
    try:
        visible = [path for path in sorted(folder.iterdir()) if not path.name.startswith(".")]
    except OSError:
        return []
    return [path for path in visible if path.suffix.lower() in VIDEO_SUFFIXES and path.is_file()]


def _stem(path: Path) -> str:
    return path.name if path.is_dir() else path.stem


def _references_beside(path: Path) -> tuple[Path, ...]:
    folder = path.with_name(_stem(path) + _REFERENCES)
    if not folder.is_dir():
        return ()
    visible = (file for file in folder.iterdir() if not file.name.startswith("."))  # Macs leave a "._NAME" of each
    return tuple(sorted(file for file in visible if file.suffix.lower() in STILL_SUFFIXES))
