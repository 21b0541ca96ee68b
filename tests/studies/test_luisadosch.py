"""The published networks train image by image, in one order, on their split of all images."""

import numpy as np
import pytest

import netlib as nl
import sweep
from sweep.samplers.grid.walk import Walk


def points_of(space):
    return [trial.params for trial in Walk(space)]


def config_of(module, model):
    layers, rate, init = module.ARCHITECTURES[model]
    return module.Config(model=model, repeat=1, layers=layers, learning_rate=rate, init=init)


@pytest.mark.parametrize(
    ("model", "n_parameters"), [("fc1", 173_890), ("cnn3", 51_164), ("cnn6", 1_892)]
)
def test_networks_have_the_published_layers(load, model, n_parameters):
    module = load("luisadosch")
    network = module.network(config_of(module, model))
    network.build((28, 28, 1), np.random.default_rng(0))
    assert network.n_parameters == n_parameters


def test_every_network_is_trained_with_every_seed(load):
    module = load("luisadosch")
    assert len(points_of(module.space)) == module.study.trials == 45


def test_an_initialisation_can_be_given_to_all(load):
    inits = []
    for settings in ({}, {"init": "uniform"}):
        module = load("luisadosch", models="fc2,cnn2", seeds="1", **settings)
        for params in points_of(module.space):
            config = module.space(sweep.Trial(lambda name, _, params=params: params[name]))
            network = module.network(config)
            network.build((28, 28, 1), np.random.default_rng(0))
            inits.append((config.init, bool(network.layers[-1].params["bias"].any())))
    assert sorted(inits[:2]) == [("he", False), ("uniform", True)]
    assert inits[2:] == [("uniform", True), ("uniform", True)]


def test_unknown_settings_are_refused(load):
    with pytest.raises(sweep.OptionError, match=r"--set models: expected some of fc1, .* \['x'\]"):
        load("luisadosch", models="x")
    with pytest.raises(
        sweep.OptionError, match="--set init: expected own, he or uniform, got 'she'"
    ):
        load("luisadosch", init="she")


def test_the_split_takes_test_images_from_all(load):
    module = load("luisadosch")
    train, test = (
        nl.Dataset(np.full((n, 1, 1, 1), value, np.uint8), np.arange(n) % 10)
        for n, value in ((60, 1), (10, 2))
    )
    ours, theirs = module.split_of_all(train, test)
    order = np.random.RandomState(0).permutation(70)
    assert (theirs.images.ravel() == np.where(order[:10] < 60, 1, 2)).all()
    assert (ours.labels == np.r_[train.labels, test.labels][order[10:]]).all()


def test_without_quirks_the_split_is_mnists_own(load):
    module = load("luisadosch", faithful="false", models="fc5", seeds="1", max_epochs="2")
    train, test = module.data()
    assert (len(train), train.images.base) == (60_000, nl.mnist("train").images.base)
    assert test is nl.mnist("test")
    config = module.space(sweep.Trial(lambda _, domain: domain.values()[0]))
    assert (config.order, config.split, config.epochs) == ("reshuffled", "MNIST's own", 2)


def test_the_order_is_drawn_once_for_every_seed(load, digits, monkeypatch):
    module = load("luisadosch")
    seen = []

    def fit(_network, recipe, images, **_):
        assert (recipe.batch_size, recipe.shuffle) == (1, False)
        seen.append(images.labels.tolist())
        return iter(())

    monkeypatch.setattr(nl, "fit", fit)
    for seed in (1, 1, 2):
        list(module.train(config_of(module, "fc5"), (digits, digits), seed, None))
    assert seen[0] == seen[1] != seen[2]
    assert sorted(seen[0]) == sorted(digits.labels)


def test_a_training_goes_on_from_a_state(load, digits):
    module = load("luisadosch")
    whole = list(module.train(config_of(module, "cnn3"), (digits, digits), 3, None))
    rest = list(module.train(config_of(module, "cnn3"), (digits, digits), 3, whole[6].state))
    assert [epoch.metrics for epoch in rest] == [epoch.metrics for epoch in whole[7:]]
    assert whole[-1].metrics.keys() == {
        *("learning_rate", "train_loss", "test_error", "test_correct"),
    }
