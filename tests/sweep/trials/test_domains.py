"""Steps between real numbers: none is lost, none is moved where it was right, no list is made."""

import math
import subprocess
import sys
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st
from optuna.distributions import distribution_to_json, json_to_distribution

from sweep.study.space import Trial
from sweep.trials.domains import Float, stepped
from sweep.trials.optuna_trials import to_distribution, to_domain


@pytest.mark.parametrize(
    ("low", "high", "step", "n"),
    [
        (0, math.pi, math.pi / 8, 9),
        (-math.pi / 4, 15 * math.pi / 4, math.pi / 2, 9),
        (0, 2 * math.pi, math.pi / 6, 13),
        (0, 0.9, 0.1 + 0.2, 4),
    ],
)
def test_a_last_step_that_only_rounding_puts_beyond_the_range_is_in_it(
    low: float, high: float, step: float, n: int
) -> None:
    domain = Float(*stepped(low, high, step))
    values = domain.values() or []
    assert values == pytest.approx([low + i * step for i in range(n)], abs=1e-12)
    assert all(low <= value <= high and value in domain for value in values)
    assert to_domain(json_to_distribution(distribution_to_json(to_distribution(domain)))) == domain


@pytest.mark.parametrize(
    ("low", "high", "step", "expected"),
    [
        (0, 0.3, 0.1, (0.0, 0.3, 0.1)),
        (0, 1, 0.3, (0.0, 0.9, 0.3)),
        (0, 1, 5, (0.0, 0.0, 5)),
        (0, 1, 1 / 3, (0.0, 0.9999999999999999, 0.3333333333333333)),
        (0, 1, 1 / 7, (0.0, 1.0, 0.14285714285714285)),
        (0, 0.8999, 0.1, (0.0, 0.8, 0.1)),
        (1e-5, 3e-5, 1e-5, (1e-5, 3e-5, 1e-5)),
    ],
)
def test_what_always_worked_is_recorded_as_ever(
    low: float, high: float, step: float, expected: tuple[float, float, float]
) -> None:
    assert stepped(low, high, step) == expected


@given(st.floats(-9, 9), st.floats(0.01, 9), st.integers(1, 40))
@pytest.mark.filterwarnings("ignore:The distribution is specified by")
def test_every_step_of_an_even_division_is_reached(low: float, width: float, n: int) -> None:
    domain = Float(*stepped(low, low + width, width / n))
    values = domain.values()
    assert values is not None
    assert len(values) == n + 1
    assert all(value in domain for value in values)
    assert to_domain(to_distribution(domain)) == domain


def test_fine_steps_over_a_wide_range_take_no_memory() -> None:
    trial = Trial(lambda _, domain: domain.low)  # type: ignore[union-attr]
    tracemalloc.start()
    trial.suggest_float("x", 0, 1000, step=1e-4)
    assert tracemalloc.get_traced_memory()[1] < 100_000
    tracemalloc.stop()
    assert trial.domains["x"] == Float(0.0, 1000.0, 1e-4)


def test_users_see_no_warning_of_a_rounded_step() -> None:
    code = "from sweep.trials.optuna_trials import *; to_distribution(Float(0.0, 1.0, 1 / 7))"
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    assert done.stderr == ""
