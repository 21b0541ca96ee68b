"""fit: it learns, it continues bit for bit, it stops when it should."""

import json
import math
from dataclasses import replace

import numpy as np
import pytest
from safetensors.numpy import load, save

import netlib as nl


def network(*first: nl.Layer) -> nl.Sequential:
    return nl.Sequential(
        *first,
        nl.Conv2d(4, 3),
        nl.ReLU(),
        nl.MaxPool2d(),
        nl.Flatten(),
        nl.Dropout(0.3),
        nl.Dense(3),
    )


def recipe(**changes: object) -> nl.Recipe:
    base = nl.Recipe(
        optimizer=nl.Adam(),
        schedule=nl.warmup_halving(0.02, warmup=2, every=2),
        epochs=6,
        batch_size=16,  # 60 images: the last batch has 12
        augment=nl.Affine(0.5, "batch", zoom=(0.9, 1.1), rotation_degrees=5),
        early_stopping=nl.EarlyStopping(patience=3),
    )
    return replace(base, **changes)


def through_files(state: nl.State) -> nl.State:
    """Send arrays through safetensors and all else through JSON, as a checkpoint does."""
    arrays: dict[str, np.ndarray] = {}

    def take_out(value: object, name: str) -> object:
        if isinstance(value, np.ndarray):
            arrays[name] = value
            return {"array": name}
        if isinstance(value, dict):
            return {key: take_out(item, f"{name}/{key}") for key, item in value.items()}
        return value

    plain, stored = json.dumps(take_out(state, ""), allow_nan=False), save(arrays)
    loaded = load(stored)

    def put_back(value: object) -> object:
        if isinstance(value, dict):
            if value.keys() == {"array"}:
                return loaded[value["array"]]
            return {key: put_back(item) for key, item in value.items()}
        return value

    return put_back(json.loads(plain))


def assert_same(one: object, other: object) -> None:
    """Compare nested states to the last bit."""
    if isinstance(one, dict):
        assert isinstance(other, dict)
        assert one.keys() == other.keys()
        for key in one:
            assert_same(one[key], other[key])
    elif isinstance(one, np.ndarray):
        np.testing.assert_array_equal(one, other, strict=True)
    else:
        assert one == other


def test_a_small_network_learns_real_digits(digits):
    train, validation = digits.split(500, seed=0)
    net = nl.Sequential(nl.Conv2d(8, 5), nl.ReLU(), nl.MaxPool2d(), nl.Flatten(), nl.Dense(10))
    plan = nl.Recipe(nl.Adam(), nl.constant(2e-3), epochs=2, batch_size=32)
    first, second = nl.fit(net, plan, train, validation, seed=0)
    assert second.metrics["train_loss"] < first.metrics["train_loss"]
    assert second.metrics["validation_loss"] < first.metrics["validation_loss"]
    assert second.metrics["validation_error"] < 0.2
    judged = nl.evaluate(net, validation)
    assert judged["loss"] == second.metrics["validation_loss"]
    assert judged["wrong"] == round(500 * judged["error"])


@pytest.mark.parametrize("stop_after", [1, 2, 4])
@pytest.mark.parametrize("carry", [lambda state: state, through_files], ids=["memory", "files"])
@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"optimizer": nl.SGD(momentum=0.9), "label_smoothing": 0.1},
        {"weight_average": 0.95, "schedule": nl.cosine(0.02, 6, warmup=0.7)},
    ],
    ids=["adam", "sgd", "averaged"],
)
def test_a_continued_training_is_the_uninterrupted_one_bit_for_bit(stop_after, carry, changes, toy):
    plan, (train, validation) = recipe(**changes), toy.split(15, seed=0)
    whole = list(nl.fit(network(nl.BatchNorm()), plan, train, validation, seed=5))
    assert len(whole) == 6
    state = carry(whole[stop_after - 1].state)
    rest = list(nl.fit(network(nl.BatchNorm()), plan, train, validation, seed=99, state=state))
    assert [epoch.number for epoch in rest] == list(range(stop_after + 1, 7))
    for one, other in zip(whole[stop_after:], rest, strict=True):
        assert_same(one.metrics, other.metrics)
        assert_same(one.state, other.state)


def test_a_state_does_not_change_while_training_goes_on(toy):
    epochs = nl.fit(network(), recipe(), toy, toy, seed=1)
    state = next(epochs).state
    before = through_files(state)
    list(epochs)
    assert_same(state, before)


def test_a_recipe_serves_many_trainings(toy):
    plan = recipe()
    one, other = (list(nl.fit(network(), plan, toy, toy, seed=1))[-1].state for _ in range(2))
    assert_same(one, other)


def test_seeds_make_the_difference(toy):
    plan = recipe(early_stopping=None)
    one, other = (next(nl.fit(network(), plan, toy, seed=s)).metrics for s in (1, 2))
    assert one["train_loss"] != other["train_loss"]


def test_a_built_network_is_trained_from_the_weights_it_has(toy):
    net = network()
    net.build((6, 6, 1), np.random.default_rng(0))
    before = net.parameters.copy()
    next(nl.fit(net, recipe(schedule=nl.constant(0.0)), toy, toy, seed=1))
    np.testing.assert_array_equal(net.parameters, before)


@pytest.mark.parametrize("with_validation", [True, False])
def test_metrics_are_plain_numbers_under_the_promised_names(with_validation, toy):
    validation = toy if with_validation else None
    epoch = next(nl.fit(network(), recipe(early_stopping=None), toy, validation, seed=1))
    expected = {"learning_rate", "train_loss"}
    if with_validation:
        expected |= {"validation_loss", "validation_error"}
    assert epoch.metrics.keys() == expected
    assert all(type(value) in (int, float) for value in epoch.metrics.values())
    assert (epoch.number, epoch.metrics["learning_rate"]) == (1, 0.01)


def test_every_image_is_seen_once_per_epoch_in_a_fresh_order(toy):
    seen = []

    def spy(outputs, labels):
        seen.append(labels)
        return nl.softmax_cross_entropy(outputs, labels)

    list(nl.fit(network(), recipe(epochs=2, loss=spy, early_stopping=None), toy, seed=1))
    assert [len(labels) for labels in seen] == [16, 16, 16, 12] * 2
    first, second = np.concatenate(seen[:4]), np.concatenate(seen[4:])
    assert sorted(first) == sorted(second) == sorted(toy.labels)
    assert (first != second).any()


def test_without_shuffling_images_come_in_the_order_of_the_data(toy):
    seen = []

    def spy(outputs, labels):
        seen.append(labels)
        return nl.softmax_cross_entropy(outputs, labels)

    plan = recipe(epochs=2, loss=spy, early_stopping=None, shuffle=False)
    list(nl.fit(network(), plan, toy, seed=1))
    np.testing.assert_array_equal(np.concatenate(seen), np.tile(toy.labels, 2))


def test_labels_are_smoothed_in_training_only(toy):
    still = {"schedule": nl.constant(0.0), "augment": None, "early_stopping": None}
    net = nl.Sequential(nl.Flatten(), nl.Dense(3))
    net.build((6, 6, 1), np.random.default_rng(0))
    plain, smooth = (
        next(nl.fit(net, recipe(label_smoothing=share, **still), toy, toy, seed=1)).metrics
        for share in (0.0, 0.3)
    )
    assert plain["train_loss"] == pytest.approx(plain["validation_loss"], rel=1e-6)
    assert smooth["validation_loss"] == plain["validation_loss"]
    logits, labels = net.predict(toy.images), toy.labels
    expected, _ = nl.softmax_cross_entropy(logits, labels, smoothing=0.3)
    assert smooth["train_loss"] == pytest.approx(expected, rel=1e-5)


def test_the_schedule_is_asked_before_every_step(toy):
    asked = []

    def spy(elapsed):
        asked.append(elapsed)
        return 0.01

    list(nl.fit(network(), recipe(epochs=2, schedule=spy, early_stopping=None), toy, seed=1))
    steps = [0, 16 / 60, 32 / 60, 48 / 60]
    assert asked == [0, *steps, 1, *(1 + step for step in steps)]


def training_that_gets_worse(toy, **settings) -> list[nl.Epoch]:
    """Train two epochs downhill, then uphill."""
    plan = recipe(
        schedule=lambda elapsed: 0.005 if elapsed < 2 else -0.05,
        augment=None,
        epochs=settings.pop("epochs", 20),
        early_stopping=nl.EarlyStopping(patience=2, **settings),
    )
    return list(nl.fit(network(), plan, toy, toy, seed=3))


@pytest.mark.parametrize("epochs", [20, 3], ids=["patience runs out", "the last epoch"])
def test_the_best_weights_and_their_metrics_come_back_at_the_end(epochs, toy):
    history = training_that_gets_worse(toy, epochs=epochs)
    best, last = history[1], history[-1]
    assert len(history) == min(4, epochs)
    assert last.metrics["restored_epoch"] == 2
    assert all("restored_epoch" not in epoch.metrics for epoch in history[:-1])
    for name in ("validation_loss", "validation_error"):
        assert last.metrics[name] == best.metrics[name]
    assert last.metrics["train_loss"] != best.metrics["train_loss"]
    assert_same(last.state["weights"], best.state["weights"])
    net = network()
    net.build((6, 6, 1), np.random.default_rng(0))
    net.load(last.state["weights"])
    assert nl.evaluate(net, toy)["loss"] == last.metrics["validation_loss"]


def test_without_restoring_the_last_weights_stay(toy):
    *_, before, last = training_that_gets_worse(toy, restore_best=False)
    assert "restored_epoch" not in last.metrics
    assert (last.state["weights"]["5.weight"] != before.state["weights"]["5.weight"]).any()


def test_a_finished_training_yields_nothing_more(toy):
    stopped = training_that_gets_worse(toy)[-1].state
    capped = list(nl.fit(network(), recipe(epochs=2), toy, toy, seed=1))[-1].state
    assert stopped["finished"]
    for state, epochs in ((stopped, 20), (capped, 2)):
        assert not list(nl.fit(network(), recipe(epochs=epochs), toy, toy, seed=1, state=state))


def test_early_stopping_can_watch_the_training_loss(toy):
    plan = recipe(schedule=nl.constant(0.0), early_stopping=nl.EarlyStopping("train_loss", 1))
    assert 1 < len(list(nl.fit(network(), plan, toy, seed=1))) <= 6


@pytest.mark.parametrize("rate", [1e30, 1e38])
def test_a_diverging_training_ends_at_once_with_nan(rate, toy):
    plan = recipe(optimizer=nl.SGD(), schedule=nl.constant(rate), early_stopping=None)
    with np.errstate(all="warn"):
        history = list(nl.fit(network(), plan, toy, toy, seed=1))
    assert len(history) < 6
    metrics = history[-1].metrics
    assert all(math.isnan(v) for k, v in metrics.items() if k != "learning_rate"), metrics
    assert history[-1].state["finished"]
    assert not list(nl.fit(network(), plan, toy, toy, seed=1, state=history[-1].state))


def test_fit_leaves_floating_point_settings_alone(toy):
    before = np.geterr()
    for _ in nl.fit(network(), recipe(epochs=2), toy, toy, seed=1):
        assert np.geterr() == before


def test_squared_error_trains_too(toy):
    plan = recipe(loss=nl.mean_squared_error, augment=None, early_stopping=None)
    history = list(nl.fit(network(), plan, toy, toy, seed=1))
    assert history[-1].metrics["validation_loss"] < history[0].metrics["validation_loss"]
    assert history[-1].metrics["train_loss"] < 0.3


@pytest.mark.parametrize("name", ["epochs", "batch_size"])
def test_a_recipe_refuses_counts_below_one(name):
    with pytest.raises(nl.ConfigError, match=rf"Recipe: expected {name} to be an integer >= 1"):
        recipe(**{name: 0})


@pytest.mark.parametrize("name", ["label_smoothing", "weight_average"])
def test_a_recipe_refuses_shares_of_one(name):
    with pytest.raises(nl.ConfigError, match=rf"Recipe: expected {name} in \[0, 1\), got 1; choo"):
        recipe(**{name: 1})


def test_a_recipe_smooths_labels_for_cross_entropy_alone():
    with pytest.raises(nl.ConfigError, match=r"smoothed labels, got <function mean_sq.*; set lab"):
        recipe(loss=nl.mean_squared_error, label_smoothing=0.1)


def test_a_network_without_one_output_per_class_is_refused(toy):
    net = nl.Sequential(nl.Flatten(), nl.Dense(4))
    with pytest.raises(
        nl.ShapeError, match=r"network with 3 outputs, .* got \(4,\); end it with D"
    ):
        nl.fit(net, recipe(), toy, toy, seed=1)


def test_early_stopping_on_a_metric_that_will_not_be_there_is_refused(toy):
    message = r"expected one of the metrics \['train_loss'\], got 'validation_loss'; choose one or"
    with pytest.raises(nl.ConfigError, match=message):
        nl.fit(network(), recipe(), toy, seed=1)


def test_a_state_of_another_training_is_refused(toy):
    state = next(nl.fit(network(), recipe(), toy, toy, seed=1)).state
    message = r"fit: expected a state with \['early_stopping', .*, got \['epoch'\]; pass the state"
    with pytest.raises(nl.StateError, match=message):
        nl.fit(network(), recipe(), toy, toy, seed=1, state={"epoch": 1})
    message = r"a state with \['epoch', .*, got \['early_stopping', .* an Epoch of the same recipe"
    with pytest.raises(nl.StateError, match=message):
        nl.fit(network(), recipe(early_stopping=None), toy, toy, seed=1, state=state)
    with pytest.raises(
        nl.StateError, match=r"'weight_average', 'weights'\], got .*'rng', 'weights'"
    ):
        nl.fit(network(), recipe(weight_average=0.9), toy, toy, seed=1, state=state)
    other = nl.Sequential(nl.Flatten(), nl.Dense(3))
    with pytest.raises(nl.StateError, match=r"Sequential\.load: expected the names"):
        nl.fit(other, recipe(), toy, toy, seed=1, state=state)
