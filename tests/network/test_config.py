import pytest

from vcnode.errors import ModelError
from vcnode.network import ModelConfig
from vcnode.weights import lookup

LIGHT = {"name": "a", "encoder": "efficientnet_lite0", "head": "light", "color_net": "light"}


@pytest.mark.parametrize("preset", ["lite", "devc"])
def test_presets_are_read_and_written_back(preset):
    config = ModelConfig.from_dict(lookup(preset).configuration())
    assert config.name == preset
    assert ModelConfig.from_dict(config.to_dict()) == config


def test_a_name_is_enough_for_the_papers_network():
    config = ModelConfig.from_dict({"name": "devc"})
    assert (config.encoder, config.head, config.color_net) == ("vgg19", "devc", "devc")
    assert config.temperature == 0.01
    assert not config.align


@pytest.mark.parametrize(
    ("values", "problem"),
    [
        ({}, "has no name"),
        ({"name": 3}, "has no name"),
        ({"name": "a", "colour_net": "light"}, "unknown setting 'colour_net'"),
        ({"name": "a", 3: "light", "colour_net": "light"}, "unknown setting 3"),  # YAML has keys of any type
        (LIGHT | {"encoder": "resnet"}, "encoder: 'resnet'; allowed are vgg19, efficientnet_lite0"),
        (LIGHT | {"head": "devc"}, "joins the head 'devc' to the encoder 'efficientnet_lite0'"),
        (LIGHT | {"encoder": "vgg19"}, "joins the head 'light' to the encoder 'vgg19'"),
        (LIGHT | {"color_widths": [1, 2, 3]}, "color_widths.*four positive numbers"),
        (LIGHT | {"color_widths": 64}, "color_widths"),
        (LIGHT | {"color_widths": [1, 2, 3, "4"]}, "color_widths"),
        (LIGHT | {"color_widths": [1, 2, 3, True]}, "color_widths"),
        (LIGHT | {"head_width": 0}, "head_width: 0; give a positive number"),
        (LIGHT | {"head_refine": "yes"}, "head_refine"),
        (LIGHT | {"align": 1}, "align"),
        (LIGHT | {"temperature": "1e-2"}, "temperature"),
        (LIGHT | {"temperature": 0.0}, "temperature"),
        (LIGHT | {"temperature": float("nan")}, "temperature"),
        (LIGHT | {"working_size": 63}, "64 pixels or more"),
    ],
)
def test_a_configuration_that_cannot_work_is_refused(values, problem):
    with pytest.raises(ModelError, match=problem):
        ModelConfig.from_dict(values)


def test_the_best_match_alone_can_be_configured():
    assert ModelConfig.from_dict(LIGHT | {"temperature": None}).temperature is None
