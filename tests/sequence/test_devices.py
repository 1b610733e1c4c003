"""Whether finishing stays on the GPU, found out without one: tensors that have a device but no values."""

from dataclasses import fields

import pytest
import torch
from host_traffic import HostTraffic
from torch import Tensor
from torch._subclasses.fake_tensor import FakeTensorMode

from vcnode import Settings, colorize
from vcnode.color import (
    Bars,
    ChromaSiting,
    Matrix,
    PixelEncoding,
    Plane,
    WorkingSize,
    encode,
    lightness_of_gray,
    subsample,
)
from vcnode.color import chroma_keeping_luma as chroma
from vcnode.network import State
from vcnode.sequence.frame import lightness_of
from vcnode.sequence.identity import model_digest
from vcnode.sequence.shot_engine import ShotEngine
from vcnode.sequence.working_frame import Finisher, WorkingFrame

from .clips import clip, reference, same


@pytest.mark.parametrize("upsampling", ["adaptive", "bilateral", "bilinear"])
def test_a_frame_is_finished_where_its_lightness_is(upsampling):
    with FakeTensorMode():
        size = WorkingSize.fit(180, 320, 64, 8)
        height, width = size.padded_height, size.padded_width
        state = State(torch.rand(1, 1, height, width), torch.rand(1, 2, height, width), torch.rand(1, 1, height, width))
        small = torch.rand(1, 1, height // 4, width // 4)
        working = WorkingFrame(state, small, small.to(torch.int16), small.repeat(1, 2, 1, 1))
        lightness = lightness_of_gray(torch.rand(1, 1, 180, 320, device="cuda"))
        frame = Finisher(Bars(), size, Settings(upsampling=upsampling)).finish(working, lightness, 0)
        for field in fields(frame):
            value = getattr(frame, field.name)
            assert not isinstance(value, Tensor) or value.device == torch.device("cuda:0")
        planes = (subsample(each, "420", ChromaSiting.LEFT) for each in (frame.lightness / 100, frame.ab))
        codes = encode(chroma(*planes, Matrix.BT709), PixelEncoding(Matrix.BT709), Plane.CHROMA)
        assert codes.device == frame.rgb().device == torch.device("cuda:0")


def test_what_the_network_sees_of_a_frame_does_not_come_to_the_host_and_go_back(tiny_model):
    references = [reference(1, frame=1)]
    first = lightness_of(clip(1)[0], 0)
    engine = ShotEngine(tiny_model, model_digest(tiny_model), references, 0, first, Settings(working_size=64))
    with FakeTensorMode():
        lightness = torch.rand(first.shape, device="cuda")
        with HostTraffic() as traffic:
            working = engine.working(lightness, 0)
        assert not traffic.found
        assert working.device == torch.device("cuda:0")
        assert working.shape == (1, 1, engine.size.padded_height, engine.size.padded_width)


def test_frames_and_states_lie_where_they_are_wanted(tiny_model):
    plain, told = (
        list(colorize(clip(3), [reference(1)], model=tiny_model, **options)) for options in ({}, {"device": "cpu"})
    )
    assert all(same(*pair) for pair in zip(plain, told, strict=True))
    moved = told[1].to("meta")
    assert moved.ab.is_meta
    assert moved.state is told[1].state
