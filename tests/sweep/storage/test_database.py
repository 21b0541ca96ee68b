"""The database: records come back as they were, Optuna's own tools read it, damage is named."""

import itertools
import re
import sqlite3
import subprocess
import sys
from contextlib import closing, contextmanager
from dataclasses import asdict, replace
from importlib import import_module
from pathlib import Path

import optuna
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from optuna.exceptions import StorageInternalError
from optuna.storages import RDBStorage
from optuna.trial import TrialState

from sweep import storage
from sweep.errors import RunError, StorageError
from sweep.storage.database import Backend, Database
from sweep.storage.sqlite import SQLiteFile
from sweep.trials.domains import Categorical, Float, Int
from sweep.trials.records import Ending, EpochRecord, Failure, TrialRecord
from sweep.trials.worker import Kernel, Worker
from tests.sweep.conftest import BACKENDS, make_backend

DOMAINS = {
    "lr": Float(1e-5, 0.1, log=True),
    "drop": Float(0.0, 0.7, 0.1),
    "depth": Int(1, 7, 3),
    "größe": Categorical((None, True, 3, 0.5, "ß∂ 'quoted'")),
}
PARAMS = {"lr": 1 / 300, "drop": 0.1 * 3, "depth": 4, "größe": "ß∂ 'quoted'"}
STUDY_NUMBERS = itertools.count()


@pytest.fixture
def path(tmp_path):
    return tmp_path / "sweep.db"


@pytest.fixture
def database(backend):
    with closing(Database(backend, drives=True)) as opened:
        yield opened


@pytest.fixture
def table(database):
    return make_table(database)


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def shared(request, tmp_path_factory):
    backend = make_backend(request, tmp_path_factory.mktemp("shared"))
    with closing(Database(backend, drives=True)) as opened:
        yield opened


@contextmanager
def optuna_storage(backend):
    """What other programs of Optuna's open."""
    if isinstance(backend, SQLiteFile):
        url = f"sqlite:///{backend.path}"
    else:
        parts = backend.parts | backend._secrets
        url = "postgresql+psycopg://{user}:{password}@{host}:{port}/{dbname}".format(**parts)
    storage = RDBStorage(url)
    yield storage
    storage.remove_session()
    storage.engine.dispose()


@pytest.fixture
def file_table(path):
    """A study in a SQLite file."""
    with closing(Database(SQLiteFile(path))) as opened:
        yield make_table(opened)


def make_table(database, name="toy", *, minimize=True, **attributes):
    return database.ensure(name, minimize=minimize, attributes=attributes)


def trial(number=0, **changes):
    fields = {
        "number": number,
        "params": PARAMS,
        "domains": DOMAINS,
        "config": {"layers": [8, 16], "name": "ünïcode", "none": None},
        "seed": 2**32 - 1,
        "endings_known": number,
    }
    return TrialRecord(**(fields | changes))


def epochs(*losses):
    return [EpochRecord(i, {"loss": x}, 0.1, 0.2) for i, x in enumerate(losses, start=1)]


def write(table, record):
    """Writes a record in the way of the driver."""
    table.add(record)
    if record.worker:
        table.set_trial_attribute(record.number, "worker", asdict(record.worker))
    if record.epochs:
        table.add_epochs(record.number, record.epochs, "loss")
    if record.attempts:
        table.set_trial_attribute(record.number, "attempts", record.attempts)
    if record.ending is not Ending.RUNNING:
        table.finish(record)


def read(table):
    """The records, without the times that the database keeps itself."""
    return [replace(record, started=None, finished=None) for record in table.trials()]


# What comes back

TEXTS = st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1, max_size=20)
KERNELS = st.none() | st.builds(Kernel, TEXTS, TEXTS, TEXTS, TEXTS)
FLOATS = st.floats(allow_nan=False, allow_infinity=False)
VALUES = st.none() | st.booleans() | st.integers() | FLOATS | TEXTS


@st.composite
def parameters(draw):
    """A domain and a value in it."""
    kind = draw(st.sampled_from([Float, Int, Categorical]))
    if kind is Categorical:
        choices = tuple(draw(st.lists(VALUES, min_size=1, max_size=4, unique=True)))
        return Categorical(choices), draw(st.sampled_from(choices))
    numbers = FLOATS if kind is Float else st.integers(-(2**53), 2**53)
    low, value, high = sorted(draw(st.tuples(numbers, numbers, numbers)))
    return kind(low, high), value


@st.composite
def records(draw, number):
    # Optuna wants one kind of domain for a name in all of a study.
    names = TEXTS.map(lambda text: f"{text}{number}")
    drawn = draw(st.dictionaries(names, parameters(), max_size=4))
    ending = draw(st.sampled_from(Ending))
    metrics = draw(st.lists(st.dictionaries(TEXTS, FLOATS, max_size=3), max_size=4))
    return trial(
        number,
        params={name: value for name, (_, value) in drawn.items()},
        domains={name: domain for name, (domain, _) in drawn.items()},
        config=draw(st.dictionaries(TEXTS, VALUES | st.lists(VALUES, max_size=2), max_size=3)),
        seed=draw(st.integers(0, 2**32 - 1)),
        endings_known=draw(st.integers(0, 99)),
        ending=ending,
        ending_number=0 if ending is Ending.RUNNING else draw(st.integers(1, 99)),
        score=draw(FLOATS) if ending is Ending.COMPLETE else None,
        epochs=[
            EpochRecord(i, named, draw(FLOATS), draw(FLOATS))
            for i, named in enumerate(metrics, start=1)
        ],
        attempts=draw(st.lists(st.fixed_dictionaries({"message": TEXTS, "epoch": st.just(1)}))),
        failure=None
        if ending in (Ending.RUNNING, Ending.COMPLETE)
        else Failure(ending, draw(TEXTS), draw(TEXTS)),
        worker=draw(st.none() | st.builds(Worker, TEXTS, *[st.integers(1, 9)] * 2, KERNELS)),
    )


@settings(max_examples=25, deadline=None)
@given(one=records(0), other=records(1))
def test_records_come_back_as_they_were(one, other, shared):
    table = make_table(shared, f"study{next(STUDY_NUMBERS)}")
    for record in (one, other):
        write(table, record)
    assert read(table) == [one, other]


def test_values_come_back_with_their_types(table):
    for number, choice in enumerate(DOMAINS["größe"].choices):
        table.add(trial(number, params=PARAMS | {"größe": choice}))
    read_back = [record.params for record in table.trials()]
    assert [repr(params["größe"]) for params in read_back] == [
        repr(choice) for choice in DOMAINS["größe"].choices
    ]
    assert {(type(p["lr"]), type(p["depth"])) for p in read_back} == {(float, int)}


def test_another_process_opens_what_this_one_has_closed(backend):
    with closing(Database(backend, drives=True)) as first:
        write(make_table(first, "größe", seed=7), trial(epochs=epochs(0.5)))
    with closing(Database(backend, drives=True)) as second:
        assert second.studies() == ["größe"]
        assert second.study("größe").attributes() == {"seed": 7}
        assert read(second.study("größe")) == [trial(epochs=epochs(0.5))]


def test_many_epochs_come_back_in_their_order(table):
    numbers = [*range(1, 120), 99_999, 100_000]
    record = trial(epochs=[EpochRecord(n, {"loss": 1 / n}, 0.1, 0.1) for n in numbers])
    write(table, record)
    assert read(table) == [record]


def test_the_database_keeps_the_times_of_a_trial(table):
    write(table, trial(0, ending=Ending.PRUNED, ending_number=1))
    write(table, trial(1))
    ended, running = table.trials()
    assert ended.started <= ended.finished
    assert (running.finished, running.ending) == (None, Ending.RUNNING)


def test_a_trial_can_go_on_after_it_was_read_again(database, table):
    write(table, trial(epochs=epochs(0.5)))
    again = database.study("toy")
    (record,) = again.trials()
    again.add_epochs(0, [EpochRecord(2, {"loss": 0.25}, 0.1, 0.2)], "loss")
    again.finish(replace(record, ending=Ending.COMPLETE, ending_number=1, score=0.25))
    (record,) = read(table)
    assert record == trial(
        epochs=epochs(0.5, 0.25), ending=Ending.COMPLETE, ending_number=1, score=0.25
    )


def test_a_finished_trial_takes_no_more(table):
    write(table, trial(ending=Ending.PRUNED, ending_number=1))
    with pytest.raises(RunError, match="expected trial 0 to be running, got it ended by another"):
        table.set_trial_attribute(0, "worker", {})


def test_a_trial_whose_end_was_half_written_is_still_running(table):
    write(table, trial())
    half = {"ending": "complete", "ended": 1, "failure": None}
    table.set_trial_attribute(0, "ending", half)
    assert read(table) == [trial()]


# Studies


def test_studies_are_listed_in_the_order_in_which_they_were_made(database):
    assert database.studies() == []
    for name in ("toy", "toy-final", "another"):
        make_table(database, name)
    assert database.studies() == ["toy", "toy-final", "another"]


def test_studies_keep_their_trials_and_attributes_apart(database):
    one, other = make_table(database, "one", seed=1), make_table(database, "other", seed=2)
    write(one, trial(0))
    write(other, trial(0, endings_known=9))
    write(one, trial(1))
    assert read(one) == [trial(0), trial(1)]
    assert read(other) == [trial(0, endings_known=9)]
    assert (one.attributes(), other.attributes()) == ({"seed": 1}, {"seed": 2})


def test_a_study_that_was_half_made_is_completed_and_otherwise_left_as_it_is(database):
    make_table(database, seed=1)
    assert make_table(database, seed=2, metric="loss").attributes() == {"seed": 1, "metric": "loss"}
    assert database.studies() == ["toy"]


def test_a_study_of_an_earlier_version_is_not_given_what_that_one_did_not_know(database):
    make_table(database, seed=1).add(trial())
    assert make_table(database, seed=1, repeats=2).attributes() == {"seed": 1}


def test_an_attribute_can_be_replaced(table):
    table.set_attribute("tests", [{"trial": 0, "metrics": None}])
    table.set_attribute("tests", [{"trial": 0, "metrics": {"error": 0.01}}])
    assert table.attributes() == {"tests": [{"trial": 0, "metrics": {"error": 0.01}}]}


def test_an_unknown_study_is_refused_with_those_there_are(backend, database, table):
    message = rf"^{re.escape(str(backend))}: expected a study 'cnn', got \['toy'\]"
    with pytest.raises(RunError, match=message):
        database.study("cnn")


# Other readers


def test_optuna_opens_it_and_shows_what_its_tools_show(backend, database):
    table = make_table(database, minimize=False, seed=7)
    complete = {"ending": Ending.COMPLETE, "ending_number": 1, "score": 0.25}
    write(table, trial(0, epochs=epochs(0.5, 0.25), **complete))
    write(table, trial(1, epochs=epochs(0.75), ending=Ending.PRUNED, ending_number=2))
    write(table, trial(2, ending=Ending.ERROR, ending_number=3))
    write(table, trial(3, epochs=epochs(0.9), ending=Ending.DIVERGED, ending_number=4))
    write(table, trial(4))
    with optuna_storage(backend) as storage:
        check_toy(optuna.load_study(study_name=backend.prefix + "toy", storage=storage))


def check_toy(study):
    assert study.direction is optuna.study.StudyDirection.MAXIMIZE
    assert study.best_params == PARAMS
    assert study.user_attrs == {"seed": 7}
    assert [(t.state, t.value, t.intermediate_values) for t in study.trials] == [
        (TrialState.COMPLETE, 0.25, {1: 0.5, 2: 0.25}),
        (TrialState.PRUNED, None, {1: 0.75}),
        (TrialState.FAIL, None, {}),
        (TrialState.PRUNED, None, {1: 0.9}),
        (TrialState.RUNNING, None, {}),
    ]


def test_a_second_connection_reads_while_the_first_one_writes(backend, table):
    with closing(Database(backend)) as reader:
        other = reader.study("toy")
        for number in range(3):
            write(table, trial(number))
            assert len(other.trials()) == number + 1


def test_a_reader_in_the_middle_of_reading_keeps_nobody_from_writing(path, file_table):
    table, query = file_table, "SELECT count(*) FROM trials"
    write(table, trial(0))
    with closing(sqlite3.connect(path, isolation_level=None)) as reader:
        reader.execute("BEGIN")
        assert reader.execute(query).fetchone() == (1,)
        write(table, trial(1))
        assert reader.execute(query).fetchone() == (1,)  # its view is of when it began
        reader.execute("COMMIT")
        assert reader.execute(query).fetchone() == (2,)


# Other writers, and damage


def test_a_trial_added_by_another_program_is_refused(backend, table):
    table.add(trial(0))
    with closing(Database(backend)) as other:
        other.study("toy").add(trial(1))
    message = r"database: expected the new trial to be number 1, got 2; another program has added"
    with pytest.raises(RunError, match=message):
        table.add(trial(1))


def test_a_trial_ended_by_another_program_takes_no_more(backend, table):
    table.add(trial(0))
    with optuna_storage(backend) as storage:
        optuna.load_study(study_name=backend.prefix + "toy", storage=storage).tell(0, 0.5)
    message = r"database: expected trial 0 to be running, got it ended by another program; let on"
    with pytest.raises(RunError, match=message):
        table.add_epochs(0, epochs(0.5), "loss")
    with pytest.raises(RunError, match=message):
        table.finish(trial(0, ending=Ending.COMPLETE, ending_number=1, score=0.25))


@pytest.mark.parametrize("end", [lambda study: study.ask(), lambda study: study.tell(0, 0.5)])
def test_a_trial_begun_or_ended_by_another_program_is_refused(backend, table, end):
    table.add(trial(0))
    with optuna_storage(backend) as storage:
        end(optuna.load_study(study_name=backend.prefix + "toy", storage=storage))
    with pytest.raises(
        RunError, match=r"trials that sweep began and ended, got trial [01] of anot"
    ):
        table.trials()


REFUSED = r"sweep.db: cannot use the database: {}. Free some space, fix the file or end"


def test_a_file_that_is_no_database_is_refused(path):
    path.write_text("a diary, not a database\n" * 100)
    with pytest.raises(StorageError, match=REFUSED.format("file is not a database")):
        Database(SQLiteFile(path))
    assert path.read_text().startswith("a diary")


def test_a_folder_is_no_database(path):
    path.mkdir()
    with pytest.raises(StorageError, match=REFUSED.format("unable to open database file")):
        Database(SQLiteFile(path))


def test_a_folder_that_does_not_exist_is_not_made(tmp_path):
    with pytest.raises(StorageError, match=REFUSED.format("unable to open database file")):
        Database(SQLiteFile(tmp_path / "missing" / "sweep.db"))
    assert list(tmp_path.iterdir()) == []


def test_a_damaged_schema_is_named_and_not_tried_for_ever(path):
    Database(SQLiteFile(path)).close()
    change = ('UNIQUE (study_id, "key")', 'UNIQUE (study_id, +"key")')
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA writable_schema = ON")
        connection.execute("UPDATE sqlite_master SET sql = replace(sql, ?, ?)", change)
        connection.commit()
    with pytest.raises(StorageError, match=r"cannot use the database: .* UNIQUE constraints"):
        Database(SQLiteFile(path))


def test_another_process_that_creates_the_tables_is_waited_for_but_not_for_ever(path, monkeypatch):
    tries = []

    def storage(*_, **__):
        tries.append(1)
        raise StorageInternalError("table studies already exists")

    monkeypatch.setattr("sweep.storage.database.RDBStorage", storage)
    monkeypatch.setattr("sweep.storage.database.OPEN_PAUSE_S", 0.0)
    with pytest.raises(StorageError, match="cannot use the database: table studies already exists"):
        Database(SQLiteFile(path))
    assert len(tries) == 20


def test_damage_under_an_open_database_is_named(path, file_table):
    write(file_table, trial(0))
    with closing(sqlite3.connect(path)) as vandal:
        vandal.execute("DROP TABLE trial_user_attributes")
    with pytest.raises(StorageError, match=REFUSED.format("no such table: trial_user_attributes")):
        file_table.trials()


FULL_DISK = """
import os, resource, signal, sys
from pathlib import Path
from sweep.storage.database import Database
from sweep.errors import StorageError
from sweep.trials.records import EpochRecord, TrialRecord
from sweep.storage.sqlite import SQLiteFile

table = Database(SQLiteFile(Path(sys.argv[1]))).ensure("toy", minimize=True, attributes={})
table.add(TrialRecord(0, {}, {}, {}, seed=0, endings_known=0))
size = os.path.getsize(sys.argv[1] + "-wal") + 100_000
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))
number = 0
try:
    while number < 1000:
        table.add_epochs(0, [EpochRecord(number + 1, {"loss": 0.5}, 0.1, 0.1)], "loss")
        number += 1
except StorageError as error:
    print(number, error)
"""


def test_a_full_disk_is_named_and_what_was_written_before_is_kept(path):
    command = [sys.executable, "-c", FULL_DISK, str(path)]
    printed = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout
    number, message = printed.split(" ", maxsplit=1)
    assert message.startswith(f"{path}: cannot use the database: ")
    assert int(number) > 0
    with closing(Database(SQLiteFile(path))) as database:
        (record,) = database.study("toy").trials()
    assert [epoch.number for epoch in record.epochs][: int(number)] == list(
        range(1, int(number) + 1)
    )


def test_a_schema_of_another_time_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "sweep.db"
    Database(SQLiteFile(path)).close()
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("UPDATE alembic_version SET version_num = 'v9.9.9'")
        connection.commit()
    with pytest.raises(
        StorageError, match=r"expected a database with the schema of this Optuna, got"
    ):
        Database(SQLiteFile(path))


OPEN = """
import sys
from pathlib import Path
from sweep.storage.database import Database
from sweep.storage.sqlite import SQLiteFile

for path in sys.argv[1:]:
    Database(SQLiteFile(Path(path))).close()
"""


def test_processes_that_make_a_database_at_the_same_time_do_not_disturb_each_other(tmp_path):
    command = [sys.executable, "-c", OPEN, *(f"{tmp_path}/{n}.db" for n in range(15))]
    both = [subprocess.Popen(command, stderr=subprocess.PIPE, text=True) for _ in range(2)]
    for process in both:
        _, complaints = process.communicate(timeout=120)
        assert complaints == ""


def test_every_kind_of_database_is_tested() -> None:
    folder = Path(storage.__file__).parent
    modules = [import_module(f"sweep.storage.{path.stem}") for path in folder.glob("[a-z]*.py")]
    found = {
        kind
        for module in modules
        for kind in vars(module).values()
        if getattr(kind, "__module__", "") == module.__name__ and hasattr(kind, "connector")
    }
    assert found - {Backend} == set(BACKENDS.values())
