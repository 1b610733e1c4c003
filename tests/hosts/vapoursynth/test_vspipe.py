"""From a file to a pipe and back: a real source, a script in its own process, clean stdout."""

import numpy as np
import pytest

vs = pytest.importorskip("vapoursynth", reason="VapourSynth has no wheel for this platform")

from PIL import Image
from sequence.clips import clip as moving_texture
from sequence.clips import picture

from .scripts import vspipe

COUNT, HEIGHT, WIDTH = 9, 64, 96
SCRIPT = """
import vapoursynth as vs
from vsvcnode import colorize

clip = vs.core.bs.VideoSource("film.mkv")
colorize(clip, "reference.png", look_ahead=2, device="cpu"{options}).set_output()
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A gray film and a reference."""
    import av

    if not hasattr(vs.core, "bs"):
        pytest.skip("the source plugin vapoursynth-bestsource has no wheel for this platform")
    folder = tmp_path_factory.mktemp("film")
    Image.fromarray((picture(0) * 255).astype(np.uint8)).save(folder / "reference.png")
    with av.open(str(folder / "film.mkv"), "w") as container:
        stream = container.add_stream("ffv1", rate=25)
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "gray"
        for values in moving_texture(COUNT):
            frame = av.VideoFrame.from_ndarray((values * 255).astype(np.uint8), format="gray")
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return folder


@pytest.fixture
def source(folder):
    return vs.core.bs.VideoSource(str(folder / "film.mkv"))


@pytest.fixture(scope="module")
def piped(folder):
    """The whole coloured film as y4m."""
    run = vspipe(SCRIPT.format(options=""), "-c", "y4m", folder=folder)
    assert run.returncode == 0, run.stderr.decode()
    return run.stdout


def planes_of(y4m):
    """Split a YUV444P8 pipe into its header and frames."""
    header, rest = y4m.split(b"\n", 1)
    size = len(b"FRAME\n") + 3 * HEIGHT * WIDTH
    frames = [rest[start : start + size] for start in range(0, len(rest), size)]
    assert all(frame.startswith(b"FRAME\n") and len(frame) == size for frame in frames)
    return header, [np.frombuffer(frame[6:], np.uint8).reshape(3, HEIGHT, WIDTH) for frame in frames]


def test_to_y4m_and_back(source, folder, piped):
    from vsvcnode import colorize

    header, planes = planes_of(piped)
    assert len(planes) == COUNT
    assert header.startswith(b"YUV4MPEG2 C444 W96 H64")
    here = colorize(source, str(folder / "reference.png"), look_ahead=2, device="cpu")
    (folder / "colored.y4m").write_bytes(piped)
    back = vs.core.bs.VideoSource(str(folder / "colored.y4m"))
    frames = zip(planes, source.frames(), here.frames(), back.frames(), strict=True)
    for pipe, gray, colored, again in frames:
        assert np.array_equal(pipe[0], np.asarray(gray[0]))
        for plane in range(3):
            assert np.array_equal(pipe[plane], np.asarray(colored[plane]))
            assert np.array_equal(pipe[plane], np.asarray(again[plane]))


def test_a_part_of_the_film_is_that_part(folder, piped):
    part = vspipe(SCRIPT.format(options=""), "-c", "y4m", "-s", "5", "-e", "7", "-r", "8", folder=folder)
    assert np.array_equal(np.stack(planes_of(part.stdout)[1]), np.stack(planes_of(piped)[1][5:8]))


def test_errors_are_on_stderr_when_the_script_is_loaded(folder):
    run = vspipe(SCRIPT.format(options=", saturation=9"), "-c", "y4m", folder=folder)
    assert run.returncode != 0
    assert run.stdout == b""
    assert b"colorize: The saturation is 9" in run.stderr
