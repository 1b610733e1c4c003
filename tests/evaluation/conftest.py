"""Small clips whose colours are known."""

from fractions import Fraction

import av
import numpy as np
import pytest

from vcnode.evaluation import EvaluationOptions, evaluate
from vcnode.media import write_png

HEIGHT, WIDTH = 64, 96


def frames(count, *, seed=0, color=True, speed=2, height=HEIGHT, width=WIDTH):
    """Waves of light and colour `(height, width, 3)`, uint8, that move to the left."""
    random = np.random.default_rng(seed)
    rows, columns = np.mgrid[0:height, 0 : width + speed * count] / HEIGHT
    waves = [random.normal(0, 6, (5, 2)) @ np.stack((rows.ravel(), columns.ravel())) for _ in range(3)]
    planes = [np.sin(wave + random.uniform(0, 6, (5, 1))).sum(axis=0).reshape(rows.shape) / 5 for wave in waves]
    light = 0.5 + 0.3 * planes[0]
    tint = (0.25 if color else 0) * np.stack((planes[1], -planes[1] / 2, planes[2]), axis=-1)
    wide = ((light[..., None] + tint).clip(0, 1) * 255).round().astype(np.uint8)
    return [wide[:, speed * number : speed * number + width].copy() for number in range(count)]


def write_frames(folder, pictures):
    """Numbered PNG files."""
    folder.mkdir(parents=True)
    for number, rgb in enumerate(pictures):
        write_png(folder / f"{number:04d}.png", rgb)
    return folder


def write_video(path, pictures):
    """A lossless video."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("ffv1", rate=25)
        stream.height, stream.width = pictures[0].shape[:2]
        stream.pix_fmt, stream.codec_context.time_base = "bgr0", Fraction(1, 25)
        for number, rgb in enumerate(pictures):
            frame = av.VideoFrame.from_ndarray(rgb, format="rgb24").reformat(format="bgr0")
            frame.pts = number
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


@pytest.fixture(scope="session")
def clips_folder(tmp_path_factory):
    """Two clips in colour, one of them longer; one in gray with a reference beside it."""
    folder = tmp_path_factory.mktemp("clips")
    write_frames(folder / "moving", frames(14))
    write_video(folder / "still.mkv", frames(6, seed=1, speed=0))
    write_frames(folder / "old", frames(5, seed=2, color=False))
    write_frames(folder / "old_refs", frames(1, seed=3))
    return folder


@pytest.fixture(scope="session")
def evaluation(clips_folder, tiny_model):
    """Everything there is to know about the clips of `clips_folder`."""
    pytest.importorskip("cv2", reason="flow needs the extra 'evaluate'")
    return evaluate(clips_folder, tiny_model, EvaluationOptions(protocols=("first-frame", "other-scene")))
