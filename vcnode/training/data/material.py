"""Which photos and clips there are, which of them can be used, and which resemble which."""

import hashlib
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path

import PIL.Image

from vcnode.errors import InputError, MediaError
from vcnode.training.data.config import DataConfig
from vcnode.training.data.filtering import measure
from vcnode.training.data.photos import class_of, find_photos, open_photo, thumbnail
from vcnode.training.data.reference_index import load_index
from vcnode.training.data.videos import find_videos


def listed(names: Sequence[str]) -> str:
    """How many names, and their digest, in words: the same for the same names in the same order."""
    return f"{len(names)} with digest {hashlib.sha256('\0'.join(names).encode()).hexdigest()[:12]}"


class Material:
    """The files that settings name.

    With an index, only what it lists is used; without one, every photo is measured when it is first read.

    Args:
        config: Settings.

    Attributes:
        photos: Their names below `config.photos`.
        clips: Their names below `config.videos`.

    Raises:
        InputError: A folder has nothing in it, or the index does not belong to it.
    """

    def __init__(self, config: DataConfig) -> None:
        self._config = config
        self._similar: dict[bool, Mapping[str, tuple[str, ...]]] | None = None
        if config.index is not None and config.photos is not None:
            index = load_index(
                config.index,
                config.photos,
                videos=config.videos,
                unpaired=config.unpaired,
                neighbours=config.neighbours,
                filter=config.filter,
            )
            self.photos, self.clips = tuple(index.photos), tuple(index.clips)
            self._similar = {False: index.photos, True: index.clips}
        else:
            self.photos = () if config.photos is None else find_photos(config.photos)
            self.clips = () if config.videos is None else find_videos(config.videos)
        self._classes: dict[str, list[str]] = defaultdict(list)
        for name in self.photos:
            if class_of(name) not in config.unpaired:
                self._classes[class_of(name)].append(name)
        # Photos not to be tried again; spares time, and decides nothing. By the side that they were read for, since
        # what is measured differs a little with it.
        self._unusable: dict[int, set[str]] = defaultdict(set)

    @property
    def is_measured(self) -> bool:
        """Whether an index has left out what is no good."""
        return self._similar is not None

    def has_photos_left(self, side: int) -> bool:
        """Whether there are photos not yet known to be unusable at a side, as `open_photo` is given it."""
        return len(self._unusable[side]) < len(self.photos)

    def similar(self, name: str, *, is_clip: bool = False) -> Sequence[str]:
        """Photos that may be the reference for a photo or clip; none where it stands alone."""
        if self._similar is not None:
            return self._similar[is_clip][name][: self._config.neighbours]
        return [each for each in self._classes.get(class_of(name), ()) if each != name]

    def open_photo(self, name: str, side: int, complaints: list[str]) -> PIL.Image.Image | None:
        """Read a photo; None where it cannot be used, and a sentence among `complaints` where it cannot be read.

        Args:
            name: One of `photos`.
            side: Pixels that its short side is to have at least.
            complaints: Is added to.
        """
        unusable = self._unusable[side]
        if name in unusable:
            return None
        try:
            image, short_side = open_photo(self.folder / name, side)
        except MediaError as error:
            complaints.append(f"{error}; it is left out")
            unusable.add(name)
            return None
        if not self.is_measured and self._config.filter.verdict(measure(thumbnail(image), short_side)):
            unusable.add(name)
            return None
        return image

    def clip(self, name: str) -> Path:
        """Where a clip lies."""
        return Path(self._config.videos or "") / name

    @property
    def folder(self) -> Path:
        """Where photos lie."""
        return Path(self._config.photos or "")

    def nothing_usable(self, what: str) -> InputError:
        """The error for a folder of which nothing can be used."""
        folder = self._config.photos if what == "photos" else self._config.videos
        return InputError(
            f"None of the {what} in {folder} can be used: they are gray, dark, faded, tiny or cannot be read; give "
            "others, or lower the thresholds (data.filter)."
        )
