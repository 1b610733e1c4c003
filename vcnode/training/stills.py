"""Short pseudo-clips with known colours, made from still photos.

The paper makes pseudo-frames by random geometric distortion and luma noise (section 4, Figure 3). Here a background
photo moves and bends smoothly, a patch of a second photo passes in front of it, exposure drifts and grain is added, so
that motion, occlusion and flicker all occur.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image
from torch import Tensor

from vcnode.color import rgb_to_lab
from vcnode.errors import InputError

_GRAY_PHOTO = 6.0  # mean |ab| below which a photo teaches nothing about colour
_PATIENCE = 1000  # gray photos drawn in a row before giving up


@dataclass(frozen=True)
class Sample:
    """One pseudo-clip.

    Attributes:
        frames: Lab `(T, 3, H, W)`; L has grain and exposure drift, ab is the truth.
        previous: Lab of the frame before the first `(3, H, W)`.
        reference: Lab `(3, H, W)`: the same scene at another time, or another photo of the class.
        same_scene: Whether the reference shows the same scene, so that `frames` are the truth to be reached.
    """

    frames: Tensor
    previous: Tensor
    reference: Tensor
    same_scene: bool


class Stills:
    """An endless stream of pseudo-clips from a folder laid out as `class/photo.jpg`.

    Args:
        folder: The photos.
        height: Of a clip, pixels.
        width: Of a clip, pixels.
        frames: Of a clip.
        seed: Everything random derives from it.

    Raises:
        InputError: There are no photos.
    """

    def __init__(self, folder: Path, height: int, width: int, frames: int, seed: int) -> None:
        self.height, self.width, self.frames = height, width, frames
        self.random = np.random.default_rng(seed)
        self.classes = [sorted(each.glob("*.jp*g")) for each in sorted(folder.iterdir()) if each.is_dir()]
        self.photos = [photo for photos in self.classes for photo in photos]
        self.siblings = {photo: photos for photos in self.classes for photo in photos}
        if not self.photos:
            raise InputError(f"{folder} has no photos; give a folder laid out as class/photo.jpg.")

    def __iter__(self) -> Iterator[Sample]:
        while True:
            yield self._sample()

    def _sample(self) -> Sample:
        random = self.random
        photo, background = self._photo()
        _, foreground = self._photo()
        scene = _Scene(random, background, foreground, self.height, self.width, with_object=random.random() < 0.7)
        clip = torch.stack([scene.at(float(time)) for time in range(-1, self.frames)])
        same_scene = bool(random.random() < 0.8)
        if same_scene:
            scene.rearrange(random)
            reference = scene.at(-float(random.choice([0, 1, 3, 8, 15, 25, 40])))
            if random.random() < 0.25:
                reference = reference.flip(-1)
        else:
            other = self.siblings[photo][int(random.integers(len(self.siblings[photo])))]
            image = self._load(other)
            reference = _Scene(random, image, image, self.height, self.width, with_object=False).at(0.0)
        clip[:, :1] = self._film(clip[:, :1])
        reference[:1] = self._film(reference[None, :1] * self._light())[0]
        return Sample(clip[1:], clip[0], reference, same_scene)

    def _film(self, lightness: Tensor) -> Tensor:
        """Change tone as a whole, drift in exposure from frame to frame, blur now and then, add grain."""
        random = self.random
        gamma = float(np.exp(random.normal(0, 0.15)))
        drift = 1 + torch.from_numpy(random.normal(0, 0.01, len(lightness))).float().view(-1, 1, 1, 1)
        toned = 100 * (lightness / 100).clamp(0, 1) ** gamma * drift
        if random.random() < 0.2:
            toned = F.avg_pool2d(F.pad(toned, (1, 1, 1, 1), mode="replicate"), 3, 1)
        grain = torch.from_numpy(random.normal(0, random.uniform(0, 3), toned.shape)).float()
        return (toned + grain).clamp(0, 100)

    def _light(self) -> Tensor:
        """Another light falls on the reference: a smooth factor on L."""
        spots = torch.from_numpy(self.random.normal(0, self.random.uniform(0, 0.2), (1, 1, 3, 4))).float()
        return F.interpolate(spots, (self.height, self.width), mode="bicubic").exp()

    def _photo(self) -> tuple[Path, Tensor]:
        for _ in range(_PATIENCE):
            photo = self.photos[int(self.random.integers(len(self.photos)))]
            lab = self._load(photo)
            if lab[1:].abs().mean() > _GRAY_PHOTO:
                return photo, lab
        raise InputError(f"{_PATIENCE} photos in a row were gray, such as {photo}; give photos in colour.")

    @staticmethod
    def _load(photo: Path) -> Tensor:
        rgb = np.asarray(Image.open(photo).convert("RGB"), dtype=np.float32) / 255
        return rgb_to_lab(torch.from_numpy(rgb).permute(2, 0, 1)[None])[0]


class _Scene:
    """Photos in smooth motion: `at(time)` draws one frame."""

    def __init__(
        self,
        random: np.random.Generator,
        background: Tensor,
        foreground: Tensor,
        height: int,
        width: int,
        *,
        with_object: bool,
    ) -> None:
        self.size = (height, width)
        speed = float(random.choice([0.2, 1.0, 2.0]))
        still: list[tuple[Tensor, _Motion, Tensor | None]] = [
            (background, _Motion(random, background, self.size, speed), None)
        ]
        self.layers = still
        if with_object:
            mask = self._blob(random, height, width)
            self.layers.append((foreground, _Motion(random, foreground, self.size, 2 * speed), mask))

    def at(self, time: float) -> Tensor:
        canvas = torch.zeros(1, 3, *self.size)
        for photo, motion, mask in self.layers:
            drawn = F.grid_sample(photo[None], motion.grid(time), padding_mode="reflection", align_corners=False)
            if mask is None:
                canvas = drawn
            else:
                moved = F.grid_sample(mask, motion.drift(time), padding_mode="zeros", align_corners=False)
                canvas = moved * drawn + (1 - moved) * canvas
        return canvas[0]

    def rearrange(self, random: np.random.Generator) -> None:
        """Change what no camera motion explains: shapes bend, and the passing object may be gone."""
        for _, motion, _ in self.layers:
            motion.deform(random)
        if len(self.layers) > 1 and random.random() < 0.4:
            self.layers.pop()

    @staticmethod
    def _blob(random: np.random.Generator, height: int, width: int) -> Tensor:
        """A soft-edged patch of random outline, a tenth to a third of the frame."""
        noise = F.interpolate(
            torch.from_numpy(random.normal(size=(1, 1, 4, 6))).float(), (height, width), mode="bicubic"
        )
        rows = torch.linspace(-1, 1, height).view(1, 1, -1, 1) - random.uniform(-0.5, 0.5)
        columns = torch.linspace(-1, 1, width).view(1, 1, 1, -1) - random.uniform(-0.5, 0.5)
        return torch.sigmoid(8 * (0.4 * noise + 1.2 - 4 * (rows**2 + columns**2)))


class _Motion:
    """A smooth path of zoom, rotation and shift, with a slowly changing elastic bend."""

    def __init__(self, random: np.random.Generator, photo: Tensor, size: tuple[int, int], speed: float) -> None:
        height, width = size
        rows, columns = torch.meshgrid(
            torch.linspace(-1, 1, height) * height, torch.linspace(-1, 1, width) * width, indexing="ij"
        )
        self.pixels = torch.stack((columns, rows))  # half pixels, around the centre
        self.scale = torch.tensor([photo.shape[2], photo.shape[1]]).view(2, 1, 1).float()
        fit = max(height / photo.shape[1], width / photo.shape[2])
        self.zoom = (random.uniform(0.6, 1.0) / fit, random.normal(0, 0.004) * speed)
        self.angle = (random.normal(0, 0.05), random.normal(0, 0.004) * speed)
        self.shift = (random.uniform(-0.3, 0.3, 2), random.normal(0, 0.008, 2) * speed)
        self.bend = [
            F.interpolate(torch.from_numpy(random.normal(0, amount, (1, 2, 4, 6))).float(), size, mode="bicubic")[0]
            for amount in (0.02, 0.003 * speed)
        ]

    def deform(self, random: np.random.Generator) -> None:
        """Bend the picture once more, by itself."""
        amount = random.uniform(0, 0.05)
        bend = torch.from_numpy(random.normal(0, amount, (1, 2, 5, 8))).float()
        self.bend[0] = self.bend[0] + F.interpolate(bend, self.pixels.shape[1:], mode="bicubic")[0]

    def grid(self, time: float) -> Tensor:
        zoom = self.zoom[0] * (1 + self.zoom[1] * time)
        angle = self.angle[0] + self.angle[1] * time
        cosine, sine = float(np.cos(angle)), float(np.sin(angle))
        across, down = self.pixels
        turned = torch.stack((cosine * across - sine * down, sine * across + cosine * down)) * zoom / self.scale
        shift = torch.tensor(self.shift[0] + self.shift[1] * time).float().view(2, 1, 1)
        return (turned + shift + self.bend[0] + self.bend[1] * time).permute(1, 2, 0)[None]

    def drift(self, time: float) -> Tensor:
        """Where the layer's outline has moved to, by its shift alone."""
        height, width = self.pixels.shape[1:]
        half = torch.tensor([width, height]).view(2, 1, 1).float()
        shift = torch.tensor(self.shift[1] * time).float().view(2, 1, 1)
        return (self.pixels / half + 2 * shift).permute(1, 2, 0)[None]
