"""Clips made of the few coloured frames that one film has, and of its gray frames between them."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor

from vcnode.color import WorkingSize, rgb_to_lab
from vcnode.counted import counted
from vcnode.errors import InputError
from vcnode.media import open_source
from vcnode.media.display_rgb import display_rgb
from vcnode.sequence import Reference
from vcnode.training.batch import Batch
from vcnode.training.data.clip import Clip
from vcnode.training.data.config import DataConfig
from vcnode.training.data.film import in_other_light, on_film
from vcnode.training.data.pseudo_motion import part_of, pseudo_motion
from vcnode.training.data.randomness import SampleRandom
from vcnode.training.data.scenes import moving_scene
from vcnode.training.data.videos import frame_count
from vcnode.training.optical_flow import FlowEstimator, flow_and_visibility
from vcnode.training.randomness import seed_for

_PICTURES = (".png", ".jpg", ".jpeg", ".webp", ".tif", ".tiff", ".exr")
_EXCERPTS = 48  # of the gray film that are kept in memory
_SAME_ASPECT = 0.02  # relative difference up to which two pictures have the same shape


@dataclass(frozen=True)
class FilmFrame:
    """A coloured frame of a film.

    Attributes:
        path: Its file.
        number: The last number in its name, which says where in the film it lies; its place in the folder without.
    """

    path: Path
    number: int

    def lab(self) -> Tensor:
        """Read it, Lab `(1, 3, H, W)`.

        Raises:
            InputError: It is gray.
            MediaError: It cannot be read.
        """
        return Reference(self.path).lab()


def find_frames(folder: Path) -> list[FilmFrame]:
    """List a folder's pictures, in the film's order.

    Raises:
        InputError: The folder cannot be read, has fewer than two, or they are all of one frame.
    """
    try:
        paths = sorted(path for path in folder.iterdir() if path.suffix.lower() in _PICTURES and path.name[0] != ".")
    except OSError as error:
        said = f"The folder of coloured frames {folder} cannot be read ({error.strerror}): check its path."
        raise InputError(said) from error
    if len(paths) < 2:
        raise InputError(
            f"{folder} holds {counted(len(paths), 'picture')}: fine-tuning takes two coloured frames of the film or "
            "more, one of which is kept back to see whether it helped."
        )
    numbers = [re.findall(r"\d+", path.stem) for path in paths]
    frames = [
        FilmFrame(path, int(found[-1]) if found else place)
        for place, (path, found) in enumerate(zip(paths, numbers, strict=True))
    ]
    if len({frame.number for frame in frames}) < 2:
        raise InputError(
            f"The {len(frames)} pictures in {folder} are all of frame {frames[0].number}: give those of two frames or "
            "more; the last number in a name says of which it is."
        )
    return sorted(frames, key=lambda frame: (frame.number, frame.path.name))


@dataclass(frozen=True)
class GrayExcerpt:
    """Consecutive frames of the gray film.

    Attributes:
        lightness: L `(T, 1, H, W)`.
        flow: As in `Batch`, `(T-1, 2, H, W)`.
        visible: As in `Batch`, `(T-1, 1, H, W)`.
        nearest: Which coloured frame lies nearest.
    """

    lightness: Tensor
    flow: Tensor
    visible: Tensor
    nearest: int


def read_excerpts(
    film: Path, frames: Sequence[FilmFrame], length: int, size: tuple[int, int], estimator: FlowEstimator
) -> list[GrayExcerpt]:
    """Read excerpts evenly spread over a film and find their motion.

    Raises:
        InputError: The film is shorter than an excerpt, or of another aspect ratio than the frames.
        MediaError: It cannot be read.
    """
    with open_source(film) as source:
        _check_aspect(film, (source.info.height, source.info.width), frames[0].lab().shape[2:])
        total = frame_count(source) or sum(1 for _ in source)
        if total < length:
            raise InputError(f"{film} has {total} frames: give a film of {length} or more.")
        starts = sorted({round(i * (total - length) / max(1, _EXCERPTS - 1)) for i in range(_EXCERPTS)})
        excerpts = []
        for start in starts:
            rgb = [torch.from_numpy(display_rgb(frame, source.info)) for frame in islice(source.frames(start), length)]
            if len(rgb) < length:
                break
            lab = torch.cat([_fitted(rgb_to_lab(each.permute(2, 0, 1)[None]), size) for each in rgb])
            gray = (lab[:, :1] / 100).clamp(0, 1).expand(-1, 3, -1, -1)
            flow, visible = flow_and_visibility(gray[:-1], gray[1:], estimator)
            middle = start + length // 2
            nearest = min(range(len(frames)), key=lambda number: abs(frames[number].number - middle))
            excerpts.append(GrayExcerpt(lab[:, :1], flow, visible, nearest))
    return excerpts


class FilmData:
    """Batches of a film: its coloured frames in made-up motion, each after another one, and gray excerpts.

    Every other sample is a gray excerpt where there are any. It has no true colours: what counts there is that colours
    keep to what moves.

    Args:
        frames: Lab `(1, 3, H, W)` of one size, one or more.
        config: `frames` of a clip and the look of film; sizes are those of the frames.
        excerpts: Of the gray film.
    """

    def __init__(self, frames: Sequence[Tensor], config: DataConfig, excerpts: Sequence[GrayExcerpt] = ()) -> None:
        self.frames, self.config, self.excerpts = list(frames), config, list(excerpts)

    def stream(
        self, start_step: int, steps: int, size: int, device: torch.device | str, workers: int, rank: int, world: int
    ) -> Iterator[Batch]:
        """Yield batches; see `TrainingData.stream`. Nothing is read, so `workers` has no meaning."""
        for step in range(start_step, start_step + steps):
            samples = range(rank * size, (rank + 1) * size)
            first = step * size * world  # samples before this step, so that batches of one alternate too
            made = [
                self._sample(seed_for(self.config.seed, step, number), bool((first + number) % 2), device)
                for number in samples
            ]
            yield Batch(*(torch.cat(tensors) for tensors in zip(*made, strict=True)))

    def _sample(self, seed: int, gray: bool, device: torch.device | str) -> tuple[Tensor, ...]:
        random = SampleRandom([seed], device)
        if self.excerpts and gray:
            excerpt = self.excerpts[int(random.choice(range(len(self.excerpts))))]
            lightness, flow, visible = (x[None].to(device) for x in (excerpt.lightness, excerpt.flow, excerpt.visible))
            truth = torch.cat((lightness, torch.zeros_like(lightness), torch.zeros_like(lightness)), dim=2)
            reference = self.frames[excerpt.nearest].to(device)
            return lightness, truth, reference, torch.zeros(1, device=device), flow, visible
        place = int(random.choice(range(len(self.frames))))
        others = [other for other in range(len(self.frames)) if other != place] or [place]
        other = others[int(random.choice(range(len(others))))]
        photo, reference = self.frames[place].to(device), self.frames[other].to(device)
        clip = self._clip(photo, reference, random)
        if other == place or bool(random.chance(0.5)):
            reference = part_of(reference, random, *reference.shape[2:])
        lightness = on_film(clip.truth[:, :, :1], self.config.film, random)
        reference = in_other_light(reference, self.config.film, random)
        return lightness, clip.truth, reference, torch.ones(1, device=device), clip.flow, clip.visible

    def _clip(self, photo: Tensor, passing: Tensor, random: SampleRandom) -> Clip:
        size = (photo.shape[2], photo.shape[3])
        if bool(random.chance(0.5)):
            return pseudo_motion(photo, random, self.config.frames, *size)
        return moving_scene(torch.stack((photo, passing), dim=1), random, self.config.frames, *size)


def working_frames(frames: Sequence[FilmFrame], short_side: int) -> list[Tensor]:
    """Read frames at the working size of the first one, Lab `(1, 3, H, W)`.

    Raises:
        InputError: One is gray, or of another aspect ratio than the first.
        MediaError: One cannot be read.
    """
    fitted: list[Tensor] = []
    first: torch.Size | None = None
    for frame in frames:
        lab = frame.lab()
        first = first or lab.shape[2:]
        _check_aspect(frame.path, lab.shape[2:], first)
        fit = WorkingSize.fit(first[0], first[1], short_side)
        fitted.append(_fitted(lab, (fit.padded_height, fit.padded_width)))
    return fitted


def _check_aspect(path: Path, size: Sequence[int], wanted: Sequence[int]) -> None:
    (height, width), (other_height, other_width) = size, wanted
    if abs(width * other_height / (height * other_width) - 1) > _SAME_ASPECT:
        raise InputError(
            f"{path} has {width}x{height} pixels and the first of the coloured frames {other_width}x{other_height}: "
            "give pictures and a film of one aspect ratio."
        )


def _fitted(lab: Tensor, size: tuple[int, int]) -> Tensor:
    return F.interpolate(lab, size, mode="bilinear", align_corners=False, antialias=True)
