"""The published models are those that were published, and train as a sweep asks them to."""

import re
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

import netlib as nl
import sweep
from references import figures_raoulluque as figures
from sweep.checkpoints.format import Checkpoint, decode, encode
from sweep.samplers.grid.walk import Walk

STUDIES = Path(__file__).parents[2] / "studies"


def points_of(space):
    return [trial.params for trial in Walk(space)]


def test_every_model_has_its_number_of_parameters(load):
    study = load("raoulluque")
    for model, config in study.MODELS.items():
        network = study.network(config)
        network.build((28, 28, 1), np.random.default_rng(0))
        assert network.n_parameters == figures.PARAMETERS[model]
    assert figures.PARAMETERS.keys() == study.MODELS.keys()


def test_trials_are_the_repeats_of_each_model(load):
    module = load("raoulluque", models="9,12,2", seeds="2")
    found = [(p["model"], p["repeat"]) for p in points_of(module.space)]
    assert sorted(found) == [("12", 1), ("2", 1), ("2", 2), ("9", 1), ("9", 2)]
    assert module.study.trials == len(found)


def test_unknown_models_are_refused(load):
    message = "--set models: expected some of 1, 2, .*, tensorflow, got ['13']"
    with pytest.raises(sweep.OptionError, match=re.escape(message).replace(r"\.\*", ".*")):
        load("raoulluque", models="1,13")


def test_without_quirks_none_is_left(load):
    study = load("raoulluque", faithful="false", models="1,2,9")
    from references.models_raoulluque import QUIRKS

    for params in points_of(study.space):
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
    assert figures.CORRECT.published["1"] == 8995
    assert figures.CORRECT.published["12"] == 9960
    best = int(figures.RESTORED.published["12"])
    assert len(figures.LOSSES_OF_MODEL_12) == figures.EPOCHS.published["12"]
    assert figures.LOSSES_OF_MODEL_12[best - 1] == figures.LAST_LOSS.published["12"]
    assert min(figures.LOSSES_OF_MODEL_12) == figures.LAST_LOSS.published["12"]


def in_words(rate, n_epochs):
    """A learning rate as the table tells it."""
    rates = [rate(epoch) for epoch in range(n_epochs)]
    if len(set(rates)) == 1:
        return f"{rates[0]:g}"
    top = rates.index(max(rates)) + 1
    halved = [i + 1 for i in range(top, n_epochs) if rates[i] < 0.9 * rates[i - 1]]
    gaps = [after - before for before, after in pairwise(halved)]
    text = f"{rates[0]:g} up to {rates[top - 1]:g} in epoch {top}, "
    text += f"halved every {gaps[0]} from epoch {halved[0]}"
    if gaps[-1] == gaps[0]:
        return text
    late = next(after for after, gap in zip(halved[1:], gaps, strict=True) if gap != gaps[0])
    return f"{text}, every {gaps[-1]} from epoch {late}"


def test_learning_rates_are_told_as_they_are(load):
    study = load("raoulluque")
    settings = next(table for table in study.study.tables if table.name == "settings")
    told = settings.words["learning rate"]
    for model, config in study.MODELS.items():
        assert told[model] == in_words(study.schedule(config), 40)


def test_a_real_run_fills_in_the_tables(tmp_path):
    """Model 1 trains on 5,000 images: an epoch takes a second."""
    settings = {"models": "1", "seeds": "2", "max_epochs": "1"}
    study = sweep.load_study(STUDIES / "raoulluque.py", settings)
    run = sweep.run(study, sweep.Options(runs=tmp_path, pool="inline"))
    found = run.comparisons()
    assert list(found) == ["models", "changes", "settings", "training", "losses", "model-12"]
    first = found["models"].numbers.iloc[0]
    errors = [record.epochs[-1].metrics["test_error"] for record in run.records]
    assert first["test error %, ours"] == pytest.approx(50 * sum(errors))
    assert first["seeds"] == 2
    assert found["losses"].numbers.iloc[0]["loss of epoch 1, ours"] > 0
    assert found["models"].text["seeds"].tolist() == ["2", *["not run"] * 12]
    assert found["settings"].text.iloc[0]["layers"] == "FC100-T-FC50-T-FC10-T"
