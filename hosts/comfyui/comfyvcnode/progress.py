"""Telling the host how far the work is, with a picture now and then, and asking it whether to stop."""

import time
from collections.abc import Callable, Iterable, Iterator

import torch.nn.functional as F
from PIL import Image
from torch import Tensor

type Tell = Callable[[int, int, Image.Image | None], None]

_BETWEEN_PICTURES = 0.25  # seconds: each is encoded and sent, and older hosts send all they get
LARGEST_PICTURE = 512  # pixels of a side


class Progress:
    """Reports frames to the host.

    Args:
        tell: Called with how many frames are done, of how many, and a picture to show or None; may raise to stop the
            work.
        stop: Called before and after each frame; raises the host's exception where the user has asked to stop.
        clock: Seconds, for tests.
    """

    def __init__(
        self,
        tell: Tell = lambda done, total, picture: None,
        stop: Callable[[], object] = lambda: None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._tell, self._stop, self._clock = tell, stop, clock
        self._shown: float | None = None
        self._backward = 0

    def stop_if_asked(self) -> bool:
        """Let the host raise; gives False, since who asks this way is still wanted."""
        self._stop()
        return False

    def frame(self, done: int, total: int | None, picture: Callable[[], Tensor] | None = None) -> None:
        """Report a frame.

        Args:
            done: How many are done.
            total: Of how many; None where that is not known.
            picture: Makes RGB `(3, H, W)`, 0..1, of it; called where it is time for one.
        """
        self._stop()
        now = self._clock()
        shown = None
        if picture is not None and (self._shown is None or now - self._shown >= _BETWEEN_PICTURES):
            self._shown = now
            shown = thumbnail(picture())
        self._tell(done + self._backward, max(done, total or 0) + self._backward, shown)

    def backward(self, done: int, total: int | None, frames: int = 1) -> None:
        """Report frames that are being coloured backward and that others wait for: further steps on the way.

        Args:
            done: How many are finished.
            total: Of how many; None where that is not known.
            frames: How many there are since the last report.
        """
        self._backward += frames
        self.frame(done, total)

    def watching(self, frames: Iterable[Tensor], total: int | None, done: int = 0) -> Iterator[Tensor]:
        """Pass frames on, and report each when it has been looked at.

        Args:
            frames: Some.
            total: Of how many, those done before among them; None where that is not known.
            done: How many steps were done before.
        """
        for number, frame in enumerate(frames, start=done + 1):
            yield frame
            self.frame(number, total)


def thumbnail(rgb: Tensor) -> Image.Image:
    """Make a small picture of RGB `(3, H, W)`, 0..1."""
    height, width = rgb.shape[1:]
    scale = min(1.0, LARGEST_PICTURE / max(height, width))
    size = (max(1, round(height * scale)), max(1, round(width * scale)))
    small = F.interpolate(rgb[None].float().cpu(), size, mode="area")[0]
    codes = (small.clamp(0, 1) * 255).round().byte().permute(1, 2, 0).contiguous().numpy()
    return Image.fromarray(codes)
