"""Scene starts: as a list, from frame properties, or listed beforehand."""

import pytest

vs = pytest.importorskip("vapoursynth", reason="VapourSynth has no wheel for this platform")

from sequence.clips import picture

from vcnode import Reference
from vcnode.sequence import shots_from_cuts
from vsvcnode import colorize, scene_starts

from .films import expected, film, is_frame

COUNT = 37  # more than two blocks of the properties' reader
STARTS = [0, 3, 16, 17, 33]
REFERENCES = [Reference(picture(0)), Reference(picture(1), frame=20)]


@pytest.fixture(scope="module")
def gray():
    return film(COUNT)


@pytest.fixture(scope="module")
def wanted(tiny_model, gray):
    return expected(gray, tiny_model, shots_from_cuts(STARTS, COUNT, REFERENCES))


def marked(clip, starts=STARTS, seen=None):
    begins, goes_on = (clip.std.SetFrameProps(_SceneChangePrev=value) for value in (1, 0))

    def choose(n):
        if seen is not None:
            seen.append(n)
        return begins if n in starts else goes_on

    return clip.std.FrameEval(choose)


def test_scene_starts_lists_them(gray):
    assert scene_starts(marked(gray.clip)) == STARTS
    assert scene_starts(marked(gray.clip, [5])) == [0, 5]
    assert scene_starts(gray.clip) == [0]


@pytest.mark.parametrize("given", ["film.mkv", None])
def test_scene_starts_says_what_it_wants(given):
    with pytest.raises(vs.Error, match=f"^scene_starts: the clip is {given!r}: give a clip"):
        scene_starts(given)


def test_scene_starts_reads_a_detector_of_users(gray):
    if not hasattr(vs.core, "scd"):
        pytest.skip("the plugin vapoursynth-scenechange has no wheel for this platform")
    cut = gray.clip[0] * 10 + film(1, seed=5).clip * 8
    assert scene_starts(cut.scd.Detect()) == [0, 10]


@pytest.mark.parametrize("threads", [1, 8])
@pytest.mark.parametrize("first", [0, 36])
def test_listed_and_read_from_properties_are_the_same(core, tiny_model, gray, wanted, threads, first):
    core.num_threads = threads
    listed = colorize(gray.clip, REFERENCES, scenes=STARTS, model=tiny_model)
    read = colorize(gray.clip, REFERENCES, scenes=marked(gray.clip), model=tiny_model)
    for number in (first, 2, 3, 17, 33):
        for clip in (listed, read):
            assert is_frame(clip.get_frame(number), gray.codes[number], wanted[number])


def test_properties_are_read_once_and_not_when_the_script_loads(core, tiny_model, gray):
    seen = []
    clip = colorize(gray.clip, REFERENCES, scenes=marked(gray.clip, seen=seen), model=tiny_model)
    assert seen == []
    clip.get_frame(30)
    core.clear_cache()
    clip.get_frame(31)
    assert sorted(seen) == list(range(COUNT))


def test_a_reference_beyond_the_clip_is_reported_at_once_also_with_properties(tiny_model, gray):
    with pytest.raises(vs.Error, match=r"colorize: .*the clip has the frames 0\.\.36"):
        colorize(gray.clip, Reference(picture(0), frame=99), scenes=marked(gray.clip), model=tiny_model)
