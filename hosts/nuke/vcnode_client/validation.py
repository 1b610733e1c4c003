"""What can be seen to be wrong before anything is rendered: all of it, in one list."""

from __future__ import annotations

import os
import shutil

from vcnode_client.attaching import parse_address
from vcnode_client.encodings import LUMINANCE, is_exr
from vcnode_client.host import Clip
from vcnode_client.launching import find_python
from vcnode_client.patterns import FramePattern
from vcnode_client.problems import ClientError, Problem
from vcnode_client.settings import ReferenceSettings, Settings, WorkerSettings

_EVALUATED = '[]{}$"#%*?'


def problems_of(settings: Settings, clip: Clip | None) -> list[Problem]:
    """Everything that is wrong with the node's settings."""
    found: list[Problem] = []
    if clip is None:
        found.append(Problem("Nothing is connected to Source: connect the black-and-white plate.", "source"))
    found += _range(settings, clip)
    if settings.shots_file:
        found += _shots_file(settings.shots_file, clip)
    elif not settings.references:
        sentence = "There is no reference: connect a coloured picture to Ref1, or give its file or a shots file."
        found.append(Problem(sentence, "references"))
    for each in settings.references:
        found += _reference(each, settings)
    if settings.encoding not in LUMINANCE:
        sentence = "The working colour space is not known to vcnode: choose one on the tab Colour."
        found.append(Problem(sentence, "encoding"))
    found += _folder(settings, clip)
    found += _worker(settings.worker)
    return found


def _range(settings: Settings, clip: Clip | None) -> list[Problem]:
    wanted = f"{settings.first}-{settings.last}"
    if settings.last < settings.first:
        return [Problem(f"The range {wanted} ends before it begins.", "range")]
    if settings.first < 0:
        sentence = f"The range {wanted} begins below 0, where no frame can be coloured: shift Source with a TimeOffset."
        return [Problem(sentence, "range")]
    if clip is None or clip.first is None or clip.last is None:
        return []
    if settings.first < clip.first or settings.last > clip.last:
        sentence = (
            f"The range {wanted} goes beyond the Source, which has {clip.first}-{clip.last}: press Source range, "
            "or put a FrameRange before the node."
        )
        return [Problem(sentence, "range")]
    return []


def _shots_file(path: str, clip: Clip | None) -> list[Problem]:
    sentences = []
    if not os.path.isfile(path):
        sentences.append(f"There is no shots file {path}: correct its path, or leave it empty to use Ref1 to Ref4.")
    if clip is not None and clip.first is None:
        sentences.append(
            "The Source does not tell its first frame, which is frame 0 of the shots file: put a FrameRange before the "
            "node."
        )
    return [Problem(sentence, "shots_file") for sentence in sentences]


def _reference(reference: ReferenceSettings, settings: Settings) -> list[Problem]:
    name = f"Reference {reference.number}"
    sentences = []
    if reference.weight <= 0:
        sentences.append(f"{name} has no weight: give one above 0, or switch it off.")
    if reference.keyframe and not settings.first <= reference.frame <= settings.last:
        sentences.append(
            f"{name} shows frame {reference.frame}, which is outside {settings.first}-{settings.last}: "
            "give a frame inside, or say that it shows none."
        )
    if reference.file and not os.path.isfile(reference.file):
        if FramePattern(reference.file).numbered:
            sentences.append(f"{name} is a sequence, {reference.file}: choose one of its pictures.")
        else:
            sentences.append(f"{name} is missing: there is no file {reference.file}.")
    if settings.conversion and is_exr(reference.file):
        sentences.append(f"{name} is an EXR file, which ocio does not convert: connect it to Ref{reference.number}.")
    return [Problem(sentence, f"ref{reference.number}") for sentence in sentences]


def _folder(settings: Settings, clip: Clip | None) -> list[Problem]:
    sentence = _folder_sentence(settings, clip)
    return [Problem(sentence, "folder")] if sentence else []


def _folder_sentence(settings: Settings, clip: Clip | None) -> str:
    if not os.path.isabs(settings.folder):
        return "Results have no place yet: save the script, or choose a cache folder on the tab Files."
    folder = f"The cache folder {settings.folder}"
    odd = sorted(set(settings.folder) & set(_EVALUATED))
    if odd:
        return f"{folder} has {' '.join(odd)} in its name, which programs read as a command: choose another."
    there = settings.folder
    while not os.path.isdir(there) and os.path.dirname(there) != there:
        there = os.path.dirname(there)
    if not os.path.isdir(there) or not os.access(there, os.W_OK):
        return f"{folder} cannot be written: choose another on the tab Files."
    needed = 0 if clip is None else _bytes_needed(settings, clip)
    free = shutil.disk_usage(there).free
    if free < needed:
        return (
            f"{folder} is on a disk with {_in_words(free)} free, and about {_in_words(needed)} are needed: "
            "free some, or choose another."
        )
    return ""


def _bytes_needed(settings: Settings, clip: Clip) -> int:
    """Rendered source and result, RGB, of which compression leaves about half."""
    pixels = (clip.width + 2 * settings.overscan) * (clip.height + 2 * settings.overscan)
    return settings.frame_count * pixels * 3 * (2 if settings.depth == "half" else 4)


def _in_words(size: int) -> str:
    return f"{size / 1e9:.1f} GB" if size >= 1e8 else f"{size / 1e6:.1f} MB"


def _worker(worker: WorkerSettings) -> list[Problem]:
    try:
        if worker.start:
            find_python(worker.python)
        else:
            parse_address(worker.address)
    except ClientError as error:
        return error.problems
    return []
