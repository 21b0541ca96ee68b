"""A walk visits each point of a space once, remembers little, and spreads the first ones."""

import itertools
import tracemalloc
from collections import Counter
from collections.abc import Callable, Iterator
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sweep.errors import StudyError
from sweep.samplers.grid.spread import spread
from sweep.samplers.grid.walk import Walk
from sweep.trials.domains import Params

NAMES = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=3)
VALUES = st.integers(-(2**53), 2**53) | st.text(max_size=2)


def conditional(trial: Any) -> dict[str, Any]:
    """Two kinds of networks; only deep ones have a depth, and one width per layer."""
    if trial.suggest_categorical("kind", ("flat", "deep")) == "deep":
        for i in range(trial.suggest_int("depth", 1, 2)):
            trial.suggest_categorical(f"width{i}", (8, 16))
    return trial.params


CONDITIONAL = [
    {"kind": "flat"},
    {"kind": "deep", "depth": 1, "width0": 8},
    {"kind": "deep", "depth": 1, "width0": 16},
    {"kind": "deep", "depth": 2, "width0": 8, "width1": 8},
    {"kind": "deep", "depth": 2, "width0": 8, "width1": 16},
    {"kind": "deep", "depth": 2, "width0": 16, "width1": 8},
    {"kind": "deep", "depth": 2, "width0": 16, "width1": 16},
]


def flat(n_parameters: int, n_values: int) -> Callable[[Any], Any]:
    return lambda t: {i: t.suggest_int(f"p{i}", 1, n_values) for i in range(n_parameters)}


def points_of(walk: Walk) -> Iterator[Params]:
    return (trial.params for trial in walk)


def listed(space: Callable[[Any], Any]) -> list[Params]:
    walk = Walk(space)
    walk.lists = True
    return list(points_of(walk))


def as_set(points: list[Params]) -> set[frozenset[tuple[str, Any]]]:
    return {frozenset(params.items()) for params in points}


@given(
    st.dictionaries(NAMES, st.lists(VALUES, min_size=1, max_size=4, unique=True), max_size=4),
    st.integers(0, 99),
)
def test_the_points_of_a_flat_space_are_the_product_of_its_values(
    choices: dict[str, list[Any]], seed: int
) -> None:
    def space(trial: Any) -> dict[str, Any]:
        return {name: trial.suggest_categorical(name, values) for name, values in choices.items()}

    product = [
        dict(zip(choices, values, strict=True)) for values in itertools.product(*choices.values())
    ]
    points = list(points_of(Walk(space, seed=seed)))
    assert len(points) == len(product)
    assert as_set(points) == as_set(product)
    assert listed(space) == product


@pytest.mark.parametrize("seed", range(20))
def test_a_point_of_a_conditional_space_comes_once(seed: int) -> None:
    points = list(points_of(Walk(conditional, seed=seed)))
    assert len(points) == len(CONDITIONAL)
    assert as_set(points) == as_set(CONDITIONAL)
    assert {params["kind"] for params in points[:2]} == {"flat", "deep"}


def test_a_list_is_depth_first() -> None:
    assert listed(conditional) == CONDITIONAL


def test_a_space_without_parameters_has_one_empty_point() -> None:
    assert list(points_of(Walk(lambda _: {}))) == [{}]


def test_a_parameter_drawn_twice_counts_once() -> None:
    def space(trial: Any) -> Any:
        return trial.suggest_int("x", 1, 2) + trial.suggest_int("x", 1, 2)

    assert as_set(list(points_of(Walk(space)))) == as_set([{"x": 1}, {"x": 2}])


@given(st.integers(1, 300), st.integers(0, 99), st.data())
def test_any_number_of_places_is_spread_evenly(n: int, seed: int, data: Any) -> None:
    begin = data.draw(st.none() | st.integers(0, n - 1))
    places = list(spread(range(n), Random(seed), begin))
    assert sorted(places) == list(range(n))
    assert begin in (None, places[0])
    k = data.draw(st.integers(1, n))
    halves = Counter(place >= n // 2 for place in places[:k])
    assert abs(halves[False] - halves[True]) <= 1
    gaps = [b - a for a, b in itertools.pairwise([-1, *sorted(places[:k]), n])]
    assert max(gaps) <= 4 * (n / k + 1)


@pytest.mark.parametrize("seed", range(5))
def test_the_first_points_have_every_value_of_every_parameter_and_many_pairs(seed: int) -> None:
    first = list(itertools.islice(points_of(Walk(flat(6, 10), seed=seed)), 100))
    assert set(first[0].values()) == {6}  # in the middle
    for name in first[0]:
        assert len({params[name] for params in first[:10]}) == 10
        counts = Counter(params[name] for params in first)
        assert len(counts) == 10
        assert max(counts.values()) <= 14
    for one, other in itertools.combinations(first[0], 2):
        assert len({(params[one], params[other]) for params in first}) > 50  # of 100 pairs
        quarters = {(params[one] > 5, params[other] > 5) for params in first[:20]}
        assert len(quarters) == 4


def test_another_seed_makes_another_order_and_the_same_one_the_same() -> None:
    one, again, other = (list(points_of(Walk(flat(2, 9), seed=seed))) for seed in (1, 1, 2))
    assert one == again
    assert one != other
    assert as_set(one) == as_set(other)


@pytest.fixture
def memory() -> Iterator[Callable[[], tuple[int, int]]]:
    """Bytes in use now, and at most, since the beginning of the test."""
    tracemalloc.start()
    yield tracemalloc.get_traced_memory
    tracemalloc.stop()


@pytest.mark.parametrize("n_parameters", [6, 12, 300])
def test_the_size_of_a_grid_takes_no_memory(
    memory: Callable[[], tuple[int, int]], n_parameters: int
) -> None:
    points = list(itertools.islice(points_of(Walk(flat(n_parameters, 10))), 5))
    assert len(as_set(points)) == 5
    assert memory()[1] < 100_000 + 50_000 * n_parameters


def test_a_parameter_of_a_million_million_values_takes_as_little(
    memory: Callable[[], tuple[int, int]],
) -> None:
    def space(trial: Any) -> Any:
        trial.suggest_int("n", 0, 10**12)
        trial.suggest_float("x", 0, 1000, step=1e-4)

    points = list(itertools.islice(points_of(Walk(space)), 50))
    assert memory()[1] < 1_000_000
    assert points[0] == {"n": 5 * 10**11, "x": 500.0}
    assert sorted(params["n"] * 4 // 10**12 for params in points[:4]) == [0, 1, 2, 3]


def test_what_was_visited_is_forgotten(memory: Callable[[], tuple[int, int]]) -> None:
    walk = Walk(flat(2, 100))
    used = [memory()[0] for _ in points_of(walk)]
    assert used[-1] - used[0] < (max(used) - used[0]) / 2


@given(st.integers(0, 5), st.integers(0, 7), st.integers(0, 99))
def test_a_walk_that_is_told_of_visited_points_continues_as_the_first_one(
    n_given: int, n_visited: int, seed: int
) -> None:
    wanted: list[Params] = [
        {"kind": "deep", "depth": 2},
        {"kind": "flat"},
        {},
        {"kind": "flat"},
        {},
    ]
    live = Walk(conditional, seed=seed)
    points = [live.visit(params).params for params in wanted[:n_given]]
    points += itertools.islice(points_of(live), n_visited)
    restored = Walk(conditional, seed=seed)
    for params in points:
        assert restored.visit(params).params == params
    rest = list(points_of(restored))
    assert rest == list(points_of(live))
    assert as_set(points + rest) == as_set(CONDITIONAL)


def test_a_walk_needs_finitely_many_values() -> None:
    message = r"finitely many values for grid sampling, got 'lr' in float 0.1..1 log; give"
    with pytest.raises(StudyError, match=message):
        next(iter(Walk(lambda trial: trial.suggest_float("lr", 0.1, 1.0, log=True))))


def test_a_space_that_depends_on_more_than_the_trial_is_refused() -> None:
    names = iter("xyz")
    walk = Walk(lambda trial: trial.suggest_int(next(names), 1, 3))
    walk.visit({})
    message = r"same parameters after the same values, got 'y' in int 1..3 after 'x' in int 1..3; l"
    with pytest.raises(StudyError, match=message):
        walk.visit({})
