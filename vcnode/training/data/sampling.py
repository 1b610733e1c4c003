"""Reads what one sample needs: which files, which parts of them and which reference follow from its number alone."""

from collections.abc import Mapping

import numpy as np
import PIL.Image
import torch
from numpy.typing import NDArray
from torch import Tensor

from vcnode.errors import MediaError
from vcnode.training.data.config import REFERENCE_KINDS, DataConfig
from vcnode.training.data.cut import Cut
from vcnode.training.data.filtering import measure
from vcnode.training.data.material import Material
from vcnode.training.data.photos import cover, cover_crop, thumbnail
from vcnode.training.data.raw import RawSample
from vcnode.training.data.videos import draw_excerpt

_OVERSIZE = 1.25  # photos are this much finer than frames, so that they stay sharp when moved and magnified
_PATIENCE = 1000  # pictures in a row that cannot be used, before giving up
_CLIP_PATIENCE = 100
_REFERENCE_PATIENCE = 10


class Sampler:
    """Turns sample numbers into raw samples; it is sent to worker processes as it is.

    Args:
        config: Settings.

    Attributes:
        material: The files that it reads.

    Raises:
        InputError: A folder has nothing in it, or the index does not belong to it.
    """

    def __init__(self, config: DataConfig) -> None:
        self._config = config
        self._kinds = config.kind_weights()
        self._references = {kind: getattr(config, kind) for kind in REFERENCE_KINDS}
        self.material = Material(config)

    def sample(self, number: int) -> RawSample:
        """Read one sample: the same for the same number, whatever was read before.

        Raises:
            InputError: No file that can be used is found.
        """
        random = np.random.default_rng((self._config.seed, number))
        kind, reference_kind = _choose(random, self._kinds), _choose(random, self._references)
        reading = _Reading(self._config, self.material, random)
        return reading.video(reference_kind) if kind == "video" else reading.photos(kind, reference_kind)


class _Reading:
    """One sample in the making."""

    def __init__(self, config: DataConfig, material: Material, random: np.random.Generator) -> None:
        self.config, self.material, self.random = config, material, random
        self.size = (config.height, config.width)
        self.large = (round(_OVERSIZE * config.height), round(_OVERSIZE * config.width))
        self.complaints: list[str] = []

    def photos(self, kind: str, reference_kind: str) -> RawSample:
        """Read a photo, for a scene one more, and a similar one where that is to be the reference."""
        name, image = self._photo()
        images = [image, self._photo()[1]] if kind == "scenes" else [image]
        reference = self._similar(name, is_clip=False) if reference_kind == "retrieved" else None
        return self._sample(kind, [self._cut(each, self.large) for each in images], reference_kind, reference)

    def video(self, reference_kind: str) -> RawSample:
        """Read frames of a clip, and a similar photo or another frame where that is to be the reference."""
        config, clips = self.config, self.material.clips
        for _ in range(_CLIP_PATIENCE if clips else 0):
            name = clips[int(self.random.integers(len(clips)))]
            reference = self._similar(name, is_clip=True) if reference_kind == "retrieved" else None
            far = reference is None and reference_kind != "ground_truth"
            path = self.material.clip(name)
            try:
                excerpt = draw_excerpt(path, config.frames, config.frame_step, self.random, far=far)
            except MediaError as error:
                self.complaints.append(str(error))
                continue
            if config.filter.verdict(measure(thumbnail(excerpt.frames[0]), min(excerpt.frames[0].size))) is None:
                *frames, other = [_planes(cover(image, *self.size)) for image in (*excerpt.frames, excerpt.other)]
                height, width = other.shape[1:]
                cut = Cut.draw(self.random, (height, width), self.size, flip=config.flip)
                if far:
                    reference_kind, reference = "same_scene", cut.picture(other)
                return self._sample("video", frames, reference_kind, reference, cut)
        raise self.material.nothing_usable("clips")

    def _photo(self) -> tuple[str, PIL.Image.Image]:
        names, side = self.material.photos, max(self.large)
        for _ in range(_PATIENCE):
            if not self.material.has_photos_left(side):
                break
            name = names[int(self.random.integers(len(names)))]
            image = self.material.open_photo(name, side, self.complaints)
            if image is not None:
                return name, image
        raise self.material.nothing_usable("photos")

    def _similar(self, name: str, *, is_clip: bool) -> Tensor | None:
        """A photo that resembles a photo or clip, or None where there is none."""
        names = self.material.similar(name, is_clip=is_clip)
        for _ in range(_REFERENCE_PATIENCE if names else 0):
            other = names[int(self.random.integers(len(names)))]
            image = self.material.open_photo(other, max(self.size), self.complaints)
            if image is not None:
                return self._cut(image, self.size)
        return None

    def _cut(self, image: PIL.Image.Image, size: tuple[int, int]) -> Tensor:
        """Cut a part out of a photo, mirrored or not."""
        left, top = self.random.random(2).tolist()
        mirrored = bool(self.random.random() < 0.5) and self.config.flip
        cut = cover_crop(image, *size, place=(left, top))
        return _planes(cut[:, ::-1] if mirrored else cut)

    def _sample(
        self,
        kind: str,
        images: list[Tensor],
        reference_kind: str,
        reference: Tensor | None,
        cut: Cut | None = None,
    ) -> RawSample:
        if reference is None:
            reference_kind = "same_scene" if reference_kind == "retrieved" else reference_kind
            reference = torch.zeros(3, *self.size, dtype=torch.uint8)
        return RawSample(
            kind=kind,
            seed=int(self.random.integers(2**63)),
            images=torch.stack(images),
            cut=cut,
            reference_kind=reference_kind,
            reference=reference,
            complaints=tuple(self.complaints),
        )


def _choose(random: np.random.Generator, weights: Mapping[str, float]) -> str:
    names, values = zip(*weights.items(), strict=True)
    return str(random.choice(names, p=np.array(values) / sum(values)))


def _planes(codes: NDArray[np.uint8]) -> Tensor:
    return torch.from_numpy(np.ascontiguousarray(codes.transpose(2, 0, 1)))
