"""The published models are those that were published, and train as a sweep asks them to."""

import re
from dataclasses import replace

import numpy as np
import pytest

import netlib as nl
import sweep
from sweep.checkpoints import Checkpoint, decode, encode
from sweep.space import grid

N_PARAMETERS = {
    "1": 84_060,
    "2": 101_770,
    "3": 101_770,
    "4": 101_770,
    "5": 101_770,
    "6": 107_440,
    "7": 107_440,
    "8": 107_440,
    "9": 11_274,
    "10": 75_226,
    "11": 159_930,
    "12": 159_930,
    "tensorflow": 575_980,
}


def test_every_model_has_its_number_of_parameters(load):
    study = load("raoulluque")
    for model, config in study.MODELS.items():
        network = study.network(config)
        network.build((28, 28, 1), np.random.default_rng(0))
        assert network.n_parameters == N_PARAMETERS.pop(model)
    assert not N_PARAMETERS


def test_trials_are_the_repeats_of_one_model_after_those_of_another(load):
    module = load("raoulluque", models="9,12,2", seeds="2")
    found = [(params["model"], params["repeat"]) for params in grid(module.space)]
    assert found == [("9", 1), ("9", 2), ("12", 1), ("2", 1), ("2", 2)]
    assert module.study.trials == len(found)


def test_unknown_models_are_refused(load):
    message = "--set models: expected some of 1, 2, .*, tensorflow, got ['13']"
    with pytest.raises(sweep.OptionError, match=re.escape(message).replace(r"\.\*", ".*")):
        load("raoulluque", models="1,13")


def test_without_quirks_none_is_left(load):
    study = load("raoulluque", faithful="false", models="1,2,9")
    from references.models_raoulluque import QUIRKS

    for params in grid(study.space):
        config = study.space(sweep.Trial(lambda name, _, params=params: params[name]))
        for name, replaced in QUIRKS.items():
            assert getattr(config, name) not in replaced
        kinds = {type(layer).__module__ for layer in study.network(config).layers}
        assert "references.quirks" not in kinds
    tensorflow = study.MODELS["tensorflow"]
    assert study.without_quirks(tensorflow) == tensorflow


@pytest.mark.parametrize(
    ("model", "settings", "n_epochs"),
    [
        ("6", {}, 200),
        ("11", {}, 50),
        ("12", {}, 36),
        ("12", {"stop_below": "0"}, 150),
        ("12", {"max_epochs": "2"}, 2),
    ],
)
def test_a_training_ends_with_its_epochs_or_its_learning_rate(load, model, settings, n_epochs):
    study = load("raoulluque", **settings)
    assert study.n_epochs(study.MODELS[model]) == n_epochs


@pytest.mark.parametrize("model", ["1", "2", "5", "8", "9"])
def test_a_training_goes_on_from_any_state_and_ends_with_the_test_images(load, model, digits):
    study = load("raoulluque")
    config = replace(study.MODELS[model], images=64, epochs=4, patience=0)
    if model in ("8", "9"):
        config = replace(config, patience=2)
    whole = list(study.train(config, (digits, digits), 1, None))
    kept = decode(encode(Checkpoint(1, whole[0].state))).state
    rest = list(study.train(config, (digits, digits), 1, kept))
    assert [epoch.metrics for epoch in rest] == [epoch.metrics for epoch in whole[1:]]
    weights = [epochs[-1].state["weights"] for epochs in (whole, rest)]
    for name, array in weights[0].items():
        assert (array == weights[1][name]).all()
    *before, last = whole
    assert not any("test_error" in epoch.metrics for epoch in before)
    assert last.metrics["test_correct"] == pytest.approx(64 * (1 - last.metrics["test_error"]))


def test_the_test_images_are_judged_by_the_weights_that_are_restored(load, digits):
    study = load("raoulluque")
    config = replace(study.MODELS["8"], images=64, epochs=9, patience=2, min_delta=0.9)
    *_, last = study.train(config, (digits, digits), 0, None)
    assert last.number < 9
    network = study.network(config)
    network.build((28, 28, 1), np.random.default_rng())
    network.load(last.state["weights"])
    assert last.metrics["test_error"] == nl.evaluate(network, digits)["error"]


def test_published_figures_are_consistent():
    from references.published_raoulluque import CORRECT

    assert CORRECT.published["1"] == 8995
    assert CORRECT.published["12"] == 9960
