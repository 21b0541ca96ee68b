"""Finals that can be trusted: a runoff with new seeds, and several final trainings."""

import json
from collections.abc import Callable, Iterator
from contextlib import closing
from itertools import count
from statistics import fmean, stdev
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import load_file

import sweep
from sweep.cli.main import main
from sweep.storage.database import Database
from sweep.storage.sqlite import SQLiteFile
from sweep.study.seeds import derive_seed

MakeStudy = Callable[..., sweep.Study]
Inline = Callable[..., sweep.Run]

XS = (0.5, 0.2, 0.9, 0.3)
"""Trial 1 is the best of them, if luck does not count."""

LUCKY = derive_seed(0, "toy", 2)
"""The seed of the search with which trial 2, the worst, has the best score."""


def luck(seed: int) -> float:
    return -9.0 if seed == LUCKY else (seed % 100) / 1000


def train(
    config: dict[str, Any], data: str, seed: int, state: dict[str, Any] | None
) -> Iterator[sweep.Epoch]:
    metric = "loss" if data == "search" else "train_loss"
    for epoch in range(0 if state is None else state["epoch"], 2):
        weights = {"w": np.array([config["x"], seed % 100])}
        value = config["x"] + luck(seed)
        yield sweep.Epoch({metric: value}, {"epoch": epoch + 1, "weights": weights})


opened: list[str] = []


@pytest.fixture(autouse=True)
def nothing_opened() -> None:
    opened.clear()


def open_test_set() -> str:
    opened.append("test")
    return "test"


def evaluate(config: dict[str, Any], state: dict[str, Any], test: str) -> dict[str, Any]:
    assert test == "test"
    assert state["weights"]["w"][0] == config["x"]
    return {"error": float(state["weights"]["w"][1])}


def ensemble(config: dict[str, Any], states: list[dict[str, Any]], test: str) -> dict[str, Any]:
    return {"error": min(evaluate(config, state, test)["error"] for state in states)}


@pytest.fixture
def study(make_study: MakeStudy) -> Callable[..., sweep.Study]:
    def make(final: dict[str, Any] | None = None, **changes: Any) -> sweep.Study:
        fields: dict[str, Any] = {
            "data": lambda: "final",
            "test": open_test_set,
            "evaluate": evaluate,
            "minimize": "train_loss",
            "runoff": 3,
            "runoff_repeats": 2,
        }
        first = tuple({"x": x, "k": 1} for x in XS)
        declared = {"train": train, "data": lambda: "search", "first": first, "trials": len(XS)}
        return make_study(final=sweep.Final(**fields | (final or {})), **declared | changes)

    return make


def test_new_seeds_alone_decide(
    study: MakeStudy, inline: Inline, capsys: pytest.CaptureFixture[str]
) -> None:
    run = inline(study())
    assert run.best is not None
    assert run.chosen is not None
    assert [trial.number for trial in run.finalists] == [2, 1, 3]
    assert (run.best.number, run.chosen.number) == (2, 1)
    assert [record.params["x"] for record in run.runoff] == [0.9, 0.2, 0.3] * 2
    assert len({record.seed for record in [*run.records, *run.runoff, *run.finals]}) == 11
    assert [record.params["x"] for record in run.finals] == [0.2]
    best = json.loads((run.directory.best / "config.json").read_text())
    weights = load_file(run.directory.best / "weights.safetensors")["w"]
    assert (best["trial"], best["config"]["x"], weights[0]) == (1, 0.2, 0.2)
    scores = [record.score or 0 for record in run.runoff if record.params["x"] == 0.2]
    text = f"trial 1, loss {fmean(scores):.4g} ± {stdev(scores):.2g} over 2 new trainings"
    report = (run.directory.path / "report.md").read_text()
    assert f"A runoff of the best 3 chose {text}." in report
    assert "\n|       1 |  0.271 |" in report.partition("## Runoff")[2].partition("## Final")[0]
    assert "Chosen: trial 1." in (run.directory.path / "report.html").read_text()
    for command in (["best"], ["status"]):
        capsys.readouterr()
        assert main([*command, str(run.directory.path)]) == 0
        assert f"runoff of the best 3: {text}\n" in capsys.readouterr().out
    assert main(["show", str(run.directory.path), "1"]) == 0
    assert f"runoff: {text.partition(', ')[2]}, chosen\n" in capsys.readouterr().out
    assert main(["show", str(run.directory.path), "0"]) == 0
    assert "runoff" not in capsys.readouterr().out


def test_the_highest_mean_wins_where_higher_is_better(study: MakeStudy, inline: Inline) -> None:
    run = inline(study(minimize=None, maximize="loss"))
    assert [trial.number for trial in run.finalists] == [0, 3, 1]
    assert run.chosen is run.records[0]


def test_the_test_set_is_opened_once_for_all_final_trainings(
    study: MakeStudy, inline: Inline, capsys: pytest.CaptureFixture[str]
) -> None:
    for _ in range(2):
        run = inline(study({"repeats": 3, "ensemble": ensemble}))
    assert len(opened) == 1
    assert run.test is not None
    errors = [float(record.seed % 100) for record in run.finals]
    assert [metrics["error"] for metrics in run.test.each] == errors
    assert len(set(errors)) == 3
    assert run.test.metrics == {"error": fmean(errors)}
    assert run.test.spread == {"error": stdev(errors)}
    assert run.test.ensemble == {"error": min(errors)}
    assert run.final is run.finals[0]
    assert load_file(run.directory.best / "weights.safetensors")["w"][1] == errors[0]
    text = f"error {fmean(errors):.4g} ± {stdev(errors):.2g} over 3 trainings"
    text += f"; as an ensemble error {min(errors):.4g}"
    report = (run.directory.path / "report.md").read_text()
    assert f"it reaches {text} on the test set" in report
    assert f"final trainings 0, 1, 2, {text}, at " in report
    page = (run.directory.path / "report.html").read_text()
    assert f"<dt>error, ensemble</dt><dd>{min(errors):.4g}</dd>" in page
    capsys.readouterr()
    assert main(["best", str(run.directory.path)]) == 0
    assert f"test set, opened after the search: {text}\n" in capsys.readouterr().out
    best = json.loads((run.directory.best / "config.json").read_text())
    assert best["test_std"] == run.test.spread
    assert best["test_ensemble"] == run.test.ensemble


def test_exhibits_are_those_of_the_first_training_and_of_the_ensemble(
    study: MakeStudy, inline: Inline
) -> None:
    number = count()

    def showing(*_: object) -> sweep.Evaluation:
        return sweep.Evaluation({}, [sweep.Exhibit.text(f"call {next(number)}", "")])

    run = inline(study({"evaluate": showing, "ensemble": showing, "repeats": 2, "runoff": 1}))
    (opening,) = run.tests
    assert [exhibit.title for exhibit in opening.exhibits] == ["call 0", "call 2"]


def stopping_after(n: int, train: Any) -> Any:
    """A train function that ends the driver in place of its n-th epoch."""
    left = count(-n)

    def stopped(*arguments: Any) -> Iterator[sweep.Epoch]:
        for epoch in train(*arguments):
            if next(left) == 0:
                raise KeyboardInterrupt
            yield epoch

    return stopped


def results(run: sweep.Run) -> list[Any]:
    records = [*run.records, *run.runoff, *run.finals]
    lasting = [(r.number, r.params, r.seed, r.score, r.ending) for r in records]
    return [*lasting, run.tests[-1].metrics, (run.directory.best / "config.json").read_text()]


def test_killed_anywhere_and_resumed_the_results_are_the_same(
    study: MakeStudy, inline: Inline
) -> None:
    whole = inline(study({"repeats": 2}), name="whole")
    n_epochs = sum(len(r.epochs) for r in [*whole.records, *whole.runoff, *whole.finals])
    assert n_epochs == 2 * (4 + 6 + 2)
    for n in (9, 14, 19, 22):
        broken = study({"repeats": 2}, train=stopping_after(n, train))
        with pytest.raises(KeyboardInterrupt):
            inline(broken, name=f"killed-{n}")
        assert results(inline(broken, name=f"killed-{n}")) == results(whole)


def test_without_them_nothing_is_recorded_that_earlier_versions_do_not_know(
    study: MakeStudy, inline: Inline
) -> None:
    run = inline(study({"runoff": 1}))
    with closing(Database(SQLiteFile(run.directory.database))) as database:
        assert database.studies() == ["toy", "toy-final"]
        (opening,) = database.study("toy-final").attributes()["tests"]
    assert opening.keys() == {"trial", "params", "opened", "metrics", "exhibits"}
    assert run.chosen is run.best


def test_fewer_trials_than_finalists_are_all_in_the_runoff(
    study: MakeStudy, inline: Inline
) -> None:
    run = inline(study({"runoff": 9}, trials=2))
    assert len(run.runoff) == 4
    alone = inline(study({"runoff": 9}, trials=1), name="alone")
    assert alone.runoff == []
    assert alone.test is not None


def test_a_configuration_is_one_finalist_however_many_trials_tried_it(
    study: MakeStudy, inline: Inline
) -> None:
    first = tuple({"x": x, "k": 1} for x in (0.2, 0.2, 0.5))
    run = inline(study({"runoff": 2}, first=first, duplicates="rerun", trials=3))
    assert {trial.params["x"] for trial in run.finalists} == {0.2, 0.5}


def test_a_longer_search_adds_what_is_missing_and_records_another_opening(
    study: MakeStudy, inline: Inline
) -> None:
    short = inline(study({"repeats": 2}, trials=3))
    longer = inline(study({"repeats": 2}, trials=4))
    assert [r.params["x"] for r in short.runoff] == [0.9, 0.2, 0.5] * 2
    assert [r.params["x"] for r in longer.runoff] == [0.9, 0.2, 0.5] * 2 + [0.3] * 2
    assert longer.finals == short.finals
    assert len(opened) == 1
    better = (*({"x": x, "k": 1} for x in XS), {"x": -1.0, "k": 1})
    best = inline(study({"repeats": 2}, trials=5, first=better))
    assert [r.params["x"] for r in best.finals] == [0.2, 0.2, -1.0, -1.0]
    assert [test.trainings for test in best.tests] == [[0, 1], [2, 3]]
    assert len(opened) == 2


def test_more_repeats_keep_those_that_there_are(study: MakeStudy, inline: Inline) -> None:
    first = inline(study({"runoff": 1}))
    more = inline(study({"runoff": 1, "repeats": 3}))
    assert more.finals[:1] == first.finals
    assert [test.trainings for test in more.tests] == [[0], [0, 1, 2]]
    assert more.test is not None
    assert more.test.trainings == [0, 1, 2]
    assert inline(study({"runoff": 1})).tests == more.tests


def test_a_runoff_may_be_added_and_left_out_later(study: MakeStudy, inline: Inline) -> None:
    chosen = [inline(study({"runoff": n})).chosen for n in (1, 3, 1)]
    assert [trial.number if trial else None for trial in chosen] == [2, 1, 2]


def test_a_space_keeps_the_trials_that_are_still_in_the_runoff(
    study: MakeStudy, inline: Inline
) -> None:
    def narrow(trial: sweep.Trial) -> dict[str, Any]:
        return {"x": trial.suggest_float("x", 0.25, 1), "k": trial.suggest_int("k", 1, 3)}

    inline(study({"runoff": 1}))
    with pytest.raises(sweep.RunError, match="undo the change, or start"):
        inline(study({"runoff": 2}, space=narrow, first=()), accept_changes=True)
    run = inline(study({"runoff": 1}, space=narrow, first=()), accept_changes=True)
    assert len(run.finals) == 1


def failing(xs: set[float]) -> Any:
    def train_or_fail(config: Any, data: str, seed: int, state: Any) -> Iterator[sweep.Epoch]:
        in_search = seed in {derive_seed(0, "toy", number) for number in range(len(XS))}
        if data == "search" and not in_search and config["x"] in xs:
            raise OSError(f"no luck with {config['x']}{'!' * (seed % 3)}")
        yield from train(config, data, seed, state)

    return train_or_fail


def test_a_finalist_that_fails_is_out_and_not_tried_again(study: MakeStudy, inline: Inline) -> None:
    declared = study({"runoff_repeats": 1}, train=failing({0.2}))
    for _ in range(2):
        run = inline(declared)
        assert run.chosen is run.records[3]
        assert [r.ending for r in run.runoff] == ["complete", "error", "complete"]
        assert run.test is not None


def test_if_all_finalists_fail_running_again_tries_again(study: MakeStudy, inline: Inline) -> None:
    fields = {"runoff": 2, "runoff_repeats": 1}
    failed = inline(study(fields, train=failing(set(XS))))
    assert (failed.chosen, failed.final, failed.test) == (None, None, None)
    assert failed.final_failure is not None
    assert failed.final_failure.message.startswith("OSError: no luck with")
    config = json.loads((failed.directory.best / "config.json").read_text())
    assert config["trial"] == 2
    run = inline(study(fields), accept_changes=True)
    assert [r.ending for r in run.runoff] == ["error", "error", "complete", "complete"]
    assert run.chosen is run.records[1]
    assert run.final_failure is None


def test_a_final_training_that_fails_is_replaced_before_the_test_set_is_opened(
    study: MakeStudy, inline: Inline
) -> None:
    def unlucky(config: Any, data: str, seed: int, state: Any) -> Iterator[sweep.Epoch]:
        if seed == derive_seed(0, "toy-final", 1):
            raise OSError("no luck")
        yield from train(config, data, seed, state)

    failed = inline(study({"repeats": 2}, train=unlucky))
    assert (opened, failed.test) == ([], None)
    assert failed.final_failure is not None
    run = inline(study({"repeats": 2}, train=unlucky))
    assert [test.trainings for test in run.tests] == [[0, 2]]
    assert run.final_failure is None


def test_a_runoff_without_a_winner_is_no_success(
    study_file: Callable[..., Any], capsys: pytest.CaptureFixture[str]
) -> None:
    no_luck = """    global begun
    begun += 1
    if begun > 2:
        raise OSError("no luck")
    for epoch"""
    final = """trials=2, final=sweep.Final(data=lambda: None, test=lambda: None, runoff=2,
        evaluate=lambda *_: {"error": 0.0}, minimize="loss", runoff_repeats=1))"""
    path = study_file(
        ("    for epoch", no_luck), ("trials=5)", final), ("import sweep", "import sweep\nbegun=0")
    )
    command = ["run", str(path), "--pool", "inline", "--runs", str(path.parent / "runs")]
    assert main(command) == 2
    assert "the runoff failed, OSError: no luck; see " in capsys.readouterr().err


@pytest.mark.parametrize(
    ("final", "message"),
    [
        ({"runoff": 0}, "Final: expected runoff to be a whole number >= 1, got 0"),
        ({"runoff": True}, "Final: expected runoff to be a whole number >= 1, got True"),
        ({"runoff_repeats": 0}, "Final: expected runoff_repeats to be a whole number >= 1, got 0"),
        ({"repeats": 0.5}, r"Final: expected repeats to be a whole number >= 1, got 0\.5"),
        ({"ensemble": 3}, "Final: expected ensemble to be a function, got 3"),
        ({"test": None}, "Final: expected test to be a function, got None"),
    ],
)
def test_other_values_are_refused(study: MakeStudy, final: dict[str, Any], message: str) -> None:
    with pytest.raises(sweep.StudyError, match=message):
        study(final)
