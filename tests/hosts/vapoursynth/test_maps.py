"""Confidence and matched reference, as clips and as a property that can be plotted."""

import numpy as np
import pytest

vs = pytest.importorskip("vapoursynth", reason="VapourSynth has no wheel for this platform")

from sequence.clips import picture

from vcnode import Reference, Sequence, Shot
from vcnode.rendering.confidence import mean_confidence
from vsvcnode import Colorized, colorize

from .films import film

SHOTS = [Shot(0, 2, (Reference(picture(0)), Reference(picture(1))))]  # frames 3 and 4 stay gray


@pytest.fixture(scope="module")
def gray():
    return film(5)


def test_maps_are_the_cores(tiny_model, gray):
    sequence = Sequence(tiny_model, gray.luma(), SHOTS)
    made = colorize(gray.clip, shots=SHOTS, model=tiny_model, maps=True)
    assert isinstance(made, Colorized)
    clip, confidence, reference = made
    assert (confidence.format.id, reference.format.id) == (vs.GRAYS, vs.GRAY16)
    for number, (one, other) in enumerate(zip(confidence.frames(), reference.frames(), strict=True)):
        core = sequence[number]
        assert np.array_equal(np.asarray(one[0]), core.confidence[0, 0].clamp(0, 1).numpy())
        assert np.array_equal(np.asarray(other[0]), core.reference[0, 0].numpy() + 1)
        assert clip.get_frame(number).props.get("vcnode_confidence") == mean_confidence(core)
        assert one.props["_Range"] == other.props["_Range"] == vs.RANGE_FULL
        assert one.props["_DurationDen"] == 25


def test_the_coloured_clip_carries_no_maps(tiny_model, gray):
    plain = colorize(gray.clip, shots=SHOTS, model=tiny_model)
    made = colorize(gray.clip, shots=SHOTS, model=tiny_model, maps=True)
    assert isinstance(plain, vs.VideoNode)
    for one, other in zip(plain.frames(), made.clip.frames(), strict=True):
        assert dict(one.props) == dict(other.props)


def test_maps_alone_can_be_asked_for_backwards(tiny_model, gray):
    confidence = colorize(gray.clip, shots=SHOTS, model=tiny_model, maps=True).confidence
    straight = [np.array(frame[0]) for frame in confidence.frames()]
    again = colorize(gray.clip, shots=SHOTS, model=tiny_model, maps=True).confidence
    for number, frame in zip(reversed(range(5)), again.std.Reverse().frames(), strict=True):
        assert np.array_equal(np.asarray(frame[0]), straight[number])
