"""Runs compared, with results computed by hand."""

import json
from collections.abc import Iterator
from itertools import permutations
from statistics import fmean
from typing import Any

import pandas as pd
import pytest

import sweep
from sweep.cli.main import main
from sweep.reports import compare as side_by_side


def train(config: dict[str, Any], _data: object, seed: int, _state: object) -> Iterator[Any]:
    for epoch in (1, 2):
        yield {"loss": config["x"] ** 2 + (seed % 5) / 10 + 1 / epoch}


@pytest.fixture
def runs(make_study, inline) -> dict[str, sweep.Run]:
    """Two runs of one study; the second has another seed and shorter trials, and repeats more."""
    return {
        "a": inline(make_study(train=train, repeats=3, trials=4), name="a"),
        "b": inline(make_study(train=train, repeats=4, trials=5, seed=9), name="b"),
    }


def test_settings_shows_what_differs_alone(runs) -> None:
    table = side_by_side.settings(runs).set_index("setting")
    assert table.loc["seed"].to_list() == ["0", "9"]
    assert table.loc["repeats"].to_list() == ["3", "4"]
    assert "sampler" not in table.index
    assert table.loc["best x", "a"] == f"{runs['a'].best.config['x']:.4g}"


def test_outcome_is_what_the_tables_of_each_run_say(runs) -> None:
    table = side_by_side.outcome(runs).set_index("run")
    for name, run in runs.items():
        trials = run.trials()
        best = trials.loc[trials["loss"].idxmin()]
        row = table.loc[name]
        assert row["best"] == pytest.approx(best["loss"])
        assert row["std"] == pytest.approx(best["loss_std"])
        assert (row["trial"], row["complete"]) == (best["trial"], len(trials))
    assert table["repeats"].to_list() == [3, 4]


def test_curves_are_means_over_repeats(runs) -> None:
    table = side_by_side.curves(runs)
    epochs = runs["b"].epochs()
    mine = epochs[epochs["trial"] == runs["b"].best.number]
    assert table["epoch"].to_list() == [1, 2]
    assert table["b"].to_list() == pytest.approx(mine.groupby("epoch")["loss"].mean().to_list())


def test_significance_is_that_of_all_orders_of_the_scores(runs) -> None:
    (row,) = side_by_side.significance(runs).to_dict("records")
    a, b = (side_by_side.best_scores(run) for run in runs.values())
    assert row["difference"] == pytest.approx(fmean(a) - fmean(b))
    here = abs(row["difference"]) - 1e-12
    orders = list(permutations(a + b))
    as_large = sum(abs(fmean(order[:3]) - fmean(order[3:])) >= here for order in orders)
    assert row["p_value"] == pytest.approx(as_large / len(orders))


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        ([1, 2, 3], [4, 5, 6], 2 / 20),  # the two most unequal of the splits
        ([1, 4], [2, 3], 1),
        ([7], [7], 1),
    ],
)
def test_p_values_known_by_hand(first, second, expected) -> None:
    assert side_by_side.p_value(first, second) == pytest.approx(expected)


def test_many_scores_are_split_at_random_the_same_way_each_time() -> None:
    first, second = list(range(15)), [x + 3 for x in range(15)]
    p = side_by_side.p_value(first, second)
    assert p == side_by_side.p_value(first, second)
    assert 0.05 < p < 0.11  # Student's t-test says 0.077


def test_runs_without_trials_or_repeats_can_be_compared(make_study, inline) -> None:
    runs = {"a": inline(make_study(trials=1), name="a"), "b": inline(make_study(), name="b")}
    runs["a"].records = []
    assert side_by_side.significance(runs).empty
    assert pd.isna(side_by_side.outcome(runs).set_index("run").loc["a", "best"])


def test_the_command_shows_all_tables(runs, capsys) -> None:
    paths = [str(run.directory.path) for run in runs.values()]
    assert main(["compare", *paths]) == 0
    out = capsys.readouterr().out
    for part in ("settings\n\n|", "outcome\n\n|", "curves\n\n|", "significance\n\n|", "p_value:"):
        assert part in out
    assert main(["compare", *paths, "--table", "outcome", "--format", "json"]) == 0
    assert [row["run"] for row in json.loads(capsys.readouterr().out)] == ["a", "b"]


def refused(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    assert main(["compare", *words]) == 2
    return capsys.readouterr().err


def test_what_cannot_be_compared_is_refused(runs, capsys) -> None:
    path = str(runs["a"].directory.path)
    assert "expected two or more different runs" in refused(capsys, path, path)
    assert "expected a --table with it" in refused(capsys, path, path + "/../b", "--format", "csv")
    assert "expected a run directory" in refused(capsys, path, "nowhere")
