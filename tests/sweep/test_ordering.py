"""What a driver does at an event does not grow with the number of trials."""

from collections import Counter
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

import sweep
from sweep.checkpoint_folder import CheckpointFolder
from sweep.database import Database
from sweep.driver import Driver, Limits
from sweep.ledger import Ledger
from sweep.pool import InlinePool
from sweep.records import Ending, TrialRecord
from sweep.snapshot import Standing, best_of
from sweep.sqlite import SQLiteFile

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

    count(TrialRecord, "curve")
    count(CheckpointFolder, "keep")
    return counts


def drive(study: sweep.Study, folder: Path) -> Ledger:
    with closing(Database(SQLiteFile(folder / "sweep.db"))) as database:
        table = database.ensure(study.name, minimize=True, attributes={})
        ledger = Ledger(study, table, CheckpointFolder(folder, study.name))
        with closing(InlinePool(study, None, blas_threads=1)) as pool:
            Driver(study, ledger, Limits(), lambda *_: None).run(pool)
        return ledger


def test_each_event_looks_at_its_own_trial(
    make_study: MakeStudy, calls: Counter[str], tmp_path: Path
) -> None:
    pruner = sweep.Median(warmup_epochs=0, min_trials=99)  # decides after each epoch, for all
    drive(make_study(trials=20, pruner=pruner), tmp_path)
    events = 1 + 4 + 1  # of a trial: its beginning, its epochs and its end
    assert calls["curve"] <= 20 * (events + 3)  # and its score, and what the sampler is told
    assert calls["keep"] == 1


def test_counts_kept_on_the_way_are_those_of_a_restart(
    make_study: MakeStudy, tmp_path: Path
) -> None:
    pruner = sweep.Asha(max_epochs=4)
    ledger = drive(make_study(trials=20, pruner=pruner), tmp_path)
    with closing(Database(SQLiteFile(tmp_path / "sweep.db"))) as database:
        again = Standing(1, database.study("toy").trials())
    live = ledger.standing
    assert live.best is best_of(1, live.records)
    assert again.best is not None
    assert live.best is not None
    assert again.best.number == live.best.number
    assert (again.n_ended, again.running) == (live.n_ended, live.running) == (20, {})
    for ending in Ending:
        assert again.count(ending) == live.count(ending)
