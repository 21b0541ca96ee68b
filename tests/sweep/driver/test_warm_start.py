"""Warm starts: other runs' trials are shown to the sampler, and on record."""

import re
import shutil
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import optuna
import pytest

import sweep
from sweep.cli.main import main
from sweep.driver.earlier.warm_start import earlier_trials, record_warm_start
from sweep.driver.verify.replay import other_suggestions
from sweep.samplers.sampler import Sampler
from sweep.storage.database import Database
from sweep.storage.sqlite import SQLiteFile
from tests.lasting import lasting as lasting_records
from tests.sweep.driver.shuffled import drive

MakeStudy = Callable[..., sweep.Study]
Inline = Callable[..., sweep.Run]


def optuna_study(folder: Path, name: str = "other", *, n: int = 8, **options: Any) -> str:
    """An Optuna study of the toy space; returns the URL of its storage."""
    url = f"sqlite:///{folder}/optuna.db"
    with closing(Database(SQLiteFile(folder / "optuna.db"))) as database:
        study = optuna.create_study(
            storage=database._storage, study_name=name, load_if_exists=True, **options
        )
        for i in range(n):
            trial = study.ask()
            x, _ = trial.suggest_float("x", -1, 1), trial.suggest_int("k", 1, 3)
            if i == 2 and len(study.directions) == 1:
                trial.report(x, 1)
                study.tell(trial, state=optuna.trial.TrialState.PRUNED)
            elif i == 3:
                study.tell(trial, state=optuna.trial.TrialState.FAIL)
            else:
                study.tell(trial, [x * x] * len(study.directions))
    return url


@pytest.fixture
def earlier(make_study: MakeStudy, tmp_path: Path) -> str:
    """A finished run of the toy study with pruned and failed trials."""

    def train(config: dict[str, Any], *_: object) -> Any:
        if config["x"] > 0.8:
            raise ValueError("too large")
        for epoch in range(3):
            yield {"loss": abs(config["x"]) + epoch / 10}

    pruner = sweep.Median(0, 2)
    study = make_study(name="earlier", train=train, pruner=pruner, trials=14, sampler="random")
    sweep.run(study, sweep.Options(runs=tmp_path / "runs", pool="inline"), progress=False)
    return str(tmp_path / "runs" / "earlier")


@pytest.mark.parametrize("sampler", ["tpe", "cmaes", "nsga2"])
def test_one_table_on_any_number_of_slots_and_after_kills(
    make_study: MakeStudy, tmp_path: Path, earlier: str, sampler: Any
) -> None:
    study = make_study(
        sampler=sampler, deterministic=True, window=4, trials=16, warm_start=(earlier,)
    )
    tables = []
    for slots, kills, deaths in ((1, 0, 0.0), (3, 3, 0.1)):
        folder = tmp_path / f"{slots}-{kills}"
        folder.mkdir()
        with closing(Database(SQLiteFile(folder / "sweep.db"))) as database:
            table = database.ensure(study.name, minimize=True, attributes={})
            record_warm_start(study, table, Path("runs"))
            about = table.attributes()
        records = drive(study, folder, slots, order=slots, kills=kills, deaths=deaths)
        assert list(other_suggestions({0: study}, records, about)) == []
        tables.append(lasting_records(records))
    assert tables[0] == tables[1]
    assert len(tables[0]) == 16
    assert len(earlier_trials(study, about)) == 14


@pytest.mark.parametrize("sampler", ["tpe", "gp", "cmaes", "nsga2", "nsga3"])
def test_samplers_see_them_as_optuna_does(
    make_study: MakeStudy, tmp_path: Path, sampler: Any
) -> None:
    url = optuna_study(tmp_path)
    study = make_study(sampler=sampler, warm_start=(url,))
    with closing(Database(SQLiteFile(tmp_path / "sweep.db"))) as database:
        table = database.ensure(study.name, minimize=True, attributes={})
        record_warm_start(study, table, Path("runs"))
        sampling = Sampler(study, earlier_trials(study, table.attributes()))
    shown = sampling._copy.get_trials(deepcopy=False)
    states = [trial.state.name for trial in shown]
    assert states == ["COMPLETE"] * 2 + ["PRUNED"] + ["COMPLETE"] * 4
    assert shown[0].value == shown[0].params["x"] ** 2
    assert shown[2].intermediate_values == {1: shown[2].params["x"]}
    assert sampling.ask(0).params.keys() == {"x", "k"}


@pytest.mark.parametrize("sampler", ["tpe", "cmaes"])
def test_samplers_learn_from_them(
    make_study: MakeStudy, inline: Inline, tmp_path: Path, sampler: Any
) -> None:
    inline(make_study(name="earlier", sampler="random", trials=30))
    earlier = str(tmp_path / "runs" / "earlier")
    cold = inline(make_study(sampler=sampler, trials=8))
    warm = inline(make_study(sampler=sampler, trials=8, warm_start=(earlier,)), name="warm")
    assert [record.number for record in warm.records] == list(range(8))  # theirs do not count
    large = [[abs(r.params["x"]) for r in run.records] for run in (warm, cold)]  # type: ignore[arg-type]
    assert sum(large[0]) < 0.8 * sum(large[1])


def test_cmaes_begins_with_trials_of_a_conditional_space(
    make_study: MakeStudy, inline: Inline, tmp_path: Path
) -> None:
    def branching(trial: sweep.Trial) -> dict[str, Any]:
        config = {"x": trial.suggest_float("x", -1, 1), "k": trial.suggest_int("k", 1, 3)}
        if trial.suggest_categorical("more", (True, False)):
            config["x"] += trial.suggest_float("y", 0, 0.1)
        return config

    study = make_study(space=branching, sampler="cmaes", trials=12)
    only_more = tuple({"more": True} for _ in range(12))
    inline(replace(study, name="earlier", first=only_more))
    run = inline(replace(study, warm_start=(str(tmp_path / "runs" / "earlier"),)))
    assert {record.params["more"] for record in run.records} == {True, False}
    assert sweep.replay(replace(study, warm_start=run.about["warm_start"]), run) == []


def test_the_other_run_is_not_needed_any_more(
    make_study: MakeStudy, inline: Inline, earlier: str, lasting: Callable[[sweep.Run], str]
) -> None:
    study = make_study(trials=9, warm_start=(earlier,))
    whole = inline(study, name="whole")
    inline(replace(study, trials=4))
    shutil.rmtree(earlier)
    assert lasting(inline(study)) == lasting(whole)
    assert sweep.replay(study, whole) == []
    with pytest.raises(sweep.RunError, match=r"warm_start .*earlier.* -> None; undo them, accept"):
        inline(replace(study, warm_start=()))


def test_one_that_is_added_later_is_a_change_from_then_on(
    make_study: MakeStudy, inline: Inline, earlier: str
) -> None:
    inline(make_study(trials=4))
    study = make_study(trials=8, warm_start=(earlier,))
    with pytest.raises(sweep.RunError, match=r"warm_start None -> .*earlier"):
        inline(study)
    about = sweep.Run(Path(earlier).parent / "toy").about
    assert not [key for key in about if "warm_start:" in key]
    run = inline(study, accept_changes=True)
    assert sweep.replay(study, run) == []
    assert run.about["changes"][0]["from_trial"] == 4


def test_trials_out_of_range_are_left_out(
    make_study: MakeStudy, inline: Inline, earlier: str
) -> None:
    def narrow(trial: sweep.Trial) -> dict[str, Any]:
        return {"x": trial.suggest_float("x", -0.5, 0.5), "k": trial.suggest_int("k", 1, 3)}

    study = make_study(space=narrow, warm_start=(earlier,), trials=2)
    run = inline(study)
    shown = earlier_trials(study, run.about)
    assert 0 < len(shown) < 14
    assert all(abs(record.params["x"]) <= 0.5 for record in shown)  # type: ignore[arg-type]


def test_a_parameter_that_is_new_has_the_value_of_before(
    make_study: MakeStudy, inline: Inline, earlier: str
) -> None:
    def more(trial: sweep.Trial) -> dict[str, Any]:
        decay = trial.suggest_float("decay", 0, 1, before=0.0)
        return {
            "x": trial.suggest_float("x", -1, 1),
            "k": trial.suggest_int("k", 1, 3),
            "decay": decay,
        }

    study = make_study(space=more, warm_start=(earlier,), trials=2)
    assert {r.params["decay"] for r in earlier_trials(study, inline(study).about)} == {0.0}


def other_names(trial: sweep.Trial) -> dict[str, Any]:
    return {"x": trial.suggest_float("x", -1, 1), "k": trial.suggest_int("depth", 1, 3)}


def fewer(trial: sweep.Trial) -> dict[str, Any]:
    return {"x": trial.suggest_float("x", -1, 1), "k": 1}


def elsewhere(trial: sweep.Trial) -> dict[str, Any]:
    return {"x": trial.suggest_float("x", 5, 6), "k": trial.suggest_int("k", 1, 3)}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"space": other_names}, r"others \(.*got a new one, 'depth'\); leave it out, or give new"),
        (
            {"space": fewer},
            r"expected parameters of this space in .*earlier, got .*'x'.*, got also 'k'",
        ),
        ({"space": elsewhere}, r"got none of 14 ended trials \(.*'x' in float 5..6, got "),
        ({"minimize": "error"}, "expected a run that should minimize error, got .* minimize loss"),
        ({"minimize": None, "maximize": "loss"}, "should maximize loss, got .* minimize loss"),
        ({"sampler": "random"}, "sampler that learns from other trials .* got 'random'; leave one"),
        ({"warm_start": ("nowhere",)}, "got 'nowhere'; check the path"),
        ({"warm_start": ("sqlite:///no.db",)}, "found no file 'sqlite:///no.db'"),
    ],
)
def test_a_warm_start_that_does_not_fit_is_refused_and_leaves_no_trace(
    make_study: MakeStudy, inline: Inline, earlier: str, changes: dict[str, Any], message: str
) -> None:
    study = make_study(**{"warm_start": (earlier,)} | changes)
    with pytest.raises(sweep.SweepError, match=message):
        inline(study)
    assert not Path(earlier).with_name("toy").exists()
    assert not Path("no.db").exists()


def test_a_study_of_optuna_is_named_if_there_are_several(
    make_study: MakeStudy, inline: Inline, tmp_path: Path
) -> None:
    optuna_study(tmp_path)
    url = optuna_study(tmp_path, "second", directions=["minimize", "maximize"])
    study = make_study(trials=1)
    for source, message in (
        (url, "::NAME with the name of a study in it, ['other', 'second'], got 'no name'"),
        (f"{url}::third", "['other', 'second'], got 'third'"),
        (f"{url}::second", "expected a study with one objective, got 'second' with 2"),
        (f"sqlite:///{__file__}", "expected a storage of Optuna, got sqlite:///"),
    ):
        with pytest.raises(sweep.OptionError, match=re.escape(message)):
            inline(replace(study, warm_start=(source,)))
    run = inline(replace(study, warm_start=(f"{url}::other",)))
    assert len(run.about[f"warm_start:{url}::other"]["trials"]) == 7


@pytest.mark.parametrize("value", ["runs/earlier", (1,), ("",)])
def test_what_is_no_list_of_runs_is_refused(make_study: MakeStudy, value: Any) -> None:
    with pytest.raises(sweep.StudyError, match="expected warm_start to be a tuple of runs or of "):
        make_study(warm_start=value)


def test_the_command_takes_several(
    study_file: Callable[..., Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    words = ["run", str(study_file()), "--pool", "inline", "--quiet"]
    assert main([*words, "--name", "first"]) == 0
    url = optuna_study(tmp_path)
    warm = ["--warm-start", "first", "--warm-start", url]
    assert main([*words, *warm]) == 0
    assert main([*words, *warm, "--trials", "7"]) == 0
    assert main(["replay", "toy"]) == 0
    assert "7 of 7 suggestions are identical" in capsys.readouterr().out
    assert main([*words, "--name", "other", "--warm-start", "none"]) == 2
    assert "got 'none'; check the path" in capsys.readouterr().err
