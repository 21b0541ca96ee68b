"""The benchmark of search quality gives the right incumbents, regrets, times and figures."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner

from studies.tables.curves import Table
from tests.benchmarks.quality import __main__ as program
from tests.benchmarks.quality import clock, figures, results
from tests.benchmarks.quality.methods.names import method
from tests.benchmarks.quality.path import Found, Regrets
from tests.benchmarks.quality.problems import Parameter, Problem, grid_rows
from tests.benchmarks.quality.synthetic import synthetic
from tests.benchmarks.quality.tables import from_curves

NAN = float("nan")
FAST = ["sweep-tpe-asha", "sweep-random", "optuna-tpe-hyperband", "optuna-random"]


def line(values: list[list[float]], seconds: list[float]) -> Problem:
    """A problem with one parameter; each epoch of a configuration takes as many seconds."""
    curves = np.array(values)
    parameters = (Parameter("x", tuple(range(len(curves))), is_ordered=True),)
    costs = np.repeat(np.array(seconds)[:, np.newaxis], curves.shape[1], axis=1)
    rows = grid_rows(parameters)
    return Problem("line", parameters, rows, curves, costs, curves[:, -1], curves[:, -1] + 1)


class Script:
    """Asks for given configurations, one after another, and stops those with bad first epochs."""

    def __init__(self, rows: list[int]) -> None:
        self.rows = rows
        self.reports: list[tuple[int, int, float]] = []
        self.failed: list[int] = []
        self.n_asked = 0

    def next(self) -> clock.Job | None:
        if self.n_asked == len(self.rows):
            return None
        self.n_asked += 1
        return clock.Job(self.n_asked - 1, {"x": self.rows[self.n_asked - 1]})

    def report(self, trial: int, epoch: int, value: float) -> bool:
        self.reports.append((trial, epoch, value))
        return value < 9

    def fail(self, trial: int) -> None:
        self.failed.append(trial)


def test_slots_take_the_seconds_on_record_and_the_best_complete_training_counts() -> None:
    problem = line([[5, 4], [9, 1], [5, NAN], [3, 2]], seconds=[1, 2, 3, 4])
    script = Script([0, 1, 2, 3, 0])
    found = clock.search(script, problem, n_slots=2, core_seconds=100)
    # Trial 1 is stopped at 2 s and trial 0 complete at 2 s; 2 diverges at 8 s, 3 ends at 10 s.
    assert found == [Found(2 * 2, 0), Found(2 * 10, 3)]
    assert script.failed == [2]
    assert script.reports[-1] == (4, 2, 4)
    early = clock.search(Script([0, 1, 2, 3, 0]), problem, n_slots=2, core_seconds=19)
    assert early == found[:1]


@pytest.mark.parametrize("name", FAST)
@pytest.mark.parametrize("slots", [1, 3])
def test_searches_improve_until_their_budget_is_spent(name: str, slots: int) -> None:
    problem = synthetic(n_epochs=4)
    budget = 8 * problem.training_seconds
    found = method(name)(problem, slots, 1, budget)
    values = [problem.values[row, -1] for _, row in found]
    assert found == method(name)(problem, slots, 1, budget)
    assert found == sorted(found)
    assert values == sorted(values, reverse=True)
    assert 0 < found[-1].core_seconds <= budget
    first = found[0]
    assert first.core_seconds >= problem.seconds[first.row].sum()


def test_ours_spends_the_seconds_on_record() -> None:
    problem = line([[3, 2]] * 5, seconds=[7] * 5)
    assert method("sweep-random")(problem, 1, 0, 100)[0].core_seconds == 14
    assert method("sweep-random")(problem, 2, 0, 100)[0].core_seconds == 28
    assert method("sweep-random")(problem, 2, 0, 27) == []


def test_a_diverged_training_of_ours_is_never_the_incumbent() -> None:
    problem = line([[1, NAN], [5, 4], [0, NAN], [6, 5]], seconds=[1] * 4)
    found = method("sweep-random")(problem, 1, 0, 40)
    assert found[-1].row == 1


def test_regret_is_0_for_the_best_and_1_for_the_median() -> None:
    regrets = Regrets(np.array([4.0, 2.0, 3.0, 9.0, NAN]))
    assert [regrets.of(row) for row in range(3)] == [1, 0, 0.5]


def test_a_conditional_parameter_is_found_in_a_table_of_curves() -> None:
    configs = pd.DataFrame({"kind": ["a", "b", "b"], "depth": [NAN, 2.0, 3.0]})
    curves = {name: np.zeros((3, 2)) for name in ("validation_error", "test_error", "cpu_seconds")}
    listed = {"parameters": {"kind": ["a", "b"], "depth": [2, 3]}}
    problem = from_curves("made", Table(configs, curves, {}, np.array([]), listed))
    depth = Parameter("depth", (2, 3), is_ordered=True, parent="kind", parent_values=("b",))
    assert problem.parameters[1] == depth
    assert problem.row({"kind": "a", "depth": 1}) == problem.row({"kind": "a"}) == 0
    assert problem.row({"kind": "b", "depth": 1}) == 2


def test_a_search_sees_one_repetition_of_each_point() -> None:
    repetitions = np.array([[1.0, 2.0], [3.0, NAN]])
    problem = replace(line([[1.5], [3]], seconds=[1, 1]), repetitions=repetitions)
    seen = {tuple(problem.seen_by(seed).values[:, 0]) for seed in range(20)}
    assert seen == {(1, 3), (2, 3)}
    assert (problem.seen_by(3).values == problem.seen_by(3).values).all()


def rows(method: str, seed: int, *steps: tuple[float, float]) -> list[dict[str, object]]:
    key = {"method": method, "table": "made", "slots": 1, "seed": seed}
    return [key | {"core_seconds": t, "regret": r, "test_regret": 2 * r} for t, r in steps]


def test_figures_of_known_searches() -> None:
    table = pd.DataFrame(
        [
            *rows("optuna-tpe", 0, (10, 0.5), (50, 0.1), (100, 0.1)),
            *rows("optuna-tpe", 1, (20, 0.4), (100, 0.4)),
            *rows("optuna-tpe", 2, (60, 0.2), (100, 0.2)),
            *rows("sweep-tpe", 0, (5, 0.2), (30, 0.0), (100, 0.0)),
            *rows("sweep-tpe", 1, (40, 0.2), (100, 0.2)),
            *rows("sweep-tpe", 2, (7, 0.1), (10, 0.3), (100, 0.3)),
            *rows("optuna-random", 0, (100, NAN)),
        ]
    )
    found = figures.setting_figures(table)
    assert list(found.index) == ["sweep-tpe", "optuna-tpe", "optuna-random"]
    ours, peer = found.loc["sweep-tpe"], found.loc["optuna-tpe"]
    assert found.index[found["best peer"]] == ["optuna-tpe"]
    # The target is 0.2, the peer's median, which the median of ours has from 40 core-seconds on.
    assert (peer["core-s of median"], ours["core-s of median"]) == (60, 40)
    assert ours["core-s of median, of best peer"] == pytest.approx(40 / 60)
    assert ours["core-s, mean"] == pytest.approx((5 + 40 + 100) / 3)
    assert (ours["reached"], peer["reached"]) == (2, 2)
    assert peer["geometric mean"] == pytest.approx((0.1 * 0.4 * 0.2) ** (1 / 3))
    assert ours["geometric mean"] == pytest.approx((figures.FLOOR * 0.2 * 0.3) ** (1 / 3))
    assert peer["test, geometric mean"] == pytest.approx(2 * peer["geometric mean"])
    assert found.loc["optuna-random"]["median"] == figures.START
    overall = figures.summary(figures.all_figures(table))
    assert list(overall["method"]) == ["sweep-tpe", "optuna-tpe", "optuna-random"]


def test_a_stopped_run_continues_and_is_reported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(program, "load", lambda *_: synthetic(n_epochs=4))
    out, plot = tmp_path / "results.csv", tmp_path / "plot.svg"

    def call(*arguments: object) -> str:
        result = CliRunner().invoke(program.main, list(map(str, arguments)))
        assert result.exception is None, result.output
        return result.output

    run = ["run", "--table", "synthetic", "--trainings", 5, "--seeds", 2, "--out", out]
    run += [word for name in FAST for word in ("--method", name)]
    call(*run, "--slots", 1)
    before = out.read_text()
    assert "sweep-tpe-asha synthetic 8 1" in call(*run, "--slots", 1, "--slots", 8)
    assert out.read_text().startswith(before)
    assert len(results.done(out)) == 2 * 2 * len(FAST)
    assert call(*run, "--slots", 1, "--slots", 8) == ""
    budgets = results.read([out, out]).groupby(list(results.Key._fields))["core_seconds"].max()
    assert len(budgets) == len(results.done(out))
    assert set(budgets) == {budgets.max()}
    assert "| sweep-tpe-asha " in call("report", out, "--plot", plot)
    assert "optuna-tpe-hyperband" in plot.read_text()
