"""Counted by hand: a 3x3 convolution takes 2 * 9 * inputs * outputs operations a pixel."""

import pytest

from vcnode.bench import Case, count
from vcnode.network import ModelConfig
from vcnode.weights import lookup, models_directory

DEVC = ModelConfig.from_dict(lookup("devc").configuration())
LITE = ModelConfig.from_dict(lookup("lite").configuration())


@pytest.fixture(scope="module")
def devc():
    return {size: count(DEVC, Case.parse(size)) for size in ("384x216", "768x432")}


def vgg19(height, width):
    """Up to conv5_2, which is all that is used."""
    operations, inputs = 0, 3
    for outputs, layers in ((64, 2), (128, 2), (256, 4), (512, 4), (512, 2)):
        for _ in range(layers):
            operations += 18 * inputs * outputs * height * width
            inputs = outputs
        height, width = height // 2, width // 2
    return operations


def test_the_encoder_is_counted_exactly(devc):
    assert devc["384x216"]["encoder"].flops == vgg19(216, 384)


def test_the_head_is_counted_exactly(devc):
    half, quarter, eighth, sixteenth = 108 * 192, 54 * 96, 27 * 48, 13 * 24
    multiplications = 9 * (
        (128 * 128 * half + 128 * 64 * quarter)
        + (256 * 128 + 128 * 64) * quarter
        + (512 * 256 + 256 * 64) * eighth
        + (512 * 256 + 4 * 256 * 64) * sixteenth
        + 6 * 256 * 256 * quarter
    )
    assert devc["384x216"]["descriptors"].flops == 2 * (multiplications + 256 * 256 * quarter)


def test_matching_compares_every_position_with_every_other(devc):
    positions = 54 * 96
    assert devc["384x216"]["matching"].flops == 2 * positions**2 * (256 + 2)


@pytest.mark.parametrize(("size", "gflop"), [("384x216", 193.3), ("768x432", 773.3)])
def test_the_colour_net_costs_a_few_rows_more_than_it_must(devc, size, gflop):
    counted = devc[size]["colour net"].flops / 1e9  # strips overlap by two rows
    assert gflop <= counted < 1.03 * gflop


@pytest.mark.parametrize(("size", "gflop"), [("384x216", 321), ("768x432", 1452)])
def test_a_frame_costs_hardly_more_than_it_must(devc, size, gflop):
    counted = sum(work.flops for work in devc[size].values()) / 1e9
    assert gflop <= counted < 1.02 * gflop


def test_the_model_cards_say_what_is_counted(devc):
    light = sum(work.flops for work in count(LITE, Case.parse("384x216")).values())
    heavy = sum(work.flops for work in devc["384x216"].values())
    assert f"{heavy / 1e9:.0f} GFLOP a frame at 216x384" in (models_directory() / "devc.md").read_text(encoding="utf-8")
    card = " ".join((models_directory() / "lite.md").read_text(encoding="utf-8").split())
    assert f"{light / 1e9:.1f} GFLOP a frame at 216x384, a twenty-fifth of `devc`'s" in card
    assert round(heavy / light) == 25
    unlearned = sum(work.flops for work in count(LITE, Case.parse("384x216"), learned=False).values())
    assert f"{unlearned / 1e9:.1f} on a CPU" in card


def test_what_moves_is_at_least_what_the_similarities_take(devc):
    positions = 54 * 96
    assert devc["384x216"]["matching"].bytes > 2 * 4 * positions**2


def test_a_window_shares_nothing_but_its_launch():
    alone, together = (count(LITE, Case.parse("128x64"), frames) for frames in (1, 3))
    for name, work in alone.items():
        assert together[name].flops == work.flops, name
    assert alone["encoder"].flops > 0
    assert alone["motion"].flops == 0


def test_a_learned_part_that_is_left_out_is_not_counted():
    whole, rest = (count(LITE, Case.parse("384x216"), learned=learned) for learned in (True, False))
    assert rest["colour net"].flops == 0 < whole["colour net"].flops
    assert rest["colour net"].bytes < whole["colour net"].bytes
    assert rest["matching"] == whole["matching"]
