"""Settings of the training data; part of a run's settings, and read and written with them (`training.settings`)."""

from dataclasses import dataclass, field, fields
from pathlib import Path

from vcnode.errors import InputError
from vcnode.training.data.filtering import MaterialFilter

KINDS = ("pseudo_motion", "scenes", "video")
REFERENCE_KINDS = ("retrieved", "same_scene", "ground_truth")
_LEAST_SIDE, _SIDE_STEP = 64, 8  # what the network takes


@dataclass(frozen=True)
class FilmLook:
    """How clean pictures are made to look like film; the defaults are the authors' noise and exposure alone.

    Attributes:
        noise: Standard deviation of luminance noise, in L (authors: 2).
        grain: Greatest standard deviation of more noise, which differs from clip to clip, in L.
        exposure: Standard deviation of the offset of every frame but the first, in L (authors, on pseudo-frames: 5).
        tone: Standard deviation of the logarithm of gamma, one a clip.
        blur: Probability that a clip is softened.
        light: Greatest standard deviation of the logarithm of a smooth light on the reference.
        reference_noise: Standard deviation of the noise on a reference that is the frame itself, in Lab units (the
            paper gives no figure).

    Raises:
        InputError: A value is negative, or `blur` above 1.
    """

    noise: float = 2.0
    grain: float = 0.0
    exposure: float = 5.0
    tone: float = 0.0
    blur: float = 0.0
    light: float = 0.0
    reference_noise: float = 5.0

    def __post_init__(self) -> None:
        for each in fields(self):
            if not 0 <= getattr(self, each.name) < 1e6:
                raise _refusal(f"film.{each.name}", getattr(self, each.name), "0 or more")
        if self.blur > 1:
            raise _refusal("film.blur", self.blur, "a probability from 0 to 1")


@dataclass(frozen=True)
class DataConfig:
    """What a training run sees; the defaults are the paper's.

    Kinds of clips and of references are drawn by relative weights, which need not add up to 1. A kind whose material is
    not given (no `videos`, or no `photos`) is left out.

    Attributes:
        photos: Folder of `class/photo.jpg`.
        videos: Folder of clips, each a video file or a sub-folder of numbered frames.
        flows: Folder in which the motion of videos is kept, so that it is found once for a pair of frames; None: it is
            found anew whenever the pair is drawn.
        index: File made by `build_index`: similar photos as references. Without it, any photo of the class.
        unpaired: Classes whose photos are never each other's reference.
        height: Of a frame, pixels; a multiple of 8, at least 64.
        width: Of a frame, likewise.
        frames: Of a clip, 2 or more (paper: 2).
        seed: Everything random derives from it.
        pseudo_motion: Weight of photos that are bent (paper, Figure 3).
        scenes: Weight of photos in camera motion with an object passing.
        video: Weight of clips from `videos`.
        frame_step: The most frames of a video from one frame of a clip to the next; 1 takes every one.
        retrieved: Weight of a similar photo as reference (authors: 0.7).
        same_scene: Weight of another view of the frames' own scene (authors: 0.3).
        ground_truth: Weight of the clip's last frame itself, with noise (paper: "occasionally").
        neighbours: How many of the most similar photos to draw from (paper: 5).
        flip: Whether every other picture is mirrored.
        film: How clean pictures are made to look like film.
        filter: What is no good to learn from.

    Raises:
        InputError: A value is not allowed.
    """

    photos: Path | None = None
    videos: Path | None = None
    flows: Path | None = None
    index: Path | None = None
    unpaired: tuple[str, ...] = ()
    height: int = 216
    width: int = 384
    frames: int = 2
    seed: int = 0
    pseudo_motion: float = 1.0
    scenes: float = 0.0
    video: float = 1.0
    frame_step: int = 1
    retrieved: float = 0.7
    same_scene: float = 0.2
    ground_truth: float = 0.1
    neighbours: int = 5
    flip: bool = True
    film: FilmLook = field(default_factory=FilmLook)
    filter: MaterialFilter = field(default_factory=MaterialFilter)

    def __post_init__(self) -> None:
        for name in ("height", "width"):
            if getattr(self, name) < _LEAST_SIDE or getattr(self, name) % _SIDE_STEP:
                raise _refusal(name, getattr(self, name), f"a multiple of {_SIDE_STEP}, at least {_LEAST_SIDE}")
        if self.frames < 2:
            raise _refusal("frames", self.frames, "2 or more, since a frame is judged after another")
        for name in ("frame_step", "neighbours"):
            if getattr(self, name) < 1:
                raise _refusal(name, getattr(self, name), "1 or more")
        for group in (KINDS, REFERENCE_KINDS):
            for name in group:
                if not 0 <= getattr(self, name) < 1e6:
                    raise _refusal(name, getattr(self, name), "a weight of 0 or more")
            if not any(getattr(self, name) for name in group):
                raise InputError(f"The settings {', '.join(f'data.{name}' for name in group)} are all 0: raise one.")
        if self.index is not None and self.photos is None:
            raise InputError("The setting 'data.index' lists similar photos: give their folder too, as data.photos.")
        if self.seed < 0:
            raise _refusal("seed", self.seed, "0 or more")

    def kind_weights(self) -> dict[str, float]:
        """The weight of each kind of clip for which there is material.

        Raises:
            InputError: There is none.
        """
        folders = {"pseudo_motion": self.photos, "scenes": self.photos, "video": self.videos}
        weights = {kind: getattr(self, kind) for kind in KINDS if folders[kind] is not None and getattr(self, kind)}
        if not weights:
            raise InputError(
                "There is nothing to train on: give data.photos, a folder of class/photo.jpg, or data.videos, a folder "
                "of clips, and a weight above 0 for what is made of them."
            )
        return weights


def _refusal(name: str, value: object, allowed: str) -> InputError:
    return InputError(f"The setting 'data.{name}' is {value!r}: give {allowed}.")
