import av
import numpy as np
import pytest
from exr_files import write

from vcnode.errors import InputError, MediaError
from vcnode.training.data.videos import draw_excerpt, find_videos, middle_frame

from .pictures import difference, filled, film, save


def frames_of(folder):
    from PIL import Image

    return [np.asarray(Image.open(path).convert("RGB")) for path in sorted(folder.iterdir())]


def places(excerpt, frames):
    """Which frames of the film an excerpt shows, its other view last."""
    shown = [np.asarray(image) for image in (*excerpt.frames, excerpt.other)]
    found = [[number for number, frame in enumerate(frames) if np.array_equal(frame, one)] for one in shown]
    assert all(len(numbers) == 1 for numbers in found)
    return [numbers[0] for numbers in found]


@pytest.fixture(scope="module")
def two_shots(tmp_path_factory):
    return film(tmp_path_factory.mktemp("clip"), [9, 7])


def test_files_and_folders_of_frames_are_clips_at_any_depth(tmp_path):
    film(tmp_path / "class" / "walk", [2])
    (tmp_path / "audio").mkdir()
    for name in ("b.mp4", "class/a.MOV", "notes.txt", ".hidden.mp4", "audio/._left_by_a_mac.png"):
        (tmp_path / name).write_bytes(b"")
    assert find_videos(tmp_path) == ("b.mp4", "class/a.MOV", "class/walk")


def test_a_film_with_a_poster_beside_it_is_the_film(tmp_path):
    save(filled(1, 2, 3), tmp_path / "The Film (1950)" / "poster.jpg")
    (tmp_path / "The Film (1950)" / "film.mkv").write_bytes(b"")
    assert find_videos(tmp_path) == ("The Film (1950)/film.mkv",)


def test_a_folder_without_clips_is_refused(tmp_path):
    with pytest.raises(InputError, match="has no clips"):
        find_videos(tmp_path)
    with pytest.raises(InputError, match="cannot be read"):
        find_videos(tmp_path / "absent")


@pytest.mark.parametrize("step", [1, 3])
def test_excerpts_are_consecutive_and_never_cross_a_cut(two_shots, step):
    frames = frames_of(two_shots)
    steps, starts = set(), set()
    for seed in range(40):
        excerpt = draw_excerpt(two_shots, 2, step, np.random.default_rng(seed), far=bool(seed % 2))
        first, second, other = places(excerpt, frames)
        steps.add(second - first)
        starts.add(first)
        assert (first < 9) == (second < 9) == (other < 9)
    assert steps == set(range(1, step + 1))
    assert min(starts) < 9 <= max(starts)


def test_another_view_lies_away_from_the_clip(two_shots):
    frames = frames_of(two_shots)
    before, after = set(), set()
    for seed in range(20):
        excerpt = draw_excerpt(two_shots, 2, 1, np.random.default_rng(seed), far=True)
        first, _, other = places(excerpt, frames)
        (before if other < first else after).add(abs(other - first))
    assert max(before) >= 5
    assert max(after) >= 5


def test_the_same_draw_gives_the_same_frames(two_shots):
    excerpts = [draw_excerpt(two_shots, 3, 2, np.random.default_rng(5), far=True) for _ in range(2)]
    for one, other in zip(*((*each.frames, each.other) for each in excerpts), strict=True):
        assert np.array_equal(np.asarray(one), np.asarray(other))


def test_a_clip_that_is_too_short_or_all_cuts_says_so(tmp_path):
    short = film(tmp_path / "short", [3])
    with pytest.raises(MediaError, match="takes 4 frames, and it has 3"):
        draw_excerpt(short, 4, 1, np.random.default_rng(0), far=False)
    assert len(draw_excerpt(short, 3, 9, np.random.default_rng(0), far=True).frames) == 3
    flicker = film(tmp_path / "flicker", [1] * 8)
    with pytest.raises(MediaError, match="without a cut"):
        draw_excerpt(flicker, 3, 1, np.random.default_rng(0), far=False)


def test_a_video_file_gives_its_frames(tmp_path, two_shots):
    path = tmp_path / "clip.mp4"
    frames = frames_of(two_shots)
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mpeg4", rate=24, width=104, height=72, pix_fmt="yuv420p")
        stream.codec_context.qmax = 2
        for frame in frames:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(frame)))
        container.mux(stream.encode(None))
    for seed in range(6):
        excerpt = draw_excerpt(path, 2, 1, np.random.default_rng(seed), far=False)
        nearest = [int(np.argmin([difference(frame, image) for frame in frames])) for image in excerpt.frames]
        assert nearest[1] == nearest[0] + 1
    assert difference(middle_frame(path), frames[8]) < 10


@pytest.mark.parametrize("names", ["RGB", "Y"])
def test_linear_light_gets_srgbs_curve(tmp_path, names):
    for number in range(2):
        write(tmp_path / "film" / f"{number}.exr", {name: np.full((40, 60), 0.25, np.float32) for name in names})
    assert np.asarray(middle_frame(tmp_path / "film")).mean() == pytest.approx(137, abs=0.5)  # IEC 61966-2-1


def test_files_that_cannot_be_read_say_so(tmp_path):
    (tmp_path / "a.mp4").write_bytes(b"no video")
    with pytest.raises(MediaError, match=r"a\.mp4"):
        draw_excerpt(tmp_path / "a.mp4", 2, 1, np.random.default_rng(0), far=False)
    save(filled(1, 2, 3), tmp_path / "folder" / "unnumbered.png")
    with pytest.raises(MediaError, match="folder"):
        middle_frame(tmp_path / "folder")
