"""As many slots as a large cluster has, in virtual time; `benchmarks.scale` measures them."""

from contextlib import closing
from dataclasses import replace
from pathlib import Path

from sweep.storage.database import Database
from sweep.storage.sqlite import SQLiteFile
from sweep.trials.records import Ending
from tests.benchmarks.simulation import EPOCHS, STUDY, drive


def test_a_thousand_slots_end_with_exactly_the_trials_asked_for(tmp_path: Path) -> None:
    study = replace(STUDY, trials=1050, sampler="random")
    pool, _ = drive(study, 1000, tmp_path)
    with closing(Database(SQLiteFile(tmp_path / "sweep.db"))) as database:
        records = database.study(study.name).trials()
    assert [record.number for record in records] == list(range(1050))
    assert {record.ending for record in records} == {Ending.COMPLETE, Ending.PRUNED}
    assert sum(len(record.epochs) for record in records) == pool.n_epochs
    assert all(len(r.epochs) == EPOCHS for r in records if r.ending is Ending.COMPLETE)
    events = [record.ending_number for record in records]
    events += [pause.position for record in records for pause in record.pauses]
    assert sorted(events) == list(range(1, len(events) + 1))
    assert len(pool.idle) == pool.size == 1000
