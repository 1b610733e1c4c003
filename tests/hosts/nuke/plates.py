"""Pictures for tests: a gray film that moves a little, and what it looks like in colour."""

import numpy as np

from tests.hosts.nuke.fake_nuke import Picture, write_exr

WIDTH, HEIGHT = 72, 56
FIRST, LAST = 1001, 1004


def colored(frame, width=WIDTH, height=HEIGHT):
    """Scene-linear (H, W, 3), with a highlight above 1 and a speck below 0."""
    down, across = np.mgrid[0:height, 0:width].astype(np.float32)
    wave = 0.25 + 0.2 * np.sin((across + 2 * (frame - FIRST)) / 9) * np.cos(down / 7)
    rgb = np.stack([wave * 1.2, wave * 0.9 + 0.02, wave * 0.5 + 0.05], axis=-1)
    rgb[4:9, 6:12] = 3.5
    rgb[20, 20] = -0.01
    return rgb.astype(np.float32)


def gray(frame, width=WIDTH, height=HEIGHT):
    """The same without colour."""
    luminance = colored(frame, width, height) @ np.array([0.2126390059, 0.7151686788, 0.0721923154])
    return np.repeat(luminance[..., None], 3, axis=-1).astype(np.float32)


def gray_picture(frame, view="main"):
    """A plate with an alpha, a layer of its own, and that layer's values by frame."""
    alpha = np.linspace(0, 1, HEIGHT * WIDTH, dtype=np.float32).reshape(HEIGHT, WIDTH)
    depth = np.full((HEIGHT, WIDTH), float(frame), np.float32)
    return Picture.of_rgb(gray(frame), **{"rgba.alpha": alpha, "depth.Z": depth})


def colored_picture(frame, view="main"):
    return Picture.of_rgb(colored(frame))


def write_sequence(folder, make=gray, frames=range(FIRST, LAST + 1), name="plate"):
    """EXR files on disk; gives their pattern."""
    for frame in frames:
        path = folder / f"{name}.{frame:04d}.exr"
        write_exr(str(path), Picture.of_rgb(make(frame)), ("rgba.red", "rgba.green", "rgba.blue"), half=False)
    return (folder / f"{name}.%04d.exr").as_posix()


def cut_out():
    """Opacity with a soft hole."""
    opacity = np.ones((HEIGHT, WIDTH), np.float32)
    opacity[10:40, 20:60] = 0.5
    opacity[12:38, 22:58] = 0
    return opacity
