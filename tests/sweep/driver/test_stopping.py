"""Rules and limits that end a search before its last trial."""

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import sweep
from sweep.cli.main import main
from sweep.display.terminal import view
from sweep.driver.progress import Snapshot
from sweep.driver.verify.replay import other_suggestions
from sweep.study.limits import Limits
from sweep.study.stopping import rules_as_json, rules_from_json
from sweep.trials.records import Ending, TrialRecord
from tests.lasting import lasting
from tests.sweep.driver.shuffled import drive

MakeStudy = Callable[..., sweep.Study]
Inline = Callable[..., sweep.Run]

NEVER = sweep.Target("loss", -1)
LOSS = [("loss", 1)]


def ended(*scores: float | None) -> list[TrialRecord]:
    """Trials that ended in the order of their numbers, pruned where there is no score."""
    endings = [Ending.PRUNED if score is None else Ending.COMPLETE for score in scores]
    return [
        TrialRecord(n, {}, {}, {}, 0, n, ending, n + 1, score)
        for n, (score, ending) in enumerate(zip(scores, endings, strict=True))
    ]


def first_met(rule: Any, *scores: float | None, sign: int = 1) -> int | None:
    """After how many endings a rule is met."""
    goals = [("accuracy" if sign < 0 else "loss", sign)]
    limits = Limits([rule], goals, ended(*scores))
    return next((n for n in range(len(scores) + 1) if limits.reason(n)), None)


def test_a_target_is_reached_by_the_first_score_that_is_as_good() -> None:
    assert first_met(sweep.Target("loss", 0.2), 0.4, None, 0.2, 0.1) == 3
    assert first_met(sweep.Target("loss", 0.2), 0.4, None, 0.3) is None
    assert first_met(sweep.Target("accuracy", 0.9), 0.4, 0.95, sign=-1) == 2


def test_trials_without_improvement_count_from_the_best_on_however_they_end() -> None:
    rule = sweep.NoImprovement(trials=3)
    assert first_met(rule, None, None, None, None) is None
    assert first_met(rule, 0.4, 0.5, None, 0.4, 0.1) == 4
    assert first_met(rule, 0.4, 0.5, 0.3, 0.6, 0.3) is None
    assert first_met(rule, 0.4, 0.5, 0.6, 0.3, sign=-1) is None


def test_of_several_objectives_each_may_have_a_target_and_the_front_counts() -> None:
    goals = [("loss", 1), ("size", -1)]
    records = ended(0.5, 0.4, 0.6, 0.5, 0.7)
    for record, size in zip(records, (1.0, 2.0, 3.0, 1.0, 2.0), strict=True):
        record.further_scores = (size,)

    def first(rule: Any) -> int | None:
        limits = Limits([rule], goals, records)
        return next((n for n in range(6) if limits.reason(n)), None)

    assert first(sweep.Target("size", 3.0)) == 3
    assert first(sweep.Target("loss", 0.3)) is None
    assert first(sweep.NoImprovement(trials=2)) == 5


def test_a_search_that_is_over_stays_over_whatever_ends_later() -> None:
    limits = Limits([sweep.NoImprovement(trials=2)], LOSS, ended(0.4, 0.5, 0.6, 0.1))
    assert limits.reason() == "2 trials without improvement on trial 0"


def test_what_is_left_is_told() -> None:
    rules = (sweep.Target("loss", 0.01), sweep.NoImprovement(trials=30))
    limits = Limits(rules, LOSS, [], core_hours=2)
    assert limits.left() == [
        "no loss yet, target 0.01",
        "0 of 30 trials without improvement",
        "0 s of 2 h core time used",
    ]
    limits = Limits(rules, LOSS, ended(0.4, 0.5))
    assert not limits.reason()
    assert limits.left() == ["loss 0.4, target 0.01", "1 of 30 trials without improvement"]


def test_rules_come_back_from_json() -> None:
    rules = [sweep.Target("loss", 0.01), sweep.NoImprovement(trials=30)]
    assert rules_from_json(rules_as_json(rules)) == rules


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: sweep.Target("loss", float("nan")), "Target: expected value to be a finite num"),
        (lambda: sweep.Target("loss", "low"), "Target: expected value to be a finite number, got "),  # type: ignore[arg-type]
        (lambda: sweep.Target("", 1), "Target: expected metric to be the name of a metric, got ''"),
        (lambda: sweep.NoImprovement(trials=0), "expected trials to be a whole number >= 1, got 0"),
    ],
)
def test_bad_rules_are_refused(make: Callable[[], object], message: str) -> None:
    with pytest.raises(sweep.StudyError, match=re.escape(message)):
        make()


@pytest.mark.parametrize(
    ("until", "message"),
    [
        (0.01, "expected until to be Target(...), NoImprovement(...) or a tuple of them, got 0.01"),
        (None, "expected until to be Target(...), NoImprovement(...) or a tuple of them, got None"),
        (sweep.Target("error", 0.1), "the target in until to be of 'loss', which is minimized"),
    ],
)
def test_bad_values_of_until_are_refused(make_study: MakeStudy, until: Any, message: str) -> None:
    with pytest.raises(sweep.StudyError, match=re.escape(message)):
        make_study(until=until)


@pytest.mark.parametrize("hours", [0, -1, float("nan")])
def test_bad_core_hours_are_refused(hours: float) -> None:
    with pytest.raises(sweep.OptionError, match="expected core_hours to be a number > 0"):
        sweep.Options(core_hours=hours)


ASHA = sweep.Asha(min_epochs=1, factor=2, max_epochs=4)


@pytest.mark.parametrize(
    ("until", "pruner"),
    [
        (sweep.NoImprovement(trials=4), None),
        (sweep.Target("loss", 0.2), None),
        (sweep.NoImprovement(trials=3), ASHA),
    ],
)
def test_one_table_on_any_number_of_slots_and_after_kills(
    make_study: MakeStudy, tmp_path: Path, until: Any, pruner: Any
) -> None:
    study = make_study(deterministic=True, window=4, trials=40, until=until, pruner=pruner)
    tables = []
    for slots, kills, deaths in ((1, 0, 0.0), (3, 3, 0.1)):
        folder = tmp_path / f"{slots}-{kills}"
        folder.mkdir()
        records = drive(study, folder, slots, order=slots, kills=kills, deaths=deaths)
        assert all(record.has_ended for record in records)
        assert list(other_suggestions({0: study}, records)) == []
        tables.append(lasting(records))
    assert tables[0] == tables[1]
    assert len(tables[0]) < 40
    if pruner is None:
        met = next(n for n in range(40) if Limits([until], LOSS, records).reason(n))
        assert len(tables[0]) == met + study.window - 1


def test_running_trials_end_and_count_and_another_call_changes_nothing(
    make_study: MakeStudy, tmp_path: Path
) -> None:
    study = make_study(trials=40, until=sweep.NoImprovement(trials=5))
    records = drive(study, tmp_path, 3, order=1)
    assert all(record.ending is Ending.COMPLETE for record in records)
    assert len(drive(study, tmp_path, 3, order=2)) == len(records) < 40


def test_another_call_changes_nothing_and_a_looser_rule_continues(
    make_study: MakeStudy, inline: Inline, lasting: Callable[[sweep.Run], str]
) -> None:
    study = make_study(trials=30, until=(NEVER, sweep.NoImprovement(trials=3)))
    run = inline(study)
    n_trials = len(run.records)
    assert n_trials == run.n_trials < 30
    assert run.limits.reason().startswith("3 trials without improvement on trial")
    assert lasting(inline(study)) == lasting(run)
    looser = inline(replace(study, until=sweep.NoImprovement(trials=6)))
    assert n_trials + 3 <= len(looser.records) < 30
    assert len(inline(replace(study, until=())).records) == 30


def test_the_final_step_follows_a_search_that_a_rule_has_ended(
    make_study: MakeStudy, inline: Inline
) -> None:
    final = sweep.Final(
        data=lambda: None, test=lambda: None, evaluate=lambda *_: {"error": 0.5}, minimize="loss"
    )
    run = inline(make_study(until=sweep.NoImprovement(trials=1), trials=30, final=final))
    assert len(run.records) < 30
    assert run.test is not None


def test_core_hours_are_a_total_of_all_calls(make_study: MakeStudy, inline: Inline) -> None:
    study = make_study(trials=30)
    run = inline(study, core_hours=1e-9)
    assert [record.ending for record in run.records] == [Ending.COMPLETE]
    assert len(inline(study, core_hours=1e-9).records) == 1
    spent = run.limits.spent_seconds / 3600
    assert spent == pytest.approx(sum(r.cpu_seconds for r in run.records) / 3600)
    assert 1 < len(inline(study, core_hours=spent * 1.5).records) < 30
    assert len(inline(study).records) == 30


def test_the_live_view_shows_what_is_left(make_study: MakeStudy, tmp_path: Path) -> None:
    seen: list[str] = []

    def observe(snapshot: Snapshot, _event: object) -> None:
        seen.append(str(view(snapshot, [1.0], 200, 20).renderables[1]))

    options = sweep.Options(runs=tmp_path, pool="inline", core_hours=2)
    sweep.run(make_study(until=sweep.NoImprovement(trials=30)), options, observe)
    assert "of 30 trials without improvement" in seen[-1]
    assert "of 2 h core time used" in seen[-1]


def test_commands_tell_what_is_left_and_what_ended_the_search(
    study_file: Callable[..., Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    rules = "until=(sweep.NoImprovement(trials=3), sweep.Target('loss', -1))"
    words = ["run", str(study_file(("trials=5", f"trials=40, {rules}"))), "--pool", "inline"]
    assert main([*words, "--hours", "1e-9", "--core-hours", "2"]) == 0
    out = capsys.readouterr().out
    assert "1 of 40 trials have ended (0 of 3 trials without improvement; loss 0." in out
    assert "of 2 h core time used): run again to continue" in out
    assert main(words) == 0
    out = capsys.readouterr().out
    assert re.search(r"the search is over after \d+ trials, 3 trials without improvement on", out)
    assert main(["status", "toy"]) == 0
    out = capsys.readouterr().out
    assert re.search(r"limit: \d+ of at most 40 trials have ended", out)
    assert re.search(r"limit: 3 trials without improvement on trial \d+", out)
    assert re.search(r"limit: loss \S+, target -1", out)
    assert "core time" not in out
    assert main([*words, "--core-hours", "0"]) == 2
    assert "expected core_hours to be a number > 0, got 0.0" in capsys.readouterr().err
