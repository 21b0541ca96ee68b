"""What a report says of paused trials, and of another hour."""

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

import sweep
from sweep.cli.main import main
from sweep.driver.progress import Snapshot
from sweep.reports.costs import costs
from sweep.reports.outlook.hour import time_under_way
from sweep.reports.outlook.outlook import NOTE, Outlook, outlook_of
from sweep.reports.plots.trials import learning_curves
from sweep.trials.domains import Categorical, Float
from sweep.trials.records import Ending, EpochRecord, Pause, TrialRecord
from tests.sweep.reports.html.test_content import run_of

__all__ = ["run_of"]  # a fixture

MakeRun = Callable[[list[TrialRecord]], sweep.Run]
BEGAN = datetime(2026, 1, 1, tzinfo=UTC)
N_EPOCHS = 8


def trial(number: int, n_epochs: int = N_EPOCHS, sign: int = 1) -> TrialRecord:
    """A trial of 10 s per epoch, complete or paused, whose loss falls towards the square of x."""
    x = number * 37 % 100 / 50 - 1
    losses = [sign * (x * x + 1 / epoch) for epoch in range(1, n_epochs + 1)]
    is_whole = n_epochs == N_EPOCHS
    return TrialRecord(
        number,
        {"x": x},
        {"x": Float(-1, 1)},
        {},
        number,
        number,
        Ending.COMPLETE if is_whole else Ending.RUNNING,
        ending_number=number + 1 if is_whole else 0,
        score=losses[-1] if is_whole else None,
        epochs=[EpochRecord(i, {"loss": loss}, 10.0, 10.0) for i, loss in enumerate(losses, 1)],
        jobs=[number + 1],
        pauses=[] if is_whole else [Pause(number + 1, n_epochs)],
        started=BEGAN + timedelta(seconds=number * 40),
        finished=BEGAN + timedelta(seconds=number * 40 + 80) if is_whole else None,
    )


def some(sign: int = 1) -> list[TrialRecord]:
    return [trial(i, N_EPOCHS if i % 3 else 3, sign) for i in range(60)]


def numbers(sentence: str) -> tuple[float, ...]:
    """The best so far, what is expected, and its bounds."""
    found = re.search(r"from (\S+) to about (\S+) \(80 % interval: (\S+) to (\S+)\)", sentence)
    assert found
    return tuple(map(float, found.groups()))


def test_paused_trials_are_expected_to_come_to_what_others_came_to(run_of: MakeRun) -> None:
    outlook = outlook_of(run_of(some()))
    table = outlook.table.text
    assert list(table) == ["trial", "epochs", "loss", "expected", "low", "high"]
    assert len(table) == len(outlook.paused) == 10
    assert (table["trial"] % 3 == 0).all()
    assert table["expected"].is_monotonic_increasing
    for forecast in outlook.paused:
        assert forecast.epochs == [4, 5, 6, 7, 8]
        truth = trial(forecast.record.number).score
        assert forecast.expected[-1] == pytest.approx(truth, abs=0.05)
        assert forecast.low[-1] < forecast.expected[-1] < forecast.high[-1]


def test_each_of_them_is_drawn_however_many_trials_there_are(run_of: MakeRun) -> None:
    run = run_of([trial(i, 3 if i in (401, 403) else N_EPOCHS) for i in range(1000)])
    without, drawn = (learning_curves(run, some) for some in ((), outlook_of(run).paused))
    lines = [svg.count("fill: none; stroke: #e3a857") for svg in (without, drawn)]
    assert lines == [0, 2]  # their curves so far, which the dashed lines continue


def test_a_metric_that_is_maximised_is_mirrored(run_of: MakeRun) -> None:
    run = run_of(some())
    one = outlook_of(run)
    run.records, run.about["direction"] = some(sign=-1), "maximize"
    other = outlook_of(run)
    assert [f.record.number for f in one.paused] == [f.record.number for f in other.paused]
    first, mirrored = one.paused[0], other.paused[0]
    assert mirrored.expected == pytest.approx([-value for value in first.expected])
    assert mirrored.low == pytest.approx([-value for value in first.high])
    best, expected, low, high = numbers(other.sentences[0])
    assert best <= low <= expected <= high


def test_an_hour_is_never_worse_than_the_best_so_far_and_the_same_each_time(
    run_of: MakeRun,
) -> None:
    run = run_of(some())
    (sentence,) = outlook_of(run).sentences
    assert sentence.startswith("Another 41 min would pay for about 60 more trials at the cost so")
    best, expected, low, high = numbers(sentence)
    assert low <= expected <= high <= best
    assert outlook_of(run).sentences == [sentence]


def test_a_long_run_looks_an_hour_ahead(run_of: MakeRun) -> None:
    records = [trial(i) for i in range(200)]
    (sentence,) = outlook_of(run_of(records)).sentences
    assert sentence.startswith("Another hour would pay for about 90 more trials at the cost so far")


@pytest.mark.parametrize("kind", ["few", "several objectives", "no parameters", "none", "grid"])
def test_nothing_is_said_where_nobody_can_say(run_of: MakeRun, kind: str) -> None:
    run = run_of({"few": some()[:6], "none": []}.get(kind, some()))
    if kind == "several objectives":
        run.about["further_objectives"] = [["seconds", "minimize"]]
    if kind == "grid":
        run.records = [trial(i) for i in range(60)]
        run.about["sampler"] = "grid"
    if kind == "no parameters":
        run.records = [replace(record, params={}, domains={}) for record in run.records]
    outlook = outlook_of(run)
    assert isinstance(outlook, Outlook)
    assert not outlook.paused
    assert not outlook.sentences
    assert not len(outlook.table.text)


def test_nothing_is_promised_where_scores_are_luck(run_of: MakeRun) -> None:
    luck = np.random.default_rng(0).random(60)
    trials = [trial(i) for i in range(60)]
    for record, loss in zip(trials, (0.125 + luck).tolist(), strict=True):
        record.epochs = [EpochRecord(1, {"loss": loss}, 10.0, 10.0)]
        record.score = loss
    assert outlook_of(run_of(trials)).sentences == []


def test_a_loss_that_was_never_negative_is_not_expected_to_become_so(run_of: MakeRun) -> None:
    (sentence,) = outlook_of(run_of(some())).sentences
    assert min(numbers(sentence)) >= 0


def test_a_choice_that_is_no_longer_there_is_left_out(run_of: MakeRun) -> None:
    records = some()
    for record in records:
        choices = ("a", "b") if record.number > 1 else ("a", "old")
        record.params = {**record.params, "kind": choices[record.number % 2]}
        record.domains = {**record.domains, "kind": Categorical(choices)}
    assert outlook_of(run_of(records)).paused


def test_every_trial_counts_of_those_that_failed_and_a_front_of_any_length(run_of: MakeRun) -> None:
    endings = [Ending.DIVERGED, Ending.ERROR, Ending.LOST, Ending.PRUNED]
    records = [
        replace(trial(i, 2), ending=endings[i % 4], ending_number=i + 1, pauses=[])
        if i % 2
        else trial(i)
        for i in range(400)
    ]
    assert outlook_of(run_of(records)).sentences


def test_breaks_between_trials_are_no_time_under_way() -> None:
    later = replace(trial(1), started=BEGAN + timedelta(hours=5))
    later.finished = BEGAN + timedelta(hours=5, seconds=80)
    assert time_under_way([trial(0), later]) == pytest.approx(160)
    running = replace(trial(1, 3), finished=None)
    assert time_under_way([trial(0), running]) == pytest.approx(80)
    assert time_under_way([]) == 0.0


def test_paused_trials_count_as_cut() -> None:
    cost = costs(some())
    assert (cost.cut, cost.paused, cost.ended) == (20, 20, 40)
    assert cost.saved == 20 * 5 * 10.0


def test_the_report_of_an_interrupted_run_says_what_is_to_come(
    make_study: Callable[..., sweep.Study], tmp_path, capsys: pytest.CaptureFixture[str]
) -> None:
    def stop(snapshot: Snapshot, _event: object) -> None:
        counts = snapshot.counts
        if counts.count(Ending.COMPLETE) >= 6 and counts.paused():
            raise KeyboardInterrupt

    study = make_study(trials=80, pruner=sweep.Asha(1, 2, 4))
    with pytest.raises(KeyboardInterrupt):
        sweep.run(study, sweep.Options(runs=tmp_path, pool="inline"), stop)
    path = tmp_path / study.name
    assert main(["report", str(path)]) == 0
    text, page = ((path / f"report.{kind}").read_text() for kind in ("md", "html"))
    assert "## Outlook\n\n- Another " in text
    assert re.search(r"\|\s+trial \|\s+epochs \|\s+loss \|\s+expected \|\s+low \|\s+high \|", text)
    assert "Early stopping: " in text
    assert NOTE in text
    assert "expected (dashed)" in page
    assert "Dashed lines and bands are what a model of all curves expects" in page
    before = text
    assert main(["report", str(path)]) == 0
    assert (path / "report.md").read_text() == before
