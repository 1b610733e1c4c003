import pytest
import torch

from vcnode.color import Matrix, PixelEncoding, Plane, Range, decode, encode, rgb_to_ycbcr, ycbcr_to_rgb
from vcnode.errors import InputError

DEPTHS = [8, 9, 10, 12, 14, 16]


@pytest.mark.parametrize("depth", DEPTHS)
@pytest.mark.parametrize("sample_range", Range)
@pytest.mark.parametrize("plane", Plane)
def test_every_code_survives_decoding_and_encoding(depth, sample_range, plane):
    encoding = PixelEncoding(Matrix.BT709, sample_range, depth)
    codes = torch.arange(2**depth, dtype=torch.int32).to(encoding.dtype)
    again = encode(decode(codes, encoding, plane), encoding, plane)
    assert again.dtype == (torch.uint8 if depth == 8 else torch.uint16)
    assert (again.int() == codes.int()).all()


@pytest.mark.parametrize(
    ("depth", "sample_range", "plane", "codes"),
    [
        (8, Range.LIMITED, Plane.LUMA, {0.0: 16, 1.0: 235}),
        (10, Range.LIMITED, Plane.LUMA, {0.0: 64, 1.0: 940}),
        (16, Range.LIMITED, Plane.LUMA, {0.0: 4096, 1.0: 60160}),
        (8, Range.LIMITED, Plane.CHROMA, {-0.5: 16, 0.0: 128, 0.5: 240}),
        (10, Range.LIMITED, Plane.CHROMA, {-0.5: 64, 0.0: 512, 0.5: 960}),
        (8, Range.FULL, Plane.LUMA, {0.0: 0, 0.5: 128, 1.0: 255}),
        (16, Range.FULL, Plane.LUMA, {0.0: 0, 1.0: 65535}),
        (8, Range.FULL, Plane.CHROMA, {-0.5: 0, 0.0: 128, 0.4: 230, 0.5: 255}),
        (12, Range.FULL, Plane.CHROMA, {0.0: 2048, 0.5: 4095}),
    ],
)
def test_codes_of_the_standards(depth, sample_range, plane, codes):
    encoding = PixelEncoding(Matrix.BT709, sample_range, depth)
    assert encode(torch.tensor(list(codes)), encoding, plane).tolist() == list(codes.values())


def test_encoding_rounds_to_nearest_and_stays_inside_the_depth():
    full = PixelEncoding(range=Range.FULL, depth=8)
    values = torch.tensor([-3.0, 100.4 / 255, 100.6 / 255, 7.0])
    assert encode(values, full, Plane.LUMA).tolist() == [0, 100, 101, 255]


def test_float_samples_pass_unchanged():
    encoding = PixelEncoding(depth=None)
    values = torch.tensor([-0.3, 0.5, 1.7])
    assert torch.equal(decode(values, encoding, Plane.CHROMA), values)
    assert torch.equal(encode(values, encoding, Plane.LUMA), values)
    assert decode(values.half(), encoding, Plane.LUMA).dtype == torch.float32


@pytest.mark.parametrize("matrix", Matrix)
def test_rgb_round_trip_and_luma_weights(matrix):
    rgb = torch.rand(2, 3, 9, 7, generator=torch.Generator().manual_seed(3))
    ycbcr = rgb_to_ycbcr(rgb, matrix)
    assert (ycbcr_to_rgb(ycbcr, matrix) - rgb).abs().max() < 1e-6
    weights = torch.tensor([matrix.kr, matrix.kg, matrix.kb]).view(3, 1, 1)
    assert torch.allclose(ycbcr[:, :1], (rgb * weights).sum(1, keepdim=True))
    corners = torch.tensor([[0.0, 0.0, 1.0], [1.0, 0.0, 0.0]]).view(2, 3, 1, 1)
    assert rgb_to_ycbcr(corners, matrix)[0, 1].item() == pytest.approx(0.5)
    assert rgb_to_ycbcr(corners, matrix)[1, 2].item() == pytest.approx(0.5)


def test_matrices_by_number():
    found = {number: Matrix.from_h273(number) for number in (1, 5, 6, 9)}
    assert found == {1: Matrix.BT709, 5: Matrix.BT601, 6: Matrix.BT601, 9: Matrix.BT2020}
    with pytest.raises(InputError, match="Matrix number 2"):
        Matrix.from_h273(2)


@pytest.mark.parametrize("depth", [1, 7, 17, 32])
def test_other_depths_are_refused(depth):
    with pytest.raises(InputError, match="8 to 16"):
        PixelEncoding(depth=depth)


def test_samples_of_another_kind_are_refused():
    with pytest.raises(InputError, match="float32"):
        decode(torch.zeros(3), PixelEncoding(depth=8), Plane.LUMA)
    with pytest.raises(InputError, match="uint8"):
        decode(torch.zeros(3, dtype=torch.uint8), PixelEncoding(depth=None), Plane.LUMA)
