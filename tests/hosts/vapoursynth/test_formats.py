"""Formats in and out: luma is the same memory, chroma is the core's, properties say what was done."""

import numpy as np
import pytest

vs = pytest.importorskip("vapoursynth", reason="VapourSynth has no wheel for this platform")

from sequence.clips import picture

from vcnode import Reference, Shot
from vcnode.color import ChromaSiting, Matrix
from vcnode.color.ycbcr import Range
from vcnode.rendering.painting import deepened
from vsvcnode import colorize

from .films import expected, film, is_frame

COUNT = 2
SHOTS = [Shot(0, None, (Reference(picture(0)),))]
GRAYS = [vs.GRAY8, vs.GRAY9, vs.GRAY10, vs.GRAY12, vs.GRAY14, vs.GRAY16, vs.GRAYH, vs.GRAYS]
YUVS = [vs.YUV420P8, vs.YUV422P8, vs.YUV440P8, vs.YUV444P10, vs.YUV420P16, vs.YUV444PH, vs.YUV422PS]


def name_of(format):
    return vs.core.get_video_format(format).name


def subsampling_of(format):
    return {(0, 0): "444", (1, 0): "422", (0, 1): "440", (1, 1): "420"}[format.subsampling_w, format.subsampling_h]


@pytest.mark.parametrize("full", [False, True], ids=["limited", "full"])
@pytest.mark.parametrize("format", GRAYS + YUVS, ids=name_of)
def test_luma_is_the_same_memory_and_chroma_the_cores(tiny_model, format, full):
    source = film(COUNT, format=format, props={"_Range": int(full)})
    clip = colorize(source.clip, shots=SHOTS, model=tiny_model)
    own = source.clip.format
    assert (clip.format.sample_type, clip.format.bits_per_sample) == (own.sample_type, own.bits_per_sample)
    subsampling = subsampling_of(clip.format)
    assert subsampling == (subsampling_of(own) if own.color_family == vs.YUV else "444")
    wanted = expected(source, tiny_model, SHOTS, subsampling=subsampling)
    for number, frame in enumerate(clip.frames()):
        assert frame.get_read_ptr(0).value == source.frames[number].get_read_ptr(0).value
        assert is_frame(frame, source.codes[number], wanted[number])


@pytest.mark.parametrize("format", [vs.YUV420P8, vs.YUV422P8, vs.YUV440P8], ids=name_of)
def test_subsampling_of_the_result_can_be_chosen(tiny_model, format):
    source = film(COUNT)
    clip = colorize(source.clip, shots=SHOTS, model=tiny_model, format=format)
    assert clip.format.id == format
    wanted = expected(source, tiny_model, SHOTS, subsampling=subsampling_of(clip.format))
    for number, frame in enumerate(clip.frames()):
        assert frame.get_read_ptr(0).value == source.frames[number].get_read_ptr(0).value
        assert is_frame(frame, source.codes[number], wanted[number])
        assert frame.props["_ChromaLocation"] == 0


@pytest.mark.parametrize(("across", "down"), [(2, 0), (2, 2)], ids=["411", "410"])
@pytest.mark.parametrize("siting", [ChromaSiting.LEFT, ChromaSiting.CENTER], ids=["left", "center"])
def test_coarser_chroma_still_sits_where_it_should(tiny_model, across, down, siting):
    """A quarter of a ramp has the ramp's values where its samples sit."""
    import torch

    from vsvcnode.painting import on_chroma_grid

    format = vs.core.query_video_format(vs.YUV, vs.INTEGER, 8, across, down)
    columns = torch.arange(32.0).expand(1, 1, 16, 32)
    small = on_chroma_grid(columns, format, siting)
    assert small.shape == (1, 1, 16 >> down, 8)
    place = 4 * torch.arange(8.0) + (0 if siting is ChromaSiting.LEFT else 1.5)
    assert torch.allclose(small[..., 1:-1], place[1:-1].expand(1, 1, 16 >> down, 6))
    source = film(1)
    assert colorize(source.clip, shots=SHOTS, model=tiny_model, format=format).get_frame(0).format.id == format.id


@pytest.mark.parametrize("siting", range(6))
def test_chroma_siting_is_honoured(tiny_model, siting):
    source = film(1, format=vs.YUV420P8, props={"_ChromaLocation": siting})
    frame = colorize(source.clip, shots=SHOTS, model=tiny_model).get_frame(0)
    wanted = expected(source, tiny_model, SHOTS, subsampling="420", siting=ChromaSiting.from_h273(siting))
    assert is_frame(frame, source.codes[0], wanted[0])
    assert frame.props["_ChromaLocation"] == siting


@pytest.mark.parametrize("format", [vs.GRAY8, vs.YUV420P8], ids=name_of)
def test_a_siting_below_0_is_none_as_it_is_for_resize(tiny_model, format):
    """So source filters write what a file does not say."""
    source = film(1, format=format, props={"_ChromaLocation": -1})
    clip = colorize(source.clip, shots=SHOTS, model=tiny_model)
    subsampling = subsampling_of(clip.format)
    frame = clip.get_frame(0)
    assert is_frame(frame, source.codes[0], expected(source, tiny_model, SHOTS, subsampling=subsampling)[0])
    assert clip.resize.Bicubic(format=vs.YUV444P16).get_frame(0).format.id == vs.YUV444P16


@pytest.mark.parametrize("full", [False, True], ids=["limited", "full"])
@pytest.mark.parametrize(("before", "after"), [(vs.GRAY8, vs.YUV420P10), (vs.GRAY10, vs.YUV444P16)])
def test_a_deeper_result_has_the_luma_codes_in_its_upper_bits(tiny_model, before, after, full):
    source = film(1, format=before, props={"_Range": int(full)})
    frame = colorize(source.clip, shots=SHOTS, model=tiny_model, format=after).get_frame(0)
    depth, bits = source.clip.format.bits_per_sample, frame.format.bits_per_sample
    luma = deepened(source.codes[0], depth, bits, Range.FULL if full else Range.LIMITED)
    wanted = expected(source, tiny_model, SHOTS, subsampling=subsampling_of(frame.format), depth=bits)
    assert is_frame(frame, luma, wanted[0])
    assert np.array_equal(np.asarray(frame[0]) >> (bits - depth), source.codes[0])


@pytest.mark.parametrize(
    ("number", "matrix"), [(1, Matrix.BT709), (5, Matrix.BT601), (6, Matrix.BT601), (9, Matrix.BT2020)]
)
def test_the_matrix_is_honoured(tiny_model, number, matrix):
    source = film(1, matrix=matrix, props={"_Matrix": number})
    frame = colorize(source.clip, shots=SHOTS, model=tiny_model).get_frame(0)
    assert is_frame(frame, source.codes[0], expected(source, tiny_model, SHOTS)[0])
    assert frame.props["_Matrix"] == number


@pytest.mark.parametrize(("height", "number"), [(64, 6), (576, 5), (720, 1)])
def test_untagged_clips_get_the_matrix_that_players_assume(tiny_model, height, number):
    clip = vs.core.std.BlankClip(format=vs.GRAY8, width=64, height=height, length=1, color=90)
    props = colorize(clip, shots=SHOTS, model=tiny_model, working_size=64).get_frame(0).props
    assert props["_Matrix"] == number
    assert props["_Range"] == vs.RANGE_LIMITED
    assert colorize(clip, shots=SHOTS, model=tiny_model, working_size=64, matrix=9).get_frame(0).props["_Matrix"] == 9


def test_what_a_clip_says_of_itself_stays(tiny_model):
    props = {"_Matrix": 1, "_Range": 1, "_Transfer": 13, "_Primaries": 5, "_SceneChangePrev": 1, "own": b"kept"}
    frame = colorize(film(1, props=props).clip, shots=SHOTS, model=tiny_model).get_frame(0)
    assert {name: frame.props[name] for name in props} == props
    assert "_ChromaLocation" not in frame.props


def test_unspecified_properties_are_set(tiny_model):
    props = {"_Matrix": 2, "_Transfer": 2, "_Primaries": 2}
    frame = colorize(film(1, props=props).clip, shots=SHOTS, model=tiny_model).get_frame(0)
    assert [int(frame.props[name]) for name in ("_Matrix", "_Transfer", "_Primaries", "_Range")] == [6, 6, 6, 0]


@pytest.mark.parametrize("format", [vs.GRAY8, vs.GRAYS], ids=name_of)
def test_what_it_says_is_what_resize_understands(tiny_model, format):
    """Converted to RGB and back to luma by VapourSynth itself, every pixel keeps its luma: colours are in gamut."""
    source = film(1, format=format)
    clip = colorize(source.clip, shots=SHOTS, model=tiny_model, saturation=4)
    rgb = clip.resize.Bicubic(format=vs.RGBS)
    back = rgb.resize.Bicubic(format=vs.GRAYS, matrix=6).get_frame(0)
    tolerance = 0.01 if format == vs.GRAY8 else 1e-5
    assert np.abs(np.asarray(back[0]) - source.luma()[0].numpy()).max() < tolerance
    assert np.asarray(rgb.get_frame(0)[0]).std() > 0


def test_frames_without_a_shot_are_exactly_neutral(tiny_model):
    for format, neutral in ((vs.GRAY8, 128), (vs.GRAY16, 2**15), (vs.GRAYS, 0), (vs.GRAYH, 0)):
        source = film(2, format=format)
        frame = colorize(source.clip, shots=[Shot(0, 0, SHOTS[0].references)], model=tiny_model).get_frame(1)
        assert is_frame(frame, source.codes[1], np.full((2, *source.codes[1].shape), neutral))
        assert "vcnode_confidence" not in frame.props


def test_half_precision_is_for_gpus_and_says_so_on_the_cpu(tiny_model, caplog):
    source = film(1)
    frame = colorize(source.clip, shots=SHOTS, model=tiny_model, fp16=True).get_frame(0)
    assert is_frame(frame, source.codes[0], expected(source, tiny_model, SHOTS)[0])
    assert [record.name for record in caplog.records] == ["vcnode"]
