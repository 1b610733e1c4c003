"""One OpenEXR file as a whole: its picture to colour, and all else to be passed on."""

import io
import sys
import threading
from collections.abc import Mapping
from contextlib import redirect_stdout
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vcnode.errors import InputError, MediaError
from vcnode.media._failures import reason
from vcnode.media.exr_header import Box, ExrPart, read_exr_header
from vcnode.media.exr_layer import ExrLayer, find_layer
from vcnode.media.still_writer import part_of
from vcnode.whole_files import replacing

CONFIDENCE = "vcn_confidence.confidence"
NOTHING: Mapping[str, str] = MappingProxyType({})

# What the library works out anew from the pixels.
_COMPUTED = ("channels", "chunkCount")
_PXR24, _LOSSY = 5, {6, 7, 8, 9}  # PXR24 rounds floats to 24 bits; B44, B44A, DWAA and DWAB change every pixel
_LARGEST_HALF = 65504.0

# The library prints a warning when pixels are damaged. Standard output belongs to the program, so the text is caught,
# for one thread at a time.
_printing = threading.Lock()


class _Caught:
    """Standard output that keeps what this thread prints; all threads share it, so what others print goes on."""

    def __init__(self) -> None:
        self.text = ""
        self._thread, self._others = threading.get_ident(), sys.stdout or io.StringIO()  # Windows' GUIs have none

    def write(self, text: str) -> int:
        if threading.get_ident() != self._thread:
            return self._others.write(text)
        self.text += text
        return len(text)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._others, name)


def exr_library(path: Path) -> Any:
    """The OpenEXR reference library.

    Raises:
        MediaError: It is not installed.
    """
    try:
        import OpenEXR
    except ImportError as error:
        raise MediaError(f"{path} needs the OpenEXR library; install it with: pip install vcnode[exr]") from error
    return OpenEXR


class ExrPlate:
    """A file that was read, with every channel of every part.

    Args:
        path: The file.
        layer: Which picture is meant; see `find_layer`.

    Attributes:
        path: The file.
        parts: Its headers.
        layer: The picture's channels.
        box: The picture's data window.

    Raises:
        MediaError: The library is absent, or the file cannot be read, is damaged, or holds what could not be written
            again (deep data, mip maps, subsampled channels).
    """

    def __init__(self, path: Path, layer: str | None = None) -> None:
        library = exr_library(path)
        self.path = path
        self.parts: tuple[ExrPart, ...] = read_exr_header(path)
        check_parts(self.parts, path)
        self.layer: ExrLayer = find_layer(self.parts, layer, path)
        self.box: Box = self.parts[self.layer.part].data_window
        self._library, self._file = library, _opened(library, path, len(self.parts))

    def picture(self) -> NDArray[np.float32]:
        """Return the picture inside its data window: (h, w, 3), or (h, w) where it is gray.

        Raises:
            MediaError: It holds NaN or infinite values.
        """
        channels = self._file.channels(self.layer.part)
        planes = [np.asarray(channels[name].pixels, np.float32) for name in self.layer.sources]
        broken = int(np.count_nonzero(~np.logical_and.reduce([np.isfinite(plane) for plane in planes])))
        if broken:
            raise MediaError(f"{self.path} has {broken} pixels that are NaN or infinite; repair them before colouring")
        return planes[0] if self.layer.gray else np.stack(planes, axis=-1)

    def straight_picture(self) -> tuple[NDArray[np.float32], NDArray[np.float32] | None]:
        """Return the picture with colours that are not multiplied with its alpha, and that as opacity (h, w), 0..1.

        The opacity is None where alpha says nothing of the colours, which then stay as they are: it is absent, nowhere
        0, or a matte of its own, beside which colours show where it is 0.

        Raises:
            MediaError: See `picture`.
        """
        picture, channels = self.picture(), self._file.channels(self.layer.part)
        if self.layer.alpha not in channels:
            return picture, None
        opacity = np.nan_to_num(np.asarray(channels[self.layer.alpha].pixels, np.float32), nan=1.0).clip(0, 1)
        hidden = opacity == 0
        if not hidden.any() or picture[hidden].any():
            return picture, None
        divisor = np.where(hidden, 1, opacity)
        straight: NDArray[np.float32] = np.divide(picture, divisor if self.layer.gray else divisor[..., None])
        return straight, opacity

    def write(
        self,
        path: Path,
        picture: NDArray[np.float32],
        *,
        half: bool,
        confidence: NDArray[np.float32] | None = None,
        metadata: Mapping[str, str] = NOTHING,
    ) -> None:
        """Write the file anew with other colours, whole or not at all; everything else stays, bit for bit.

        A gray picture's channel makes way for red, green and blue. Compression that would change pixels becomes ZIP.

        Args:
            path: The target.
            picture: (h, w, 3), as large as the picture's data window.
            half: Whether the three are stored as 16-bit floats, or else 32-bit.
            confidence: (h, w), 0..1, for the channel `vcn_confidence.confidence`.
            metadata: Text attributes to add.

        Raises:
            MediaError: The disk refuses, or a half cannot hold the picture.
        """
        parts = []
        for number, part in enumerate(self._file.parts):
            channels = dict(part.channels)
            header = {name: value for name, value in part.header.items() if name not in _COMPUTED}
            if number == self.layer.part:
                for name in self.layer.sources:
                    del channels[name]
                channels |= zip(self.layer.targets, stored_planes(picture, half, path), strict=True)
                if confidence is not None:
                    channels[CONFIDENCE] = stored(confidence, half)
                header |= metadata
            if self._is_lossy(number):
                header["compression"] = self._library.ZIP_COMPRESSION
            header = {name: self._writable(number, name, value) for name, value in header.items()}
            parts.append(self._library.Part(header, channels, self.parts[number].name))
        save(self._library, path, parts)

    @property
    def is_lossy(self) -> bool:
        """Whether any part is compressed in a way that would not keep its pixels a second time."""
        return any(self._is_lossy(number) for number in range(len(self.parts)))

    def _is_lossy(self, number: int) -> bool:
        part = self.parts[number]
        floats = any(channel.pixels == "float" for channel in part.channels)
        return part.compression in _LOSSY or (part.compression == _PXR24 and floats)

    def _writable(self, number: int, name: str, value: Any) -> Any:
        """An attribute as the library takes it: what kind of list an empty one is, it does not know."""
        if isinstance(value, list) and not value:
            return self._library.OpaqueAttribute(b"", self.parts[number].attributes[name][0])
        return value


def check_parts(parts: tuple[ExrPart, ...], path: Path) -> None:
    """Refuse what could not be passed on.

    Raises:
        MediaError: There is such a thing.
    """
    for part in parts:
        if part.kind.startswith("deep"):
            raise MediaError(f"cannot read {path}: it holds deep data; flatten it first")
        if part.levels:
            raise MediaError(f"cannot read {path}: it holds mip maps, as textures do; save it without them")
        for channel in part.channels:
            if channel.subsampled:
                raise MediaError(
                    f"cannot read {path}: its channel {channel.name} has fewer pixels than the picture (luminance and "
                    "chroma); save it as R, G, B"
                )


def stored_planes(picture: NDArray[np.float32], half: bool, path: Path) -> list[NDArray[Any]]:
    """Red, green and blue of (h, w, 3) as they are stored.

    Raises:
        MediaError: A half cannot hold them.
    """
    if picture.ndim != 3 or picture.shape[2] != 3:
        raise InputError(f"{picture.shape} cannot be an EXR; (H, W, 3) can")
    beyond = half and int(np.count_nonzero(((np.abs(picture) > _LARGEST_HALF) & np.isfinite(picture)).any(axis=-1)))
    if beyond:
        raise MediaError(
            f"cannot write {path}: {beyond} pixels are brighter than a half can hold ({_LARGEST_HALF:.0f}); "
            "choose a depth of 32 bits"
        )
    return [stored(picture[..., channel], half) for channel in range(3)]


def stored(plane: NDArray[np.float32], half: bool) -> NDArray[Any]:
    """A plane in the type of its pixels."""
    return np.ascontiguousarray(plane, dtype=np.float16 if half else np.float32)


def save(library: Any, path: Path, parts: list[Any]) -> None:
    """Write a file of the library's parts, whole or not at all.

    Raises:
        MediaError: The disk refuses.
    """
    try:
        with replacing(path, flush_to_device=False, unfinished=part_of(path)) as unfinished:
            library.File(parts).write(str(unfinished))
            read_exr_header(unfinished)  # a full disk does not always show at once
    except (RuntimeError, ValueError, OSError, MediaError) as error:
        raise MediaError(f"cannot write {path}: {reason(error)}") from error


def _opened(library: Any, path: Path, count: int) -> Any:
    try:
        with _printing, redirect_stdout(_Caught()) as printed:
            file = library.File(str(path), separate_channels=True)
    except UnicodeDecodeError as error:
        raise MediaError(f"cannot read {path}: its metadata hold text that is not UTF-8; save it again") from error
    except (RuntimeError, ValueError, OSError) as error:
        raise MediaError(f"cannot read {path}: it is damaged ({reason(error)})") from error
    if len(file.parts) != count:
        raise MediaError(f"cannot read {path}: its pixels are damaged ({printed.text.strip()})")
    return file
