from dataclasses import FrozenInstanceError, fields, replace
from types import SimpleNamespace

import pytest
import torch

from vcnode import Settings
from vcnode.errors import InputError

OTHER = {
    "working_size": 100,
    "look_ahead": 3,
    "saturation": 1.2,
    "upsampling": "bilinear",
    "find_bars": False,
    "compat": "devc",
    "precision": "float16",
    "direction": "backward",
}
FINISH = {"saturation", "upsampling"}


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        ({"working_size": 63}, "63 pixels: give 64 or more"),
        ({"look_ahead": 0}, "give 1 or more"),
        ({"saturation": -0.1}, "from 0 to 4"),
        ({"saturation": float("nan")}, "from 0 to 4"),
        ({"compat": "havc"}, "'havc'"),
        ({"upsampling": "nearest"}, "'nearest'"),
        ({"precision": "int4"}, "'int4'"),
        ({"direction": "sideways"}, "'sideways'"),
    ],
)
def test_values_out_of_range_are_refused(options, problem):
    with pytest.raises(InputError, match=problem):
        Settings(**options)


def test_settings_are_frozen():
    with pytest.raises(FrozenInstanceError):
        Settings().look_ahead = 3


@pytest.mark.parametrize("name", [field.name for field in fields(Settings)])
def test_states_depend_on_every_setting_but_those_that_only_finish(name):
    changed = replace(Settings(), **{name: OTHER[name]})
    assert (changed.of_state() == Settings().of_state()) == (name in FINISH)


def test_both_directions_share_the_states_of_forward():
    assert Settings(direction="both").of_state() == Settings().of_state()


class OnGpu:
    """Stands in for a model on a GPU, of which only device and configuration are asked."""

    def __init__(self, config):
        self.config = config

    def parameters(self):
        return iter([SimpleNamespace(device=torch.device("cuda"))])


def test_what_is_left_open_depends_on_model_and_device_alone(tiny_model, tiny_devc, monkeypatch):
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda device: (9, 0))

    def chosen(model, **options):
        settings = Settings(**options).on(model)
        return settings.look_ahead, settings.precision

    assert chosen(tiny_model) == chosen(tiny_devc) == (1, "float32")
    assert chosen(OnGpu(tiny_model.config)) == (4, "float16")
    assert chosen(OnGpu(tiny_model.config), compat="devc") == chosen(OnGpu(tiny_devc.config)) == (4, "float32")
    assert chosen(OnGpu(tiny_devc.config), look_ahead=2, precision="float16") == (2, "float16")
    assert Settings().on(tiny_model).of_state() == Settings().of_state()


@pytest.mark.parametrize(("capability", "precision"), [((6, 1), "float32"), ((7, 5), "float32"), ((8, 0), "float16")])
def test_gpus_that_make_nothing_of_half_precision_are_not_given_it_unasked(
    tiny_model, monkeypatch, capability, precision
):
    """On the GTX 16 series, of capability 7.5, half precision convolutions give NaN."""
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda device: capability)
    model = OnGpu(tiny_model.config)
    assert Settings().on(model).precision == precision
    assert Settings(precision="float16").on(model).precision == "float16"
