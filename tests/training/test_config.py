import pytest
import yaml

from training.runs import SMALL
from vcnode.errors import InputError, ModelError
from vcnode.training.checkpoint import save_state
from vcnode.training.config import PRESETS, load_config, read_config, saved_config
from vcnode.training.losses import LossWeights
from vcnode.training.settings import plain

_LOSSES = ("l1", "perceptual", "contextual", "smoothness", "adversarial", "temporal")


@pytest.fixture
def write(tmp_path):
    def write(values):
        path = tmp_path / "run.yaml"
        path.write_text(values if isinstance(values, str) else yaml.safe_dump(values), encoding="utf-8")
        return str(path)

    return write


@pytest.mark.parametrize("name", PRESETS)
def test_presets_are_whole_and_survive_as_plain_values(name):
    config = load_config(name)
    assert read_config(yaml.safe_load(yaml.safe_dump(plain(config)))) == config


def test_the_paper_and_the_authors_differ_where_they_do():
    paper, authors = load_config("paper"), load_config("authors")
    assert paper.losses == LossWeights()
    assert authors.losses == LossWeights(
        l1_divided_twice=True,
        contextual_layers="authors",
        contextual_centered=True,
        smoothness_weights="softmax",
        adversarial_halved=True,
    )
    for config in (paper, authors):
        assert config.model.name == "devc"
        assert (config.data.height, config.data.width, config.data.frames) == (216, 384, 2)
        assert config.optimization.solver.betas == (0.5, 0.999)
        assert config.optimization.solver.amsgrad
        assert config.optimization.rates.encoder == 0
        assert config.matching_weight == 0
    rates = [(r.head, r.color_net, r.discriminator) for r in (paper.optimization.rates, authors.optimization.rates)]
    assert rates == [(2e-4, 2e-4, 2e-4), (1e-5, 2e-4, 2e-4)]
    assert paper.recurrence.noise_probability > 0 == authors.recurrence.noise_probability
    assert authors.optimization.solver.eps == 1e-5
    assert not authors.optimization.discriminator_solver.amsgrad


def test_a_file_takes_from_a_preset_what_it_does_not_say(write):
    config = load_config(write({"preset": "lite", "optimization": {"rates": {"head": 5e-4}}}))
    lite = load_config("lite")
    assert config.optimization.rates.head == 5e-4
    assert config.optimization.rates.color_net == lite.optimization.rates.color_net
    assert config.losses == lite.losses


def test_later_changes_win(write):
    changes = [{"seed": 1, "optimization": {"steps": 5}}, {"optimization": {"steps": 6}}]
    config = load_config(write(SMALL), changes)
    assert (config.seed, config.data.seed, config.optimization.steps) == (1, 1, 6)


def test_a_models_settings_are_changed_one_by_one():
    config = load_config("lite", [{"model": {"head_width": 7}}])
    assert config.model.head_width == 7
    assert config.model.head == "light"


def test_without_a_model_it_is_that_of_the_weights_to_start_from(write):
    assert load_config(write({"start": "lite"})).model == load_config("lite").model


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({"model": "lite", "learning_rate": 1}, "no setting 'learning_rate'"),
        ({"model": "lite", "optimization": {"rate": 1}}, "no setting 'optimization.rate'"),
        ({"model": "lite", "losses": {"l3": 1}}, "no setting 'losses.l3'"),
        ({"model": "lite", "data": {"height": 100}}, "'data.height' is 100"),
        ({"model": "lite", "optimization": {"batch": 3, "accumulate": 2}}, "'optimization.accumulate' is 2"),
        ({"model": "lite", "optimization": {"steps": 0}}, "'optimization.steps' is 0: give 1 or more"),
        ({"model": "lite", "optimization": {"rates": {"head": -1}}}, "'optimization.rates.head' is -1"),
        ({"model": "lite", "optimization": {"average": 1}}, "'optimization.average' is 1"),
        ({"model": "lite", "optimization": {"batch": True}}, "'optimization.batch' is True: give a whole number"),
        (
            {"model": "lite", "optimization": {"gradient_limit": 0}},
            "'optimization.gradient_limit' is 0.0: give a number",
        ),
        ({"model": "lite", "optimization": {"gradient_limit": -1}}, "give a number above 0, or null for none"),
        ({"model": "lite", "optimization": {"gradient_limit": float("nan")}}, "'optimization.gradient_limit' is nan"),
        (
            {"model": "lite", "optimization": {"solver": {"eps": -1}}},
            "give betas of 0 or more, below 1, an eps above 0",
        ),
        ({"model": "lite", "optimization": {"solver": {"betas": [1.5, 0.9]}}}, r"are \[1.5, 0.9\]"),
        ({"model": "lite", "optimization": {"solver": {"weight_decay": -1}}}, "a decay of 0 or more"),
        ({"model": "lite", "matching_weight": float("inf")}, "'matching_weight' is inf: give a finite number"),
        ({"model": "lite", "recurrence": {"noise_strength": float("nan")}}, "'recurrence.noise_strength' is nan"),
        ({"model": "lite", "data": {"filter": {"chroma": float("nan")}}}, "'data.filter.chroma' is nan"),
        ({"model": "lite", "seed": 99999999999999999999}, "'seed' is 99999999999999999999: give a number below 2"),
        ({"model": "lite", "data": {"frames": 1}}, "'data.frames' is 1: give 2 or more"),
        (
            {"model": "lite", "losses": dict.fromkeys(_LOSSES, 0)},
            "All losses and 'matching_weight' are 0",
        ),
        ({"model": "lite", "recurrence": {"history": "rosy"}}, "'recurrence.history' is 'rosy': give one of zeros"),
        ({"model": "lite", "recurrence": {"noise_probability": 2}}, "noise_probability"),
        ({"model": "lite", "output": {"checkpoint_every": 0}}, "'output.checkpoint_every' is 0"),
        ({"model": "lite", "seed": -1}, "seed' is -1"),
        ({"model": 3}, "'model' is 3"),
        ({}, "'model' is missing"),
        ({"preset": "heavy"}, "no training preset 'heavy': there are paper, authors, lite, smoke"),
        ("just words", "holds no settings"),
        ("a: [", "is no YAML"),
        ("seed: 1\nseed: 2", "the key 'seed' is given twice"),
    ],
)
def test_a_mistake_is_a_sentence_that_names_it(write, values, told):
    with pytest.raises(InputError, match=told):
        load_config(write(values))


def test_an_unknown_model_is_named(write):
    with pytest.raises(ModelError, match="no model 'light'"):
        load_config(write({"model": "light"}))


def test_a_file_that_is_not_there_hints_at_the_preset_that_was_meant():
    with pytest.raises(InputError, match=r"'lit' cannot be read.*did you mean 'lite'"):
        load_config("lit")


def test_a_saved_runs_settings_are_read_with_changes(tmp_path):
    config = read_config(SMALL)
    save_state(tmp_path, 1, {"config": plain(config)})
    assert saved_config(tmp_path) == config
    assert saved_config(tmp_path, [{"optimization": {"steps": 9}}]).optimization.steps == 9
