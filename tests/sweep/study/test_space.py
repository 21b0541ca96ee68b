"""Search spaces: what may be drawn, that a drawn trial replays, and that a grid misses nothing."""

import math
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sweep.errors import StudyError
from sweep.study.space import Trial, as_dict, fixed
from sweep.trials.domains import Categorical, Float, Int


@dataclass(frozen=True)
class Config:
    depth: int
    lr: float


def lowest(name, domain):
    values = domain.values()
    return domain.low if values is None else values[0]


def conditional(trial):
    """Two kinds of networks; only deep ones have a depth, and one width per layer."""
    kind = trial.suggest_categorical("kind", ("flat", "deep"))
    if kind == "flat":
        return {"kind": kind}
    depth = trial.suggest_int("depth", 1, 2)
    widths = [trial.suggest_categorical(f"width{i}", (8, 16)) for i in range(depth)]
    return {"kind": kind, "widths": widths}


# Domains


@pytest.mark.parametrize(
    ("domain", "values"),
    [
        (Float(0.0, 1.0), None),
        (Float(0.25, 0.25), [0.25]),
        (Float(0.1, 100.0, log=True), None),
        (Float(0.0, 0.3, step=0.1), [0.0, 0.1, 0.2, 0.3]),
        (Float(-0.5, 0.5, step=0.5), [-0.5, 0.0, 0.5]),
        (Int(1, 4), [1, 2, 3, 4]),
        (Int(1, 7, step=3), [1, 4, 7]),
        (Int(5, 5), [5]),
        (Int(1, 3, log=True), [1, 2, 3]),
        (Categorical(("a", None, 2, True)), ["a", None, 2, True]),
    ],
)
def test_a_domain_lists_its_values_in_order_or_none_for_a_continuum(domain, values):
    assert (domain.values() is None) is (values is None)
    assert list(domain.values() or ()) == (values or [])


@pytest.mark.parametrize(
    ("domain", "inside", "outside"),
    [
        (Float(0.0, 1.0), [0, 0.0, 0.3, 1, 1.0], [-0.1, 1.1, math.nan, True, "0.5", None]),
        (Float(0.0, 1.0, step=0.1), [0, 0.3, 0.1 + 0.2, 1], [0.15, 0.31, 1.1, True]),
        (Int(1, 7, step=3), [1, 4, 7], [0, 2, 10, 4.0, True, "4"]),
        (Categorical(("a", 1, None)), ["a", 1, None], ["b", 2]),
    ],
)
def test_a_domain_contains_its_values_and_no_others(domain, inside, outside):
    assert [value in domain for value in inside] == [True] * len(inside)
    assert [value in domain for value in outside] == [False] * len(outside)


@pytest.mark.parametrize(
    ("domain", "text"),
    [
        (Float(0.0, 1.0), "float 0..1"),
        (Float(1e-5, 0.1, log=True), "float 1e-05..0.1 log"),
        (Float(0.0, 1.0, step=0.25), "float 0..1 step 0.25"),
        (Int(1, 4), "int 1..4"),
        (Int(1, 7, step=3), "int 1..7 step 3"),
        (Int(1, 64, log=True), "int 1..64 log"),
        (Categorical(("a", None, 2)), "one of 'a', None, 2"),
    ],
)
def test_a_domain_prints_as_people_say_it(domain, text):
    assert str(domain) == text


@given(
    low=st.decimals(-10, 10, places=2),
    step=st.decimals("0.01", 3, places=2),
    n=st.integers(0, 30),
    rest=st.floats(0, 0.99),
)
def test_steps_end_at_the_last_one_in_the_range_whatever_the_rounding(low, step, n, rest):
    trial = Trial(lowest)
    high = float(low + n * step) + math.floor(rest * float(step) * 1000) / 1000
    trial.suggest_float("x", float(low), round(high, 3), step=float(step))
    domain = trial.domains["x"]
    assert list(domain.values()) == [float(low + i * step) for i in range(n + 1)]
    assert domain.high == float(low + n * step)
    assert all(value in domain for value in domain.values())


# Drawing


@pytest.mark.parametrize(
    ("draw", "domain"),
    [
        (lambda t: t.suggest_float("x", 0, 1), Float(0.0, 1.0)),
        (lambda t: t.suggest_float("x", 2, 2), Float(2.0, 2.0)),
        (lambda t: t.suggest_float("x", 1e-5, 1e-1, log=True), Float(1e-5, 1e-1, log=True)),
        (lambda t: t.suggest_float("x", 0, 0.3, step=0.1), Float(0.0, 0.3, 0.1)),
        (lambda t: t.suggest_float("x", 0, 1, step=0.3), Float(0.0, 0.9, 0.3)),
        (lambda t: t.suggest_float("x", 0, 1, step=5), Float(0.0, 0.0, 5)),
        (lambda t: t.suggest_int("x", 1, 9, step=3), Int(1, 7, 3)),
        (lambda t: t.suggest_int("x", 1, 9, log=True), Int(1, 9, log=True)),
        (lambda t: t.suggest_categorical("x", ["a", None]), Categorical(("a", None))),
    ],
)
def test_a_trial_remembers_what_was_drawn_and_from_what(draw, domain):
    trial = Trial(lowest)
    value = draw(trial)
    assert trial.domains == {"x": domain}
    assert trial.params == {"x": value}
    assert value == lowest("x", domain)


def test_a_float_drawn_as_a_whole_number_is_a_float():
    value = Trial(fixed({"x": 1})).suggest_float("x", 0, 2)
    assert (value, type(value)) == (1.0, float)


def test_drawing_a_name_twice_gives_the_same_value():
    draws = iter((3, 4))
    trial = Trial(lambda *_: next(draws))
    assert [trial.suggest_int("x", 1, 5), trial.suggest_int("x", 1, 5)] == [3, 3]


def test_drawing_a_name_twice_from_different_ranges_is_refused():
    trial = Trial(lowest)
    trial.suggest_int("x", 1, 5)
    message = r"expected one range for 'x', got int 1..5 and int 1..6; give .* a name of its own"
    with pytest.raises(StudyError, match=message):
        trial.suggest_int("x", 1, 6)


# Replaying


@given(st.data())
def test_replaying_what_was_drawn_gives_the_same_configuration(data):
    def choose(name, domain):
        return data.draw(st.sampled_from(domain.values()), label=name)

    drawn = Trial(choose)
    config = conditional(drawn)
    replayed = Trial(fixed(drawn.params))
    assert conditional(replayed) == config
    assert (replayed.params, replayed.domains) == (drawn.params, drawn.domains)


def test_replay_refuses_a_parameter_that_was_not_recorded():
    message = r"expected parameters \['a', 'b'\], got a new one, 'x'"
    with pytest.raises(StudyError, match=message):
        Trial(fixed({"b": 1, "a": 2})).suggest_int("x", 1, 5)


def test_replay_refuses_a_value_out_of_the_range():
    with pytest.raises(StudyError, match=r"expected 'x' in int 1..5, got 6"):
        Trial(fixed({"x": 6})).suggest_int("x", 1, 5)


# Configurations


@pytest.mark.parametrize("config", [Config(2, 0.1), {"depth": 2, "lr": 0.1}])
def test_a_configuration_is_kept_as_a_dictionary(config):
    assert as_dict(config) == {"depth": 2, "lr": 0.1}


@pytest.mark.parametrize("config", [None, 3, Config, [("depth", 2)]])
def test_a_configuration_is_a_dataclass_or_a_dict(config):
    message = r"space: expected a configuration \(a dataclass or a dict\), got .*; return one"
    with pytest.raises(StudyError, match=message):
        as_dict(config)


def test_a_configuration_of_objects_is_refused() -> None:
    with pytest.raises(StudyError, match=r"expected a configuration of plain values, got .*Path"):
        as_dict({"folder": Path("data")})


@pytest.mark.parametrize("config", [{"f": "caf\udce9"}, {"caf\udce9": 1}, {"f": ["\ud800"]}])
def test_a_configuration_that_is_not_unicode_is_refused(config: dict[str, object]) -> None:
    with pytest.raises(StudyError, match=r"plain values, got .*surrogates not allowed\); keep"):
        as_dict(config)
