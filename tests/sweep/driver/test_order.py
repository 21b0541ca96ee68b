"""What a driver does at an event does not grow with the number of trials."""

import random
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

import sweep
from sweep.checkpoints.local import LocalCheckpoints
from sweep.driver.order.trial_order import TrialOrder
from sweep.driver.progress import TrialCounts
from sweep.storage.database import Database
from sweep.storage.sqlite import SQLiteFile
from sweep.trials.ranking import best_of
from sweep.trials.records import Ending, EpochRecord, TrialRecord
from tests.sweep.driver.shuffled import drive_here

MakeStudy = Callable[..., sweep.Study]


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """How often what looks at a whole trial, or at all trials, was called."""
    counts: Counter[str] = Counter()

    def count(owner: type, name: str) -> None:
        function = getattr(owner, name)

        def counting(*arguments: Any) -> Any:
            counts[name] += 1
            return function(*arguments)

        monkeypatch.setattr(owner, name, counting)

    count(TrialRecord, "trainings")
    count(LocalCheckpoints, "clean_up")
    return counts


def test_each_event_looks_at_its_own_trial(
    make_study: MakeStudy, calls: Counter[str], tmp_path: Path
) -> None:
    pruner = sweep.Median(warmup_epochs=0, min_trials=99)  # decides after each epoch, for all
    drive_here(make_study(trials=20, pruner=pruner), tmp_path)
    assert calls["trainings"] <= 20 * 3  # its score, and what is told; never at an epoch
    assert calls["clean_up"] == 1


@pytest.mark.parametrize("deterministic", [False, True])
def test_a_trial_is_compared_with_those_it_knows_that_came_as_far(
    make_study: MakeStudy, *, deterministic: bool
) -> None:
    draws, records = random.Random(0), []
    for number in range(40):
        losses = [draws.random() for _ in range(draws.choice([1, 2, 4]))]
        epochs = [EpochRecord(i, {"loss": x}, 0, 0) for i, x in enumerate(losses, start=1)]
        ending = Ending.COMPLETE if len(epochs) == 4 else Ending.PRUNED
        told = max(0, number - 3)
        records.append(TrialRecord(number, {}, {}, {}, 0, told, ending, number + 1, epochs=epochs))
    pruner = sweep.Asha(factor=2, resume=False)
    study = make_study(pruner=pruner, deterministic=deterministic, window=4)
    order, decisions = TrialOrder(study, TrialCounts([1], records)), set()
    for record in records:
        known = records[: record.endings_known] if deterministic else records
        epoch, last = len(record.epochs), record.epochs[-1].metrics["loss"]
        peers = [r for r in known if r is not record and len(r.epochs) >= epoch]
        n_better = sum(r.epochs[epoch - 1].metrics["loss"] < last for r in peers)
        expected = pruner.decides_after(epoch) and n_better >= max(1, (len(peers) + 1) // 2)
        assert order.curves.prunes(record) == expected
        decisions.add((epoch, expected))
    assert decisions >= {(epoch, prunes) for epoch in (1, 2, 4) for prunes in (False, True)}


def test_counts_kept_on_the_way_are_those_of_a_restart(
    make_study: MakeStudy, tmp_path: Path
) -> None:
    pruner = sweep.Asha(max_epochs=4)
    ledger = drive_here(make_study(trials=20, pruner=pruner), tmp_path)
    with closing(Database(SQLiteFile(tmp_path / "sweep.db"))) as database:
        again = TrialCounts([1], database.study("toy").trials())
    live = ledger.counts
    assert live.best is best_of(1, live.records)
    assert again.best is not None
    assert live.best is not None
    assert again.best.number == live.best.number
    assert (again.n_ended, again.running) == (live.n_ended, live.running) == (20, {})
    for ending in Ending:
        assert again.count(ending) == live.count(ending)
