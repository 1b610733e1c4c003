"""Small clips whose codes are known, and what the core makes of them."""

import gc
from dataclasses import dataclass

import numpy as np
import torch
import vapoursynth as vs
from sequence.clips import clip as moving_texture

from vcnode import Sequence, Settings
from vcnode.color import (
    ChromaSiting,
    Matrix,
    PixelEncoding,
    Plane,
    Range,
    chroma_keeping_luma,
    decode,
    encode,
    subsample,
)

HEIGHT, WIDTH, COUNT = 64, 96, 11
_TYPES = {(vs.INTEGER, 1): np.uint8, (vs.INTEGER, 2): np.uint16, (vs.FLOAT, 2): np.float16, (vs.FLOAT, 4): np.float32}


@dataclass(frozen=True)
class Film:
    """A clip and the codes of its luma.

    Attributes:
        clip: The clip; its frames are held, so that their memory can be told.
        codes: Luma of each frame.
        frames: The frames themselves.
        encoding: How codes stand for numbers.
    """

    clip: vs.VideoNode
    codes: list
    frames: list
    encoding: PixelEncoding

    def luma(self):
        return [decode(torch.from_numpy(codes), self.encoding, Plane.LUMA) for codes in self.codes]


def film(count=COUNT, *, format=vs.GRAY8, seed=0, matrix=Matrix.BT601, props=None, height=HEIGHT, width=WIDTH):
    """A clip of a texture that moves, in any format; chroma, where there is some, is noise."""
    template = vs.core.std.BlankClip(format=format, width=width, height=height, length=count, keep=True)
    kind = template.format
    props = {} if props is None else props
    usual = 1 if kind.sample_type == vs.FLOAT else 0
    sample_range = Range.FULL if props.get("_Range", usual) == 1 else Range.LIMITED
    encoding = PixelEncoding(matrix, sample_range, None if kind.sample_type == vs.FLOAT else kind.bits_per_sample)
    dtype = _TYPES[kind.sample_type, kind.bytes_per_sample]
    random = np.random.default_rng(seed)
    codes, frames = [], []
    for values in moving_texture(count, seed, height, width):
        codes.append(encode(torch.from_numpy(values), encoding, Plane.LUMA).numpy().astype(dtype))
        frame = vs.core.create_video_frame(kind, width, height)
        np.copyto(np.asarray(frame[0]), codes[-1])
        for plane in range(1, kind.num_planes):
            target = np.asarray(frame[plane])
            np.copyto(target, random.integers(0, 255, target.shape).astype(dtype))
        frame.props.update({"_DurationNum": 1, "_DurationDen": 25, **props})
        frames.append(frame)
    clip = template.std.ModifyFrame(template, lambda n, f: frames[n])
    return Film(clip, codes, frames, encoding)


def expected(film, model, shots, *, subsampling="444", siting=ChromaSiting.LEFT, depth=None, **options):
    """Cb and Cr of every frame by `vcnode.Sequence` and the core's colour functions, `(2, H, W)` each."""
    luma = film.luma()
    sequence = Sequence(model, luma, shots, settings=Settings(**options))
    encoding = film.encoding
    if depth is not None:
        encoding = PixelEncoding(encoding.matrix, encoding.range, depth)
    chroma = []
    for number, values in enumerate(luma):
        small_luma, small_ab = (
            subsample(planes, subsampling, siting) for planes in (values[None, None], sequence[number].ab)
        )
        solved = chroma_keeping_luma(small_luma, small_ab, encoding.matrix)
        chroma.append(encode(solved, encoding, Plane.CHROMA)[0].numpy())
    return chroma


def chroma_of(frame):
    return np.stack([np.array(frame[1]), np.array(frame[2])])


def is_frame(frame, codes, chroma):
    """Whether a coloured frame has exactly these codes."""
    same_chroma = np.array_equal(chroma_of(frame), chroma.astype(np.asarray(frame[1]).dtype))
    return np.array_equal(np.asarray(frame[0]), codes) and same_chroma


def check_frames(numbers, frames, film, wanted):
    """Frames of a coloured clip, whose numbers these are, have the film's luma and the wanted chroma."""
    for number, frame in zip(numbers, frames, strict=True):
        assert is_frame(frame, film.codes[number], wanted[number]), number


def check(clip, film, wanted, numbers=None):
    """The same of a clip's frames, asked for one after the other: these, or all."""
    numbers = range(len(film.codes)) if numbers is None else numbers
    check_frames(numbers, map(clip.get_frame, numbers), film, wanted)


def alive(kind):
    """How many objects of exactly this type there are."""
    gc.collect()
    return sum(type(each) is kind for each in gc.get_objects())


def all_planes(frame):
    return [np.array(frame[plane]) for plane in range(frame.format.num_planes)]
