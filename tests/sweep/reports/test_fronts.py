"""Several objectives and constraints in tables, reports, commands and the live view."""

import io
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from rich.console import Console

import sweep
from sweep.cli.main import main
from sweep.display.terminal import LiveStatus
from sweep.display.view import view
from sweep.driver.progress import Snapshot, TrialCounts
from sweep.errors import StudyError
from sweep.reports import fronts
from sweep.trials.records import TrialRecord

MakeStudy = Callable[..., sweep.Study]
Inline = Callable[..., sweep.Run]


def space(trial: sweep.Trial) -> dict[str, Any]:
    config = {"k": trial.suggest_int("k", 1, 9), "x": trial.suggest_float("x", 0, 1)}
    if config["k"] == 9 or config["x"] > 0.95:
        raise sweep.Infeasible("too large")
    return config


def train(config: dict[str, Any], _data: Any, _seed: int, _state: Any) -> Iterator[sweep.Epoch]:
    for epoch in (1, 2):
        loss = 1 / config["k"] + config["x"] / epoch
        metrics = {"loss": loss, "size": config["k"], "speed": 3 - config["x"]}
        yield sweep.Epoch(metrics, {"k": config["k"]})


def study(**changes: Any) -> sweep.Study:
    fields: dict[str, Any] = {
        "name": "toy",
        "space": space,
        "train": train,
        "minimize": ("loss", "size"),
        "constraints": {"size": (2, None)},
        "sampler": "random",
        "trials": 20,
    }
    return sweep.Study(**fields | changes)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> sweep.Run:
    return sweep.run(study(), sweep.Options(runs=tmp_path_factory.mktemp("runs"), pool="inline"))


def test_tables_have_each_objective_the_front_and_what_is_violated(run: sweep.Run) -> None:
    table = run.trials()
    assert list(table)[:7] == ["trial", "status", "loss", "size", "front", "violates", "epochs"]
    front = {r.number: "knee" if r is run.knee else "front" for r in run.front}
    for row, record in zip(table.to_dict("records"), run.records, strict=True):
        assert (row["loss"], row["size"]) == record.scores
        assert pd.isna(row["violates"]) == (record.config["k"] >= 2)
        assert (None if pd.isna(row["front"]) else row["front"]) == front.get(record.number)
    assert table["infeasible_draws"].sum() == sum(r.infeasible_draws for r in run.records) > 0
    best = run.leaders()
    assert best["trial"].tolist() == list(front)
    assert "violates" not in best


def test_the_report_shows_the_front_and_how_it_grew(run: sweep.Run) -> None:
    text = (run.directory.path / "report.md").read_text()
    assert "## Pareto front" in text
    assert f"its knee is trial {run.knee.number}: loss" in text  # type: ignore[union-attr]
    assert "- constraints: 2 <= size" in text
    assert "trials violate a constraint" in text
    assert "draws as infeasible" in text
    page = (run.directory.path / "report.html").read_text()
    assert "loss and size of each complete trial, and the front" in page
    assert "Hypervolume of the front after each trial" in page
    assert page.count('class="complete best"') == len(run.front)


def test_more_than_two_objectives_are_parallel_axes(tmp_path: Path) -> None:
    three = study(maximize="speed", trials=8)
    done = sweep.run(three, sweep.Options(runs=tmp_path, pool="inline"), progress=False)
    page = (done.directory.path / "report.html").read_text()
    assert "loss and size and speed of each trial as a line" in page
    best = fronts.best_scores(done)
    assert best["speed"] == max(record.scores[2] for record in done.front)


def test_the_configuration_names_the_front(run: sweep.Run) -> None:
    about = json.loads((run.directory.path / "best" / "config.json").read_text())
    assert about["score"] == run.scores(run.front[0])
    assert [one["trial"] for one in about["front"]] == [r.number for r in run.front]
    assert about["knee"] == run.knee.number  # type: ignore[union-attr]


def test_commands_show_the_front(run: sweep.Run, capsys: pytest.CaptureFixture[str]) -> None:
    path, knee = str(run.directory.path), run.knee
    assert knee is not None
    assert main(["best", path]) == 0
    assert "front, with its knee:" in capsys.readouterr().out
    assert main(["status", path]) == 0
    assert f"knee: trial {knee.number}, loss" in capsys.readouterr().out
    assert main(["export", path, "--format", "csv", "--table", "front"]) == 0
    assert len(capsys.readouterr().out.splitlines()) == 1 + len(run.front)
    out = next(record for record in run.records if not record.is_feasible)
    assert main(["show", path, str(out.number)]) == 0
    assert "violates: size" in capsys.readouterr().out


def test_the_live_view_names_all_objectives(run: sweep.Run) -> None:
    counts = TrialCounts([1, 1], run.records)
    snapshot = Snapshot(study(), counts, 1, 20)
    console = Console(file=io.StringIO(), width=150)
    status = LiveStatus(console)
    status(snapshot, run.front[0])
    console.print(view(snapshot, [1.0], 150, 24))
    text = console.file.getvalue()  # type: ignore[attr-defined]
    assert f"* trial {run.front[0].number:>3}  complete" in text
    assert f"size {run.front[0].scores[1]:.4g}" in text
    assert f"{len(run.front)} on the front" in text


def final(choose: Any, **changes: Any) -> sweep.Final:
    return sweep.Final(
        data=lambda: "all",
        test=lambda: "test",
        evaluate=lambda config, _state, _test: {"k": config["k"]},
        minimize="loss",
        choose=choose,
        **changes,
    )


def last(front: list[TrialRecord]) -> TrialRecord:
    return front[-1]


@pytest.mark.parametrize("choose", ["first", "knee", last])
def test_final_trains_the_trial_that_the_rule_chooses(tmp_path: Path, choose: Any) -> None:
    options = sweep.Options(runs=tmp_path, pool="inline")
    done = sweep.run(study(final=final(choose)), options, progress=False)
    expected = {"first": done.front[0], "knee": done.knee}.get(choose, done.front[-1])
    assert done.chosen is expected
    assert done.final is not None
    assert done.final.params == expected.params  # type: ignore[union-attr]
    assert done.test is not None
    assert done.test.metrics == {"k": expected.config["k"]}  # type: ignore[union-attr]


def test_what_is_chosen_has_to_be_on_the_front(tmp_path: Path) -> None:
    options = sweep.Options(runs=tmp_path, pool="inline")
    with pytest.raises(StudyError, match=r"choose to return one of the trials that .*, got 'best'"):
        sweep.run(study(final=final(lambda _: "best")), options, progress=False)
    with pytest.raises(StudyError, match="'first', 'knee' or a function of the front, got 'best'"):
        final("best")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"warm_start": ("runs/other",), "constraints": {}},
            r"expected no warm_start with several objectives",
        ),
        (
            {"warm_start": ("runs/other",), "minimize": "loss"},
            r"expected no warm_start with constraints, got \('runs/other',\); it is not on record",
        ),
        ({"final": final("first", runoff=3)}, r"expected no runoff with several objectives"),
    ],
)
def test_what_compares_by_one_metric_is_refused(changes: Any, message: str) -> None:
    with pytest.raises(StudyError, match=message):
        study(**changes)


def test_without_any_feasible_trial_there_is_a_report(tmp_path: Path) -> None:
    options = sweep.Options(runs=tmp_path, pool="inline")
    done = sweep.run(study(constraints={"size": (99, None)}, trials=3), options, progress=False)
    assert (done.best, done.front, done.knee, done.outcome) == (None, [], None, "no score")
    assert "None of 3 trials has a score" in (done.directory.path / "report.md").read_text()
