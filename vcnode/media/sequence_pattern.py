"""Names of numbered pictures: `shot.%04d.png`, `shot.####.tif`, or a folder of them."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from vcnode.errors import InputError, MediaError
from vcnode.media._failures import explained

STILL_SUFFIXES = (".png", ".tif", ".tiff", ".exr", ".jpg", ".jpeg", ".webp", ".bmp")
SCANS = (".dpx", ".cin")
SCANS_ADVICE = (
    "DPX and Cineon are not read, as their codes may be logarithmic: convert them to EXR in linear light, or as they "
    "look on a screen to 16-bit TIFF"
)
_PLACE = re.compile(r"%0?(\d*)d|(#+)")
_NUMBERED = re.compile(r"(.*?)(\d+)(\.[^.]+)")


@dataclass(frozen=True)
class SequencePattern:
    """How the files of a sequence are called.

    Attributes:
        folder: Where they lie.
        prefix: The name before the number.
        digits: The least digits of the number, padded with zeros.
        suffix: The rest of the name with the ending.
    """

    folder: Path
    prefix: str
    digits: int
    suffix: str

    def path(self, number: int) -> Path:
        """The file with this number."""
        return self.folder / f"{self.prefix}{number:0{self.digits}d}{self.suffix}"

    def __str__(self) -> str:
        return str(self.folder / f"{self.prefix}{'#' * self.digits}{self.suffix}")

    def numbers(self) -> list[int]:
        """The numbers of the files that exist, in ascending order.

        Raises:
            MediaError: When the folder cannot be read, or numbers are padded in two ways (`7.png` and `07.png`).
        """
        found: dict[int, str] = {}
        with explained("read the folder", self.folder):
            names = sorted(entry.name for entry in self.folder.iterdir())
        for name in names:
            if not (name.startswith(self.prefix) and name.endswith(self.suffix)):
                continue
            middle = name[len(self.prefix) : len(name) - len(self.suffix)]
            if not (middle.isascii() and middle.isdigit()) or len(middle) < self.digits:
                continue
            if int(middle) in found:
                raise MediaError(
                    f"{self.folder} has two files with number {int(middle)}: {found[int(middle)]} and {name}"
                )
            found[int(middle)] = name
        for number, name in found.items():
            if self.path(number).name != name:
                raise MediaError(
                    f"{self.folder / name} has another count of digits than {self}; rename it or name its pattern"
                )
        return sorted(found)


def is_pattern(path: Path | str) -> bool:
    """Whether a path names a sequence by `%04d` or `####`."""
    return Path(path).suffix.lower() in STILL_SUFFIXES and has_place(path)


def has_place(path: Path | str) -> bool:
    """Whether a name has a place for a number, whatever its ending."""
    return _PLACE.search(Path(path).name) is not None


def parse_pattern(path: Path | str) -> SequencePattern:
    """Read `shot.%04d.png` or `shot.####.tif`.

    Raises:
        InputError: When there is not exactly one place for the number, or the ending is no picture's.
    """
    path = Path(path)
    places = list(_PLACE.finditer(path.name))
    if len(places) != 1:
        raise InputError(f"{path} needs one place for the frame number, as in shot.####.png or shot.%04d.png")
    if path.suffix.lower() not in STILL_SUFFIXES:
        raise InputError(f"{path} does not end like the pictures that are read: {', '.join(STILL_SUFFIXES)}")
    place = places[0]
    digits = len(place[2]) if place[2] else int(place[1] or 1)
    return SequencePattern(path.parent, path.name[: place.start()], digits, path.name[place.end() :])


def find_pattern(folder: Path) -> SequencePattern:
    """Recognise the one sequence in a folder; files with another ending and hidden files do not count.

    Raises:
        MediaError: When there is none, or more than one.
    """
    groups: dict[tuple[str, str], list[str]] = {}
    with explained("read the folder", folder):
        for entry in folder.iterdir():
            match = _NUMBERED.fullmatch(entry.name)
            # The number is the last run of digits before the ending.
            if match and not entry.name.startswith(".") and match[3].lower() in STILL_SUFFIXES:
                groups.setdefault((match[1], match[3]), []).append(match[2])
    if not groups:
        advice = f". {SCANS_ADVICE}" if any(entry.suffix.lower() in SCANS for entry in folder.iterdir()) else ""
        raise MediaError(f"{folder} holds no numbered pictures such as shot.0001.png{advice}")
    if len(groups) > 1:
        names = ", ".join(f"{prefix}#{suffix}" for prefix, suffix in sorted(groups))
        raise MediaError(f"{folder} holds several sequences ({names}); name one, as in {folder / 'shot.####.png'}")
    (prefix, suffix), numbers = next(iter(groups.items()))
    shortest = min(numbers, key=len)
    return SequencePattern(folder, prefix, len(shortest), suffix)


def gaps(numbers: Iterable[int], first: int, last: int) -> tuple[range, ...]:
    """The stretches of `first` to `last`, both included, that are not among ascending numbers."""
    there = [number for number in numbers if first <= number <= last]
    return tuple(range(one + 1, other) for one, other in pairwise([first - 1, *there, last + 1]) if other - one > 1)


def spelt_out(stretches: Iterable[range]) -> str:
    """Write stretches of numbers as "3-5, 9"."""
    return ", ".join(str(each[0]) if each[0] == each[-1] else f"{each[0]}-{each[-1]}" for each in stretches)
