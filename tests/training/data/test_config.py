from pathlib import Path

import pytest

from vcnode.errors import InputError
from vcnode.training.data import DataConfig, FilmLook


def test_the_defaults_are_the_papers():
    config = DataConfig()
    assert (config.height, config.width, config.frames) == (216, 384, 2)
    assert config.retrieved == pytest.approx(0.7)
    assert config.neighbours == 5
    assert config.film.noise == 2


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        ({"height": 100}, "data.height"),
        ({"width": 56}, "data.width"),
        ({"frames": 1}, "'data.frames' is 1: give 2 or more, since a frame is judged after another"),
        ({"frame_step": 0}, "data.frame_step"),
        ({"neighbours": 0}, "data.neighbours"),
        ({"scenes": -1.0}, "data.scenes"),
        ({"retrieved": float("nan")}, "data.retrieved"),
        ({"seed": -1}, "data.seed"),
        ({"index": Path("index"), "videos": Path("v")}, "data.photos"),
        ({"retrieved": 0, "same_scene": 0, "ground_truth": 0}, "data.same_scene"),
        ({"pseudo_motion": 0, "scenes": 0, "video": 0}, "data.pseudo_motion"),
    ],
)
def test_what_is_not_allowed_is_named(settings, named):
    with pytest.raises(InputError, match=named):
        DataConfig(**settings)


@pytest.mark.parametrize("look", [{"noise": -1.0}, {"blur": 1.5}, {"tone": float("inf")}])
def test_film_looks_that_are_none_are_refused(look):
    with pytest.raises(InputError, match=rf"data\.film\.{next(iter(look))}"):
        FilmLook(**look)


def test_kinds_without_material_are_left_out():
    assert set(DataConfig(photos=Path("p"), scenes=1).kind_weights()) == {"pseudo_motion", "scenes"}
    assert set(DataConfig(videos=Path("v"), scenes=1).kind_weights()) == {"video"}
    assert set(DataConfig(photos=Path("p"), videos=Path("v"), pseudo_motion=0, scenes=1).kind_weights()) == {
        "scenes",
        "video",
    }


@pytest.mark.parametrize("config", [DataConfig(), DataConfig(photos=Path("p"), pseudo_motion=0, video=1)])
def test_nothing_to_train_on_is_an_error(config):
    with pytest.raises(InputError, match=r"data\.photos"):
        config.kind_weights()
