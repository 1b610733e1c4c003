"""For every photo and clip, the photos most like it: the references that the paper retrieves (section 4)."""

import hashlib
import logging
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from glob import escape
from itertools import batched
from pathlib import Path

import torch
from torch import Tensor

from vcnode.errors import Cancelled, InputError
from vcnode.network.model import Model
from vcnode.training.data.descriptors import most_similar, standardized
from vcnode.training.data.filtering import MaterialFilter
from vcnode.training.data.index_file import File, IndexContent, IndexSettings, Look, read_index, save_index
from vcnode.training.data.looking import Folders, look_at
from vcnode.training.data.photos import class_of
from vcnode.training.leftovers import remove_leftovers

Progress = Callable[[int, int], None]
"""Called with (pictures done, pictures in all)."""

_AT_ONCE = 32  # pictures described as one batch
_SAVE_EVERY = 60.0  # seconds of work lost at most when a build is killed
_AGAIN = "run `vcnode train index` again, which looks only at what is new"

_log = logging.getLogger("vcnode")


@dataclass(frozen=True)
class ReferenceIndex:
    """What there is to train on.

    Attributes:
        photos: Usable photos by name, each with the most similar photos of its class, best first.
        clips: Usable clips by name, each with the photos most similar to its middle frame, of its class where it lies
            in a folder called like one.
        left_out: Photos and clips that cannot be used, and why: "tiny", "dark", "faded", "gray", or what reading says.
    """

    photos: Mapping[str, tuple[str, ...]]
    clips: Mapping[str, tuple[str, ...]]
    left_out: Mapping[str, str]


def build_index(
    folder: Path | str,
    model: Model,
    path: Path | str,
    progress: Progress | None = None,
    *,
    videos: Path | str | None = None,
    unpaired: Iterable[str] = (),
    neighbours: int = 5,
    filter: MaterialFilter | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> ReferenceIndex:
    """Look at every picture once and note which photos resemble which.

    A file at `path` that was made with the same encoder is continued: only new and changed pictures are looked at, so
    that interrupted builds go on, and other thresholds or classes take no time. Any other file is replaced.

    Args:
        folder: Photos, laid out as `class/photo.jpg`.
        model: Its encoder says what is similar.
        path: The index, one safetensors file.
        progress: Told after every few pictures.
        videos: Folder of clips.
        unpaired: Classes whose photos are never references, because they have nothing in common.
        neighbours: How many to note for each.
        filter: What is left out; the default thresholds if None.
        cancelled: Asked every few pictures; True ends the build.

    Raises:
        InputError: A folder has nothing in it, no photo can be used, or the file cannot be written.
        Cancelled: `cancelled` said so; what is done is in the file and is not done again.
    """
    path = Path(path)
    settings = IndexSettings(tuple(sorted(unpaired)), neighbours, filter or MaterialFilter())
    folders = Folders(Path(folder), None if videos is None else Path(videos))
    files = folders.files()
    remove_leftovers(path.parent, escape(path.name))
    encoder = _digest(model.encoder)
    looks = _known(path, encoder)
    todo = [file for file in files if file not in looks]
    done, saved = len(files) - len(todo), time.monotonic()
    try:
        with ThreadPoolExecutor() as pool:
            for some in batched(todo, _AT_ONCE):
                if cancelled is not None and cancelled():
                    raise Cancelled(
                        f"The reference index was stopped after {done} of {len(files)} pictures; run it again to go on."
                    )
                looks.update(look_at(some, folders, model, pool))
                done += len(some)
                if progress is not None:
                    progress(done, len(files))
                if time.monotonic() - saved > _SAVE_EVERY:
                    save_index(path, IndexContent(encoder, None, looks))
                    saved = time.monotonic()
    except BaseException:
        if done > len(files) - len(todo):
            save_index(path, IndexContent(encoder, None, looks))
        raise
    for file in todo:
        if looks[file].problem:
            _log.warning("%s; it is left out", looks[file].problem)
    looks = {file: looks[file] for file in files}  # in order, and without files that are gone
    content = IndexContent(encoder, settings, looks, _find_neighbours(looks, settings))
    save_index(path, content)
    index = _summary(content)
    if not index.photos:
        raise InputError(
            f"None of the {len(index.left_out)} pictures in {folder} can be used; give colour photos with a short side "
            f"of {settings.filter.side} pixels or more, or lower the thresholds."
        )
    return index


def load_index(
    path: Path | str,
    folder: Path | str | None = None,
    *,
    videos: Path | str | None = None,
    unpaired: Iterable[str] | None = None,
    neighbours: int | None = None,
    filter: MaterialFilter | None = None,
) -> ReferenceIndex:
    """Read an index; what else is given must be what it was made with (of neighbours, it may have more).

    Raises:
        InputError: It is absent, damaged, unfinished, or was made with other files or settings.
    """
    content = read_index(Path(path))
    made_with = content.settings
    if made_with is None:
        raise InputError(f"The reference index {path} is unfinished: {_AGAIN}.")
    if folder is not None:
        folders = Folders(Path(folder), None if videos is None else Path(videos))
        if set(folders.files()) != {file for file in content.looks if videos is not None or not file.is_clip}:
            raise InputError(
                f"Pictures were added, changed or removed since the reference index {path} was made: {_AGAIN}."
            )
    if (
        (unpaired is not None and tuple(sorted(unpaired)) != made_with.unpaired)
        or (neighbours is not None and neighbours > made_with.neighbours)
        or (filter is not None and filter != made_with.filter)
    ):
        raise InputError(
            f"The reference index {path} was made with other unpaired classes, fewer neighbours or other thresholds: "
            f"{_AGAIN}."
        )
    return _summary(content)


def _known(path: Path, encoder: str) -> dict[File, Look]:
    """What an earlier build saw with the same encoder."""
    if not path.exists():
        return {}
    try:
        content = read_index(path)
    except InputError as error:
        _log.warning("%s It is made anew.", error)
        return {}
    return dict(content.looks) if content.encoder == encoder else {}


def _find_neighbours(looks: Mapping[File, Look], settings: IndexSettings) -> Tensor:
    """The numbers of each file's most similar photos, `(N, neighbours)`, -1 where there are no more."""
    neighbours = torch.full((len(looks), settings.neighbours), -1, dtype=torch.int32)
    usable = [
        (number, file, look.descriptor)
        for number, (file, look) in enumerate(looks.items())
        if look.descriptor is not None and look.measures is not None and not settings.filter.verdict(look.measures)
    ]
    if not usable:
        return neighbours
    vectors = standardized(torch.stack([descriptor for _, _, descriptor in usable]))
    photos: dict[str, list[int]] = defaultdict(list)  # class to places in `usable`
    clips: dict[str, list[int]] = defaultdict(list)
    for place, (_, file, _) in enumerate(usable):
        if class_of(file.name) not in settings.unpaired:
            (clips if file.is_clip else photos)[class_of(file.name)].append(place)
    everything = [place for places in photos.values() for place in places]
    searches = [(places, places) for places in photos.values()]
    searches += [(places, photos.get(name) or everything) for name, places in clips.items()]
    numbers = torch.tensor([number for number, _, _ in usable], dtype=torch.int32)
    for places, candidates in searches:
        itself = range(len(places)) if candidates is places else None
        found = most_similar(vectors[places], vectors[candidates], settings.neighbours, itself)
        neighbours[numbers[places].long(), : found.shape[1]] = numbers[candidates][found]
    return neighbours


def _summary(content: IndexContent) -> ReferenceIndex:
    assert content.settings is not None
    assert content.neighbours is not None
    files = list(content.looks)
    usable: dict[bool, dict[str, tuple[str, ...]]] = {False: {}, True: {}}
    left_out = {}
    for (file, look), numbers in zip(content.looks.items(), content.neighbours.tolist(), strict=True):
        verdict = content.settings.filter.verdict(look.measures) if look.measures else look.problem
        if verdict:
            left_out[file.name] = verdict
        else:
            usable[file.is_clip][file.name] = tuple(files[number].name for number in numbers if number >= 0)
    return ReferenceIndex(usable[False], usable[True], left_out)


def _digest(encoder: torch.nn.Module) -> str:
    digest = hashlib.sha256(type(encoder).__name__.encode())
    for name, tensor in encoder.state_dict().items():
        digest.update(f"{name} {tuple(tensor.shape)}".encode())
        digest.update(tensor.detach().cpu().float().contiguous().numpy().tobytes())
    return digest.hexdigest()
