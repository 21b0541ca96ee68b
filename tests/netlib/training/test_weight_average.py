"""The moving average of weights: its values, and which weights a training judges and keeps."""

import numpy as np
import pytest

import netlib as nl
from netlib.training.weight_average import WeightAverage


def network() -> nl.Sequential:
    return nl.Sequential(nl.BatchNorm(), nl.Flatten(), nl.Dense(3))


def recipe(decay: float = 0.9) -> nl.Recipe:
    return nl.Recipe(nl.Adam(), nl.constant(0.01), epochs=3, batch_size=16, weight_average=decay)


def test_the_average_weighs_each_step_by_its_age_and_forgets_the_start():
    net = nl.Sequential(nl.Dense(1))
    net.build((1,), np.random.default_rng(0))
    average = WeightAverage(net, decay=0.5)
    for value in (4, 7, 1):
        net.parameters[...] = value
        average.update()
    average.swap()
    np.testing.assert_allclose(net.parameters, (4 * 0.25 + 7 * 0.5 + 1) / 1.75, rtol=1e-6)
    average.swap()
    assert (net.parameters == 1).all()


def test_a_restored_average_continues_bit_for_bit(draw):
    nets = network(), network()
    for net in nets:
        net.build((4, 4, 2), np.random.default_rng(0))
    one, other = (WeightAverage(net, 0.9) for net in nets)
    for _ in range(3):
        nets[0].parameters[...] = draw(nets[0].n_parameters)
        one.update()
    one.swap()
    nets[1].load(nets[0].weights())
    other.restore(one.state())
    for net, average in zip(nets, (one, other), strict=True):
        average.swap()
        net.parameters += 1
        average.update()
        average.swap()
    np.testing.assert_array_equal(nets[0].parameters, nets[1].parameters)


def test_weights_of_another_network_are_refused(draw):
    net = network()
    net.build((4, 4, 2), np.random.default_rng(0))
    with pytest.raises(nl.StateError, match=r"Sequential\.load: expected the names"):
        WeightAverage(net, 0.9).restore({"n_steps": 1, "weights": {"x": draw(3)}})


def test_epochs_judge_and_keep_the_average_of_the_weights_and_buffers_of_their_steps(toy):
    decay, visited = 0.9, []
    net = network()

    def spy(outputs, labels):  # sees the weights before each step
        visited.append(net.weights())
        return nl.softmax_cross_entropy(outputs, labels)

    plan = nl.Recipe(nl.Adam(), nl.constant(0.01), 2, 16, loss=spy, weight_average=decay)
    *_, last = nl.fit(net, plan, toy, seed=1)
    steps = [*visited[1:], last.state["weight_average"]["weights"]]
    shares = decay ** np.arange(len(steps))[::-1]
    for name, mean in last.state["weights"].items():
        # The forward pass before the spy has already moved the buffers of its step.
        run = visited if "running" in name else steps
        expected = np.average([weights[name] for weights in run], axis=0, weights=shares)
        np.testing.assert_allclose(mean, expected, rtol=1e-4, atol=1e-6)


def test_the_network_holds_what_was_validated_at_every_epoch(toy):
    net, judge = network(), network()
    judge.build((6, 6, 1), np.random.default_rng(0))
    for epoch in nl.fit(net, recipe(), toy, toy, seed=1):
        judge.load(epoch.state["weights"])
        loss = nl.evaluate(net, toy)["loss"]
        assert loss == epoch.metrics["validation_loss"] == nl.evaluate(judge, toy)["loss"]
        judge.load(epoch.state["weight_average"]["weights"])
        assert nl.evaluate(judge, toy)["loss"] != loss


def test_averaging_leaves_the_training_itself_alone(toy):
    plain, averaged = (list(nl.fit(network(), recipe(d), toy, toy, seed=1)) for d in (0, 0.9))
    for one, other in zip(plain, averaged, strict=True):
        assert one.metrics["train_loss"] == other.metrics["train_loss"]
        latest = other.state["weight_average"]["weights"]
        for name, array in one.state["weights"].items():
            np.testing.assert_array_equal(array, latest[name])


def test_early_stopping_brings_back_the_best_average(toy):
    plan = nl.Recipe(
        optimizer=nl.Adam(),
        schedule=lambda elapsed: 0.01 if elapsed < 2 else -0.1,
        epochs=9,
        batch_size=16,
        early_stopping=nl.EarlyStopping(patience=2),
        weight_average=0.5,
    )
    net = network()
    history = list(nl.fit(net, plan, toy, toy, seed=1))
    best = history[history[-1].metrics["restored_epoch"] - 1]
    for name, array in history[-1].state["weights"].items():
        np.testing.assert_array_equal(array, best.state["weights"][name])
    assert nl.evaluate(net, toy)["loss"] == best.metrics["validation_loss"]
