"""Configurations as rows of numbers, and new ones near good ones."""

from typing import Any

import numpy as np
import pytest

from sweep.model.axes import axis
from sweep.model.candidates import best_of, draw
from sweep.model.columns import Columns
from sweep.trials.domains import Categorical, Domain, Float, Int

DOMAINS: dict[str, Domain] = {
    "rate": Float(1e-5, 1e-1, log=True),
    "drop": Float(0.0, 0.5, step=0.1),
    "momentum": Float(0.0, 1.0),
    "units": Int(16, 128, step=16),
    "batch": Int(1, 1024, log=True),
    "filters": Categorical((64, 16, 32)),
    "shuffle": Categorical((True, False)),
    "norm": Categorical(("batch", None, "layer", 3)),
    "fixed": Int(3, 3),
}
VALUES: dict[str, list[Any]] = {
    "rate": [1e-5, 1e-3, 1e-1],
    "drop": [0.0, 0.3, 0.5],
    "momentum": [0.0, 0.123, 1.0],
    "units": [16, 32, 128],
    "batch": [1, 32, 1024],
    "filters": [16, 32, 64],
    "shuffle": [True, False],
    "norm": ["batch", None, "layer", 3],
    "fixed": [3],
}


@pytest.mark.parametrize("name", DOMAINS)
def test_a_value_has_a_number_and_comes_back(name: str) -> None:
    one = axis(name, DOMAINS[name])
    numbers = one.numbers(VALUES[name]).tolist()
    assert min(numbers) == 0
    assert max(numbers) <= 1
    assert len(set(numbers)) == len(numbers)
    for value, number in zip(VALUES[name], numbers, strict=True):
        back = one.value(number)
        assert type(back) is type(value)
        assert back == pytest.approx(value) if isinstance(value, float) else back == value


def test_choices_that_are_numbers_are_in_their_order() -> None:
    one = axis("filters", DOMAINS["filters"])
    assert one.is_ordered
    assert one.numbers([16, 32, 64]).tolist() == [0, 0.5, 1]
    assert not axis("norm", DOMAINS["norm"]).is_ordered
    assert not axis("twice", Categorical((1, 1.0, 2))).is_ordered


def test_a_number_out_of_range_counts_as_the_nearest() -> None:
    assert axis("x", Float(0, 1)).numbers([2.0]) == 1
    assert axis("x", Float(1e-3, 1, log=True)).numbers([1e-9]) == 0


def test_what_is_drawn_is_in_the_domains() -> None:
    columns = Columns(DOMAINS, [{name: values[0] for name, values in VALUES.items()}])
    for row in draw(columns, 200, np.random.default_rng(0)):
        params = columns.params(row)
        assert params.keys() == DOMAINS.keys()
        assert all(params[name] in domain for name, domain in DOMAINS.items())


def tree(kind: str, depth: int, **more: Any) -> dict[str, Any]:
    return {"kind": kind, **({"depth": depth} if kind == "deep" else {}), **more}


TREE: dict[str, Domain] = {
    "kind": Categorical(("flat", "deep", "wide")),
    "depth": Int(1, 4),
    "skip": Int(1, 9),
    "x": Float(0, 1),
}


def test_conditions_are_learned_from_the_trials_that_have_a_parameter() -> None:
    trials = [
        tree("flat", 0, x=0.1),
        tree("wide", 0, x=0.7),
        tree("deep", 1, x=0.2),
        tree("deep", 4, x=0.3, skip=2),
        tree("deep", 3, x=0.9, skip=7),
    ]
    columns = Columns(TREE, trials)
    for row in draw(columns, 300, np.random.default_rng(0)):
        params = columns.params(row)
        assert ("depth" in params) == (params["kind"] == "deep")
        if params.get("depth") != 2:  # which no trial has
            assert ("skip" in params) == (params.get("depth") in (3, 4))


def test_two_choices_are_equally_far_apart_whichever_they_are() -> None:
    columns = Columns(TREE, [tree(kind, 2, x=0.5) for kind in ("flat", "deep", "wide")])
    seen = columns.seen(columns.rows([{"kind": kind} for kind in ("flat", "deep", "wide")]))
    distances = ((seen[:, None] - seen[None]) ** 2).sum(axis=2)
    assert np.allclose(distances, 1 - np.eye(3))


def test_the_search_finds_the_best_row() -> None:
    columns = Columns(DOMAINS, [{name: values[0] for name, values in VALUES.items()}])
    target = columns.rows([{name: values[-1] for name, values in VALUES.items()}])[0]
    target[columns.axes.index(next(a for a in columns.axes if a.name == "momentum"))] = 0.37

    def score(rows: np.ndarray) -> np.ndarray:
        return -np.abs(rows - target).sum(axis=1)

    found = best_of(columns, target[None][:0], score, np.random.default_rng(0))
    assert np.abs(found - target).sum() < 0.2
