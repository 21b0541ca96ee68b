"""A space that changes within a run: refused, or accepted if earlier trials keep their meaning."""

from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import sweep
from sweep.cli.main import main
from sweep.driver.earlier.space_changes import settle_space, with_former_spaces
from sweep.driver.verify.replay import other_suggestions
from sweep.reports.finals import runoff_result
from sweep.storage.database import Database
from sweep.storage.sqlite import SQLiteFile
from sweep.study.translation import translated
from tests.lasting import lasting as lasting_records
from tests.sweep.driver.shuffled import drive

MakeStudy = Callable[..., sweep.Study]
Inline = Callable[..., sweep.Run]


def space(trial: sweep.Trial) -> dict[str, Any]:
    config: dict[str, Any] = {"x": trial.suggest_float("x", -1, 1), "k": 1}
    if trial.suggest_categorical("kind", ("flat", "deep")) == "deep":
        config["k"] = trial.suggest_int("k", 1, 3)
    return config


def wider(trial: sweep.Trial) -> dict[str, Any]:
    """All changes that are accepted: wider, narrower, a choice more, a parameter more."""
    decay = trial.suggest_float("decay", 0, 1, before=0.0)
    config: dict[str, Any] = {"x": trial.suggest_float("x", -0.8, 2), "k": 1, "decay": decay}
    kind = trial.suggest_categorical("kind", ("wide", "flat", "deep"))
    if kind == "deep":
        config["k"] = trial.suggest_int("k", 1, 5)
    if trial.suggest_categorical("bias", (True, False), before=True):
        config["x"] += trial.suggest_int("shift", 0, 2, before=0)
    return config


def finite(trial: sweep.Trial) -> dict[str, Any]:
    return {"x": trial.suggest_int("x", 0, 4), "k": trial.suggest_int("k", 1, 2)}


def finer(trial: sweep.Trial) -> dict[str, Any]:
    config = {"x": trial.suggest_int("x", 1, 6), "k": trial.suggest_int("k", 1, 3)}
    return config | {"m": trial.suggest_categorical("m", ("a", "b"), before="b")}


CASES = [("tpe", space, wider), ("cmaes", space, wider), ("grid", finite, finer)]


@pytest.mark.parametrize(("sampler", "before", "after"), CASES)
def test_one_table_on_any_number_of_slots_and_after_kills(
    make_study: MakeStudy, tmp_path: Path, sampler: Any, before: Any, after: Any
) -> None:
    study = make_study(space=before, sampler=sampler, deterministic=True, window=4, trials=9)
    changed = replace(study, space=after, trials=20)
    tables = []
    for slots, kills, deaths in ((1, 0, 0.0), (3, 3, 0.1)):
        folder = tmp_path / f"{slots}-{kills}"
        folder.mkdir()
        earlier = drive(study, folder, slots, order=slots, kills=kills, deaths=deaths)
        with closing(Database(SQLiteFile(folder / "sweep.db"))) as database:
            table = database.ensure(study.name, minimize=True, attributes={})
            settle_space(changed, table, table.trials(), accept_changes=True)
            about = table.attributes()
        records = drive(changed, folder, slots, order=slots, kills=kills, deaths=deaths)
        assert lasting_records(records[:9]) == lasting_records(earlier)
        versions = with_former_spaces({0: changed, 4: changed, 9: changed}, records, about)
        assert list(other_suggestions(versions, records)) == []
        tables.append(lasting_records(records))
    assert tables[0] == tables[1]
    assert len(tables[0]) == 20


def test_a_grid_tries_every_point_of_the_new_space_once(
    make_study: MakeStudy, inline: Inline
) -> None:
    inline(make_study(space=finite, sampler="grid", trials=7))
    study = make_study(space=finer, sampler="grid", trials=99)
    run = inline(study, accept_changes=True)
    points = [translated(study, record.params) for record in run.records]
    found = [str(sorted(point.params.items())) for point in points if point is not None]
    assert len(found) == len({*found}) == 6 * 3 * 2
    assert sweep.replay(study, run) == []


def test_a_change_is_refused_until_it_is_accepted_and_then_on_record(
    make_study: MakeStudy, inline: Inline, lasting: Callable[[sweep.Run], str]
) -> None:
    former = inline(make_study(space=space, trials=8))
    study = make_study(space=wider, trials=14)
    with pytest.raises(
        sweep.RunError, match=r"undo the change, accept it with --accept-changes, or start another"
    ):
        inline(study)
    inline(replace(study, trials=8), accept_changes=True)
    run = inline(study)  # no trial has begun since, and nothing else has changed
    change = next(c for c in run.about["changes"] if "space" in c)
    assert change["from_trial"] == 8
    assert "x float -1..1" in change["before"]["space"]
    assert "x float -0.8..2" in change["after"]["space"]
    assert "decay 0.0" in change["before"]["space"]
    assert len(run.records) == 14
    assert [r.params for r in run.records[:8]] == [r.params for r in former.records]
    assert sweep.replay(study, run) == []
    assert sweep.replay(study, run, 2) == []
    assert sweep.replay(study, run, 12) == []
    assert "changed from trial 8 on" in (run.directory.path / "report.md").read_text()
    assert main(["enqueue", str(run.directory.path), "x=1.5", "k=3"]) == 0
    with pytest.raises(sweep.RunError, match="space that trial 8 was drawn from, got another"):
        inline(make_study(space=space, trials=14))


def test_a_second_change_before_any_trial_takes_the_place_of_the_first(
    make_study: MakeStudy, inline: Inline
) -> None:
    study = make_study(space=space, trials=5)
    inline(study)
    inline(replace(study, space=wider), accept_changes=True)
    with pytest.raises(sweep.RunError, match="space that trial 4 was drawn from, got another"):
        inline(replace(study, trials=8))
    run = inline(replace(study, trials=8), accept_changes=True)
    assert sweep.replay(replace(study, trials=8), run) == []
    again = replace(study, space=wider, trials=11)
    run = inline(again, accept_changes=True)
    assert [c["from_trial"] for c in run.about["changes"] if "space" in c] == [5, 5, 8]
    assert sweep.replay(again, run) == []


def test_what_is_out_of_range_stays_on_record_and_is_not_shown(
    make_study: MakeStudy, inline: Inline
) -> None:
    def narrow(trial: sweep.Trial) -> dict[str, Any]:
        return {"x": trial.suggest_float("x", -0.5, 0.5), "k": trial.suggest_int("k", 1, 3)}

    former = inline(make_study(trials=12))
    study = make_study(space=narrow, trials=16)
    run = inline(study, accept_changes=True)
    assert [r.params for r in run.records[:12]] == [r.params for r in former.records]
    assert any(abs(r.params["x"]) > 0.5 for r in run.records[:12])  # type: ignore[arg-type]
    assert all(abs(r.params["x"]) <= 0.5 for r in run.records[12:])  # type: ignore[arg-type]
    assert sweep.replay(study, run) == []


def test_a_trial_of_another_run_that_is_infeasible_here_is_left_out(make_study: MakeStudy) -> None:
    def refusing(trial: sweep.Trial) -> dict[str, Any]:
        config = one_less(trial)
        if config["x"] > 0:
            raise sweep.Infeasible("positive")
        return config

    study = make_study(space=refusing)
    assert translated(study, {"x": 0.5}) is None
    assert translated(study, {"x": -0.5}) is not None


def whole(trial: sweep.Trial) -> dict[str, Any]:
    return {
        "x": trial.suggest_int("x", -1, 1),
        "kind": trial.suggest_categorical("kind", ("flat", "deep")),
    }


def logarithmic(trial: sweep.Trial) -> dict[str, Any]:
    return {"x": trial.suggest_float("x", 0.1, 1, log=True), "k": trial.suggest_int("k", 1, 3)}


def one_choice_less(trial: sweep.Trial) -> dict[str, Any]:
    return {
        "x": trial.suggest_float("x", -1, 1),
        "k": trial.suggest_int("k", 1, 3),
        "kind": trial.suggest_categorical("kind", ("deep", "other")),
    }


def one_less(trial: sweep.Trial) -> dict[str, Any]:
    return {"x": trial.suggest_float("x", -1, 1), "k": 1}


def no_before(trial: sweep.Trial) -> dict[str, Any]:
    return space(trial) | {"decay": trial.suggest_float("decay", 0, 1)}


@pytest.mark.parametrize("after", [whole, logarithmic, one_choice_less, one_less, no_before])
def test_a_change_that_gives_trials_another_meaning_is_refused_always(
    make_study: MakeStudy, inline: Inline, after: Any
) -> None:
    inline(make_study(space=space, trials=6))
    with pytest.raises(sweep.RunError, match="undo the change, or start another run with --name"):
        inline(make_study(space=after, trials=8), accept_changes=True)


def grown(trial: sweep.Trial) -> dict[str, Any]:
    decay = trial.suggest_float("decay", 0, 1, before=0.0)
    return {"x": trial.suggest_float("x", -1, 1) + 9 * decay, "k": 1, "decay": decay}


@pytest.mark.parametrize("runoff", [1, 3])
def test_the_best_trial_is_trained_with_the_value_of_before_and_the_test_set_opened_once(
    make_study: MakeStudy, inline: Inline, runoff: int
) -> None:
    seen: list[dict[str, Any]] = []

    def evaluate(config: dict[str, Any], *_: object) -> dict[str, float]:
        seen.append(dict(config))
        return {"error": 0.5}

    final = sweep.Final(
        data=lambda: None,
        test=lambda: None,
        evaluate=evaluate,
        minimize="loss",
        runoff=runoff,
        runoff_repeats=1,
    )
    study = make_study(space=grown, trials=9, final=final, sampler="random")
    inline(make_study(space=one_less, trials=6, sampler="random"))
    run = inline(study, accept_changes=True)
    assert run.chosen is not None
    assert run.chosen.number < 6
    assert bool(runoff_result(run, run.records[run.chosen.number])) == (runoff > 1)
    assert [config["decay"] for config in seen] == [0.0]
    assert run.test is not None
    assert len(inline(study).finals) == len(seen) == 1
    fewer = make_study(space=one_less, trials=6, final=final, sampler="random")
    first = inline(fewer, name="before")
    again = inline(study, accept_changes=True, name="before")
    assert len(again.finals) == len(first.finals) == len(again.tests) == 1


def test_a_range_keeps_the_trials_that_are_still_to_be_trained(
    make_study: MakeStudy, inline: Inline, monkeypatch: pytest.MonkeyPatch
) -> None:
    def without(trial: sweep.Trial) -> dict[str, Any]:
        best = min(run.records, key=lambda r: r.score or 9).params["x"]
        low = -1 if best > 0 else 1  # type: ignore[operator]
        return {"x": trial.suggest_float("x", min(low, 0), max(0, low)), "k": 1}

    run = inline(make_study(space=one_less, trials=5))
    final = sweep.Final(
        data=lambda: None, test=lambda: None, evaluate=lambda *_: {"error": 0.5}, minimize="loss"
    )
    study = make_study(space=without, trials=6)
    with pytest.raises(sweep.RunError, match="undo the change, or start"):
        inline(replace(study, final=final), accept_changes=True)
    assert len(inline(study, accept_changes=True).records) == 6


@pytest.mark.parametrize(
    "draw",
    [
        lambda trial: trial.suggest_float("x", 0, 1, before="none"),
        lambda trial: trial.suggest_float("x", 0, 1, before=float("inf")),
        lambda trial: trial.suggest_int("x", 0, 1, before=0.5),
        lambda trial: trial.suggest_categorical("x", ("a", "b"), before="c"),
    ],
)
def test_a_value_of_before_is_like_those_of_now(make_study: MakeStudy, draw: Any) -> None:
    study = make_study(space=lambda trial: {"x": draw(trial)})
    with pytest.raises(
        sweep.StudyError, match="expected before of 'x' to be a value like those in"
    ):
        translated(study, {})


def test_the_command_accepts_a_change_and_replays_both_sides(
    study_file: Callable[..., Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    words = ["run", str(study_file()), "--pool", "inline", "--quiet"]
    assert main(words) == 0
    study_file(('"x", -1, 1', '"x", -2, 1'))
    more = [*words, "--trials", "9"]
    assert main(more) == 2
    assert "accept it with --accept-changes" in capsys.readouterr().err
    assert main([*more, "--accept-changes"]) == 0
    assert main(["replay", "toy"]) == 0
    assert "9 of 9 suggestions are identical" in capsys.readouterr().out
    assert main(["replay", "toy", "--trial", "1"]) == 0
