"""Any frame's luma, for colours that run backward: read in stretches, since films are made to be read forward."""

from collections.abc import Iterator
from itertools import islice

from torch import Tensor

from vcnode.errors import InputError
from vcnode.media import FrameSource, VideoFrame, VideoInfo
from vcnode.rendering.source_luma import luma_of
from vcnode.rendering.stretch import exact_frame_count

_BYTES = 2**27  # of pixels that are kept, so that going back decodes a group of pictures once, not for every frame
_MOST = 64  # frames


class AnyFrame:
    """A clip's luma by frame number. Going back from a frame reads a stretch that ends with it.

    Args:
        source: The clip.
        info: Its facts, as they are to be understood.

    Raises:
        InputError: How many frames it has is not known, so there is no going back from its end.
    """

    def __init__(self, source: FrameSource, info: VideoInfo) -> None:
        count = exact_frame_count(source)
        if count is None:
            raise InputError(
                f"{source.path} does not say when its frames are shown, so it can only be read forward: copy it into "
                "another container (.mkv), or colour it forward."
            )
        self._count, self._source, self._info = count, source, info
        channels = 3 if info.layout.kind == "rgb" else 1.5
        size = info.width * info.height * channels * (1 if info.depth <= 8 else 2 if info.depth <= 16 else 4)
        self._stretch = max(2, min(_MOST, int(_BYTES / size)))
        self._frames: dict[int, VideoFrame] = {}

    def __len__(self) -> int:
        return self._count

    def __getitem__(self, number: int, /) -> Tensor:
        """Y' of a frame `(1, H, W)`, 0..1.

        Raises:
            IndexError: There is no such frame.
            MediaError: It cannot be read.
        """
        if not 0 <= number < self._count:
            raise IndexError(f"There is no frame {number}; the clip has the frames 0 to {self._count - 1}.")
        if number not in self._frames:
            self._frames = {frame.index: frame for frame in self._up_to(number)}
        if number not in self._frames:
            raise InputError(f"{self._source.path} has no frame {number}, though it should: repair it.")
        return luma_of(self._frames[number], self._info)[0]

    def _up_to(self, number: int) -> Iterator[VideoFrame]:
        first = max(0, number - self._stretch + 1)
        return islice(self._source.frames(first), number - first + 1)
