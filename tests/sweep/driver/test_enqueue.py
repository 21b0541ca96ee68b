"""Parameters that a person enqueues for the next trial."""

import re
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import sweep
from sweep.cli.main import main
from sweep.driver.verify.replay import other_suggestions
from sweep.samplers.sampler import Sampler
from sweep.storage.database import Backend, Database
from sweep.storage.enqueued import n_waiting, new_key
from sweep.storage.sqlite import SQLiteFile
from sweep.trials.records import TrialRecord
from tests.lasting import lasting as lasting_records
from tests.sweep.driver.shuffled import drive

MakeStudy = Callable[..., sweep.Study]
Inline = Callable[..., sweep.Run]

WHOLE, PART = {"x": 0.25, "k": 2}, {"k": 3}


def space(trial: sweep.Trial) -> dict[str, Any]:
    config: dict[str, Any] = {"x": trial.suggest_int("x", -3, 3), "k": 1}
    if trial.suggest_categorical("deep", (True, False)):
        config["k"] = trial.suggest_int("k", 1, 4)
    return config


def fill(folder: Path, study: sweep.Study, *enqueued: dict[str, Any]) -> None:
    with closing(Database(SQLiteFile(folder / "sweep.db"))) as database:
        table = database.ensure(study.name, minimize=True, attributes={})
        for params in enqueued:
            table.set_attribute(new_key(), params)


@pytest.mark.parametrize("sampler", ["tpe", "cmaes", "grid"])
def test_one_table_on_any_number_of_slots_and_after_kills(
    make_study: MakeStudy, tmp_path: Path, sampler: Any
) -> None:
    first = ({"x": 1, "deep": True},)
    study = make_study(
        space=space, sampler=sampler, deterministic=True, window=4, trials=20, first=first
    )
    wanted = {"x": 2, "deep": True, "k": 4}, {"x": -3}, {"deep": False, "k": 3}
    tables = []
    for slots, kills, deaths in ((1, 0, 0.0), (3, 3, 0.1)):
        folder = tmp_path / f"{slots}-{kills}"
        folder.mkdir()
        fill(folder, study, *wanted)
        records = drive(study, folder, slots, order=slots, kills=kills, deaths=deaths)
        assert list(other_suggestions({0: study}, records)) == []
        tables.append(lasting_records(records))
    assert tables[0] == tables[1]
    assert [record.source for record in records] == ["enqueued"] * 3 + ["first"] + [""] * 16
    assert records[0].params == wanted[0]
    assert records[1].params["x"] == -3
    assert (records[2].params["deep"], "k" in records[2].params) == (False, False)
    assert records[3].params.items() >= first[0].items()
    assert records[2].given == wanted[2]


def test_a_grid_still_has_every_point_once(make_study: MakeStudy, tmp_path: Path) -> None:
    study = make_study(space=space, sampler="grid", trials=99)
    records = drive(study, tmp_path, 1, order=0, kills=0)
    assert len(records) == 7 * 5
    folder = tmp_path / "again"
    folder.mkdir()
    half = replace(study, trials=12)
    drive(half, folder, 1, order=0)
    rest = [r.params for r in records if r.params not in [n.params for n in records[:12]]]
    fill(folder, study, rest[-1], rest[3])
    again = drive(study, folder, 1, order=0, kills=4)
    assert [record.params for record in again[12:14]] == [rest[-1], rest[3]]
    assert sorted(map(str, (r.params for r in again))) == sorted(
        map(str, (r.params for r in records))
    )


def test_an_enqueued_value_that_a_trial_cannot_have_is_not_used(make_study: MakeStudy) -> None:
    def narrow(trial: sweep.Trial) -> dict[str, Any]:
        k = trial.suggest_int("k", 1, 2)
        return {"x": trial.suggest_float("x", 0, k), "k": k}

    from sweep.samplers.given import Given

    for sampler in ("tpe", "random"):
        study = make_study(space=narrow, sampler=sampler)
        trial = Sampler(study).ask(0, given=Given({"k": 1, "x": 1.5, "y": 2}, "enqueued"))
        assert trial.params["k"] == 1
        assert 0 <= trial.params["x"] <= 1  # type: ignore[operator]


@pytest.mark.parametrize("sampler", ["tpe", "cmaes", "grid"])
def test_what_space_refuses_is_not_insisted_on(
    make_study: MakeStudy, tmp_path: Path, sampler: Any
) -> None:
    def refusing(trial: sweep.Trial) -> dict[str, Any]:
        x, k = trial.suggest_int("x", -3, 3), trial.suggest_int("k", 1, 4)
        if x + k > 5 or k == 2:
            raise sweep.Infeasible("too large")
        return {"x": x, "k": k}

    study = make_study(space=refusing, sampler=sampler, deterministic=True, window=2, trials=10)
    tables = []
    for slots, kills in ((1, 0), (2, 3)):
        folder = tmp_path / f"{slots}-{kills}"
        folder.mkdir()
        fill(folder, study, {"x": 3, "k": 4}, {"k": 2}, {"x": 1, "k": 3})
        records = drive(study, folder, slots, order=slots, kills=kills)
        assert list(other_suggestions({0: study}, records)) == []
        tables.append(lasting_records(records))
    assert tables[0] == tables[1]
    assert [record.source for record in records[:4]] == ["enqueued"] * 3 + [""]
    assert records[0].params != records[0].given
    assert records[2].params == records[2].given


def test_a_run_takes_them_while_it_is_running_and_each_once(
    make_study: MakeStudy, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def observe(_snapshot: object, event: object) -> None:
        if isinstance(event, TrialRecord) and event.number == 1:
            assert main(["enqueue", str(tmp_path / "toy"), "x=0.25", "k=2"]) == 0
            assert main(["enqueue", str(tmp_path / "toy"), "k=3"]) == 0

    study = make_study(trials=6)
    run = sweep.run(study, sweep.Options(runs=tmp_path, pool="inline"), observe)
    assert "(2 trials waiting)" in capsys.readouterr().out
    assert [r.source for r in run.records] == ["", "", "enqueued", "enqueued", "", ""]
    assert run.records[2].params == WHOLE
    assert run.records[3].params["k"] == 3
    assert n_waiting(run.about) == 0
    assert list(run.trials()["source"]) == ["sampler"] * 2 + ["enqueued"] * 2 + ["sampler"] * 2
    assert sweep.replay(study, run) == []
    assert "enqueued" in run.directory.report.read_text()


def test_they_wait_until_there_are_more_trials(make_study: MakeStudy, inline: Inline) -> None:
    study = make_study(trials=3)
    run = inline(study)
    assert main(["enqueue", str(run.directory.path), "k=3"]) == 0
    assert n_waiting(inline(study).about) == 1
    more = inline(replace(study, trials=5))
    assert [record.source for record in more.records] == ["", "", "", "enqueued", ""]


def test_a_trial_and_the_parameters_it_uses_are_one_transaction(
    make_study: MakeStudy, backend: Backend, monkeypatch: pytest.MonkeyPatch
) -> None:
    sampler = Sampler(make_study())
    trial = sampler.ask(0)
    record = TrialRecord(0, trial.params, trial.domains, {}, 0, 0)
    with closing(Database(backend, drives=True)) as database:
        table = database.ensure("toy", minimize=True, attributes={})
        assert table.next_enqueued() == ("", {})
        for params in (WHOLE, PART):
            table.set_attribute(new_key(), params)
        key, params = table.next_enqueued()
        assert params == WHOLE
        with monkeypatch.context() as patch:
            patch.setattr("sweep.storage.trial_table.take", killed)
            with pytest.raises(KeyboardInterrupt):
                table.add(record, key)
        assert (table.trials(), table.next_enqueued()) == ([], (key, WHOLE))
        table.add(record, key)
        assert len(table.trials()) == 1
        assert table.next_enqueued()[1] == PART


def killed(*_: object) -> None:
    raise KeyboardInterrupt


@pytest.fixture
def toy(study_file: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    kinds = 'trial.suggest_int("k", 1, 3)', 'trial.suggest_categorical("k", (1, 2.5, None, "a"))'
    loss = 'config["k"] / (epoch + 1)', "epoch"
    path = study_file(kinds, loss, ("trials=5", "trials=3"))
    assert main(["run", str(path), "--pool", "inline", "--quiet"]) == 0
    return path


def test_the_command_checks_writes_and_tells(toy: Path, capsys: pytest.CaptureFixture[str]) -> None:
    capsys.readouterr()
    assert main(["enqueue", "toy", "x=0.5", "k=null"]) == 0
    out = capsys.readouterr().out
    assert "enqueued for toy: x=0.5, k=None (1 trial waiting)" in out
    assert "all 3 trials have begun: run it with more --trials" in out
    assert main(["enqueue", "toy", "k=a"]) == 0
    assert main(["status", "toy"]) == 0
    assert "enqueued: 2 trials" in capsys.readouterr().out
    assert main(["run", str(toy), "--pool", "inline", "--quiet", "--trials", "5"]) == 0
    assert main(["replay", "toy"]) == 0
    assert "5 of 5 suggestions are identical" in capsys.readouterr().out
    assert main(["show", "toy", "3"]) == 0
    assert 'enqueued: {"x": 0.5, "k": null}' in capsys.readouterr().out
    assert sweep.Run("runs/toy").records[4].params["k"] == "a"


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["x=3"], "enqueue: expected 'x' in float -1..1, got 3.0"),
        (["x=low"], "enqueue: expected 'x' in float -1..1, got 'low'"),
        (["k=2"], "enqueue: expected 'k' in one of 1, 2.5, None, 'a', got '2'"),
        (["y=1"], "enqueue: expected parameters that trials have, ['k', 'x'], got 'y'; fix the na"),
        (["x"], "enqueue: expected NAME=VALUE, got 'x'"),
        (["x=0", "x=0.5"], "enqueue: expected every parameter once, got 'x=0.5'"),
        ([], "Missing argument 'NAME=VALUE...'"),
    ],
)
def test_what_no_trial_could_have_is_refused_and_nothing_written(
    toy: Path, capsys: pytest.CaptureFixture[str], words: list[str], message: str
) -> None:
    assert main(["enqueue", "toy", *words]) == 2
    assert re.search(re.escape(message), capsys.readouterr().err)
    with closing(sqlite3.connect("runs/toy/sweep.db")) as connection:
        count = "SELECT count(*) FROM study_user_attributes WHERE key LIKE 'enqueued:%'"
        assert connection.execute(count).fetchone() == (0,)
