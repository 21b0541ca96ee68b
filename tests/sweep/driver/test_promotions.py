"""Trials that are paused at rungs: who continues, and what an interruption may not change."""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import sweep
from sweep.driver.verify.replay import other_suggestions
from sweep.storage.database import Database
from sweep.storage.sqlite import SQLiteFile
from sweep.trials.records import Ending, TrialRecord
from tests.lasting import lasting
from tests.sweep.driver.shuffled import drive, drive_here

MakeStudy = Callable[..., sweep.Study]

ASHA = sweep.Asha(min_epochs=1, factor=2, max_epochs=4)


@pytest.fixture
def folder(tmp_path: Path) -> Callable[[str], Path]:
    """Make an empty folder."""

    def make(name: str) -> Path:
        (tmp_path / name).mkdir()
        return tmp_path / name

    return make


def steady(config: dict[str, Any], _data: Any, _seed: int, state: Any) -> Iterator[sweep.Epoch]:
    """Four epochs whose loss is a parameter, so that every rung ranks the trials alike."""
    for epoch in range(state["epoch"] if state else 0, 4):
        yield sweep.Epoch({"loss": abs(config["x"])}, {"epoch": epoch + 1})


def n_that_left(records: list[TrialRecord], rung: int) -> tuple[int, int]:
    """How many trials reached a rung, and how many of them trained on."""
    reached = [record for record in records if len(record.epochs) >= rung]
    return len(reached), sum(len(record.epochs) > rung for record in reached)


@pytest.mark.parametrize("slots", [1, 3])
def test_the_best_of_each_rung_continue_and_no_others(
    make_study: MakeStudy, tmp_path: Path, slots: int
) -> None:
    study = make_study(train=steady, pruner=ASHA, trials=24, sampler="random")
    records = drive(study, tmp_path, slots, order=0)
    ranked = sorted(records, key=lambda record: abs(record.params["x"]))
    assert n_that_left(records, 1)[0] == 24
    for rung in (1, 2):
        reached, left = n_that_left(records, rung)
        assert reached // 2 <= left < reached
    # Whoever is among the best at the end continues, however late it came or was overtaken.
    assert {len(record.epochs) for record in ranked[:6]} == {4}
    assert {record.ending for record in ranked[:6]} == {Ending.COMPLETE}
    assert {len(r.epochs) for r in records if r.ending is Ending.PRUNED} == {1, 2}


def test_a_trial_continues_if_it_is_among_the_best_that_are_known_at_its_rung(
    make_study: MakeStudy, tmp_path: Path
) -> None:
    study = make_study(pruner=ASHA, trials=40, deterministic=True, window=3)
    records = drive(study, tmp_path, slots=3, order=0)
    n_continued = 0
    for rung, index in ((1, 0), (2, 1)):
        arrived = [
            (r.curve("loss")[rung - 1], r.pauses[index].position)
            for r in records
            if len(r.pauses) > index
        ]
        for record in records:
            if len(record.jobs) > index + 1:
                known = record.jobs[index + 1] - 3
                then = sorted(value for value, position in arrived if position <= known)
                assert record.curve("loss")[rung - 1] in then[: len(then) // 2]
                n_continued += 1
    assert n_continued > 20


def test_events_and_jobs_are_numbered_without_a_gap(make_study: MakeStudy, tmp_path: Path) -> None:
    records = drive(make_study(pruner=ASHA, trials=20), tmp_path, slots=3, order=1)
    events = [pause.position for r in records for pause in r.pauses]
    events += [record.ending_number for record in records]
    assert sorted(events) == list(range(1, len(events) + 1))
    jobs = [job for record in records for job in record.jobs]
    assert sorted(jobs) == list(range(1, len(jobs) + 1))


def test_a_paused_trial_continues_where_it_stopped(make_study: MakeStudy, tmp_path: Path) -> None:
    trained: Counter[float] = Counter()

    def train(config: dict[str, Any], data: Any, seed: int, state: Any) -> Iterator[sweep.Epoch]:
        for epoch in steady(config, data, seed, state):
            trained[config["x"]] += 1
            yield epoch

    records = drive(make_study(train=train, pruner=ASHA, trials=12), tmp_path, slots=2, order=1)
    assert trained == {record.params["x"]: len(record.epochs) for record in records}
    assert [record.attempts for record in records] == [[]] * 12


def test_a_training_without_states_is_trained_again_to_the_same_curve(
    make_study: MakeStudy, folder: Callable[[str], Path]
) -> None:
    def train(config: dict[str, Any], *_: Any) -> Iterator[dict[str, float]]:
        for epoch in range(4):
            yield {"loss": abs(config["x"]) / (epoch + 1)}

    study = make_study(train=train, pruner=ASHA, trials=12, deterministic=True, window=2)
    records = drive(study, folder("one"), slots=1, order=0)
    assert max(len(record.epochs) for record in records) == 4
    for record in records:
        expected = [abs(record.params["x"]) / (epoch + 1) for epoch in range(len(record.epochs))]
        assert record.curve("loss") == expected
    again = drive(study, folder("two"), slots=2, order=3, deaths=0.2)
    assert lasting(again) == lasting(records)


def test_a_trial_is_complete_even_if_none_is_among_the_best_of_its_rung(
    make_study: MakeStudy, tmp_path: Path
) -> None:
    pruner = sweep.Asha(min_epochs=1, factor=4, max_epochs=4)
    records = drive(make_study(train=steady, pruner=pruner, trials=3), tmp_path, 2, order=0)
    best = min(records, key=lambda record: abs(record.params["x"]))
    assert [r.number for r in records if r.ending is Ending.COMPLETE] == [best.number]


@pytest.mark.parametrize("pruner", [ASHA, sweep.Hyperband(max_epochs=4, factor=2)])
@pytest.mark.parametrize("slots", [1, 3])
def test_kills_change_nothing_in_a_deterministic_run(
    make_study: MakeStudy, folder: Callable[[str], Path], pruner: Any, slots: int
) -> None:
    study = make_study(pruner=pruner, trials=20, deterministic=True, window=3)
    undisturbed = drive(study, folder("whole"), slots=1, order=0)
    killed = drive(study, folder("killed"), slots, order=slots, deaths=0.1, kills=5)
    assert lasting(killed) == lasting(undisturbed)
    assert list(other_suggestions({0: study}, killed)) == []


def test_more_trials_continue_a_run_that_was_over(
    make_study: MakeStudy, folder: Callable[[str], Path]
) -> None:
    place = folder("extended")
    for slots, trials in ((3, 8), (1, 20)):
        study = make_study(pruner=ASHA, trials=trials, deterministic=True, window=3)
        records = drive(study, place, slots, order=trials)
    other = folder("otherwise")
    for slots, trials in ((1, 8), (2, 20)):
        study = make_study(pruner=ASHA, trials=trials, deterministic=True, window=3)
        again = drive(study, other, slots, order=trials, deaths=0.1, kills=3)
    assert lasting(again) == lasting(records)
    assert list(other_suggestions({0: study}, again)) == []


def test_paused_trials_keep_one_checkpoint_and_are_not_interrupted(
    make_study: MakeStudy, tmp_path: Path
) -> None:
    study = make_study(train=steady, pruner=ASHA, trials=12)

    class TimeIsUpError(Exception):
        pass

    def leave(snapshot: Any, _event: Any) -> None:
        if len(snapshot.counts.paused()) > 3:
            raise TimeIsUpError

    with pytest.raises(TimeIsUpError):
        drive(study, tmp_path, slots=1, order=0, observe=leave)
    with closing(Database(SQLiteFile(tmp_path / "sweep.db"))) as database:
        paused = [r.number for r in database.study(study.name).trials() if r.is_paused]
    assert len(paused) > 3
    names = {path.name for path in tmp_path.glob("*.safetensors")}
    assert {f"toy-{number:05d}.safetensors" for number in paused} <= names
    assert not {f"toy-{number:05d}.former.safetensors" for number in paused} & names
    records = drive(study, tmp_path, slots=1, order=0)
    assert all(not records[number].attempts for number in paused)
    assert {record.has_ended for record in records} == {True}


def test_a_run_that_stopped_its_trials_may_go_on_pausing_them(
    make_study: MakeStudy, tmp_path: Path
) -> None:
    stops = sweep.Asha(min_epochs=1, factor=2, max_epochs=4, resume=False)
    before = lasting(drive(make_study(pruner=stops, trials=8), tmp_path, slots=2, order=0))
    records = drive(make_study(pruner=ASHA, trials=16), tmp_path, slots=2, order=0)
    assert lasting(records)[:8] == before
    assert any(record.pauses for record in records[8:])


@pytest.mark.parametrize("deterministic", [False, True])
@pytest.mark.parametrize("pruner", [None, replace(ASHA, resume=False), sweep.Median(1, 2)])
def test_paused_trials_continue_if_the_pruner_of_now_does_not_pause(
    make_study: MakeStudy, tmp_path: Path, pruner: Any, *, deterministic: bool
) -> None:
    fields = {"train": steady, "trials": 12, "deterministic": deterministic, "window": 3}

    class TimeIsUpError(Exception):
        pass

    def leave(snapshot: Any, _event: Any) -> None:
        if len(snapshot.counts.paused()) > 3:
            raise TimeIsUpError

    with pytest.raises(TimeIsUpError):
        drive(make_study(pruner=ASHA, **fields), tmp_path, slots=1, order=0, observe=leave)
    records = drive(make_study(pruner=pruner, **fields), tmp_path, slots=2, order=0)
    assert {record.has_ended for record in records} == {True}
    assert len(records) == 12
    if pruner is None:
        assert {len(record.epochs) for record in records} == {4}


def test_no_paused_trial_continues_once_a_rule_has_ended_the_search(
    make_study: MakeStudy, folder: Callable[[str], Path]
) -> None:
    rule = sweep.NoImprovement(trials=1)
    study = make_study(pruner=ASHA, trials=40, until=rule, deterministic=True, window=3)
    records = drive(study, folder("one"), slots=1, order=0)
    assert len(records) < 40
    ended = sorted(records, key=lambda record: record.ending_number)
    n_known = next(
        record.ending_number
        for record, before in zip(ended[1:], ended, strict=False)
        if before.score is not None and (record.score is None or record.score >= before.score)
    )
    assert max(job for record in records for job in record.jobs) - 3 <= n_known
    again = drive(study, folder("two"), slots=3, order=1, deaths=0.1, kills=2)
    assert lasting(again) == lasting(records)


def test_a_search_that_is_over_still_ends_with_a_score(
    make_study: MakeStudy, tmp_path: Path
) -> None:
    study = make_study(train=steady, pruner=sweep.Asha(1, 3, 4), trials=40)
    ledger = drive_here(study, tmp_path, core_hours=1e-12)
    assert Counter(record.ending for record in ledger.records) == {Ending.COMPLETE: 1}
