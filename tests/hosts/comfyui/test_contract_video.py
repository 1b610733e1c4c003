"""VCNode_ColorizeVideo: any length, constant memory, sound and timing as they were."""

from fractions import Fraction
from io import BytesIO
from pathlib import Path

import av
import pytest
import torch

from tests.hosts.comfyui.conftest import SIZE, chroma, colored_clip, gray_clip
from tests.hosts.comfyui.stub.host import InterruptProcessingException


def write(path, count=5, rate=12):
    """A film of the gray clip in BT.709, lossless."""
    images = (gray_clip(count) * 255).round().byte().numpy()
    with av.open(str(path), "w") as file:
        video = file.add_stream("ffv1", rate=rate)
        video.width, video.height, video.pix_fmt = images.shape[2], images.shape[1], "yuv444p"
        context = video.codec_context
        context.colorspace = context.color_primaries = context.color_trc = context.color_range = 1
        for image in images:
            frame = av.VideoFrame.from_ndarray(image, format="rgb24")
            file.mux(video.encode(frame.reformat(format="yuv444p", dst_colorspace="ITU709", dst_color_range="MPEG")))
        file.mux(video.encode())
    return path


@pytest.fixture
def run(pack):
    """Colours a VIDEO value with one reference."""
    references = pack.references(colored_clip(1))

    def colorize(video, **inputs):
        inputs = {"model": pack.model, "references": references, "working_size": SIZE} | inputs
        return pack.run("VCNode_ColorizeVideo", video=video, **inputs)

    return colorize


@pytest.fixture
def from_file(comfy):
    from comfy_api.latest import InputImpl

    return lambda *args, **options: InputImpl.VideoFromFile(str(write(*args, **options)))


def frames_of(video):
    return video.get_components().images


def frames_in(given):
    return len(frames_of(given["video"]))


def films(comfy):
    found = comfy.folders.of("temp").glob("*.mp4")
    return [file for file in found if ".partial" not in file.suffixes]


def test_a_file(run, from_file, tmp_path, comfy):
    source = from_file(tmp_path / "film.mkv")
    given = run(source)
    assert source.decoded == 0, "a film on disk must not be read into memory as a whole"
    assert frames_in(given) == 5
    assert given["video"].get_dimensions() == (96, 64)
    made = Path(given["video"].get_stream_source())
    assert made.is_relative_to(comfy.folders.of("temp"))
    assert films(comfy) == [made]
    assert not [file for file in made.parent.iterdir() if file != made], "something unfinished is left"
    images = frames_of(given["video"])
    assert len(images) == 5
    assert (chroma(images) > 0.03).all()
    with av.open(str(made)) as file:
        assert file.streams.video[0].average_rate == pytest.approx(12, rel=0.01)


def test_frames_in_memory(run, from_file, tmp_path):
    from comfy_api.latest import InputImpl, Types

    file = from_file(tmp_path / "film.mkv")
    components = Types.VideoComponents(frames_of(file), Fraction(12))
    given = run(InputImpl.VideoFromComponents(components))
    assert frames_in(given) == 5
    assert (frames_of(given["video"]) - frames_of(run(file)["video"])).abs().mean() < 0.02


def test_lossless_equals_the_images(pack, run, from_file, tmp_path):
    source = from_file(tmp_path / "film.mkv")
    film = frames_of(run(source, quality="lossless")["video"])
    images = pack.colorize(frames_of(source), pack.references(colored_clip(1)))["images"]
    assert (film - images).abs().mean() < 0.01


def test_a_part(run, from_file, tmp_path):
    given = run(from_file(tmp_path / "film.mkv", count=8), start_frame=3, frame_count=4)
    assert frames_in(given) == 4
    assert given["report"].startswith("Frames: 4 (3 to 6)")


def test_parts_joined_by_a_state_equal_the_whole(run, from_file, tmp_path):
    source = from_file(tmp_path / "film.mkv", count=6)
    whole = frames_of(run(source, quality="lossless")["video"])
    first = run(source, quality="lossless", frame_count=2)
    second = run(source, quality="lossless", state=first["state"])
    assert (frames_in(first), frames_in(second)) == (2, 4)
    assert torch.equal(torch.cat([frames_of(first["video"]), frames_of(second["video"])]), whole)


def test_progress_and_previews(run, from_file, tmp_path, comfy):
    run(from_file(tmp_path / "film.mkv"))
    assert [value for value, total, _ in comfy.progress if total == 5][-5:] == [1, 2, 3, 4, 5]
    previews = [preview for _, _, preview in comfy.progress if preview is not None]
    assert previews
    assert all(preview[1].size == (96, 64) for preview in previews)


def test_stopping_leaves_no_film_and_the_next_run_is_whole(run, from_file, tmp_path, comfy):
    source = from_file(tmp_path / "film.mkv", count=8)

    def stop(value):
        comfy.interrupted = value == 5

    comfy.on_progress = stop
    with pytest.raises(InterruptProcessingException):
        run(source, quality="lossless")
    assert comfy.progress[-1][0] <= 6
    assert not films(comfy)

    comfy.on_progress = None
    given = run(source, quality="lossless")
    assert films(comfy) == [Path(given["video"].get_stream_source())]
    assert torch.equal(frames_of(given["video"]), frames_of(run(source, quality="lossless")["video"]))


def test_a_film_in_memory_as_a_file(run, from_file, tmp_path):
    from comfy_api.latest import InputImpl

    file = from_file(tmp_path / "film.mkv", count=3)
    in_memory = InputImpl.VideoFromFile(BytesIO(Path(file.get_stream_source()).read_bytes()))
    given = run(in_memory, quality="lossless")  # x264's lossy files differ a little from run to run
    assert in_memory.decoded == 0
    assert torch.equal(frames_of(given["video"]), frames_of(run(file, quality="lossless")["video"]))


class TestEditsOfNewerVersions:
    """Since 2026, a VIDEO from a file may be trimmed, cropped or resized, of which its file knows nothing."""

    @pytest.fixture
    def edited(self, from_file, tmp_path):
        from comfy_api.latest import InputImpl, Types

        source = from_file(tmp_path / "film.mkv", count=6)

        class Edited(InputImpl.VideoFromFile):
            trim, cropped = (0.0, 0.0), False

            def get_active_trim_window(self):
                return self.trim

            def has_pending_frame_edits(self):
                return self.cropped

            def get_components(self):
                made = super().get_components()
                return Types.VideoComponents(made.images[:, :, :72], made.frame_rate) if self.cropped else made

        return Edited(source.get_stream_source())

    def test_not_edited(self, run, edited):
        assert frames_in(run(edited)) == 6
        assert edited.decoded == 0

    def test_trimmed(self, run, edited):
        edited.trim = (2 / 12, 3 / 12)
        given = run(edited)
        assert edited.decoded == 0
        assert given["report"].startswith("Frames: 3 (2 to 4)")
        assert frames_in(given) == 3

    def test_cropped(self, run, edited):
        edited.cropped = True
        given = run(edited)
        assert edited.decoded == 1
        assert frames_of(given["video"]).shape == (6, 64, 72, 3)


def test_keyframes_of_a_film(pack, from_file, tmp_path):
    source = from_file(tmp_path / "film.mkv", count=9)
    picked = pack.run("VCNode_PickKeyframes", clip=source, mode="even", max_frames=3)
    assert picked["images"].shape == (3, 64, 96, 3)
    assert isinstance(picked["report"], str)
    assert source.decoded == 0
