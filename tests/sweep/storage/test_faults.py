"""Faults of storage: locks of other programs, missing permissions, a clock that runs backwards."""

import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import psycopg
import pytest

import sweep
from sweep.errors import StorageError
from sweep.files import delete
from sweep.storage.database import Database
from sweep.storage.postgres import Postgres
from sweep.storage.sqlite import SQLiteFile
from sweep.trials.records import TrialRecord
from tests.postgres import Server

Inline = Callable[..., sweep.Run]

LOCK = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute("BEGIN EXCLUSIVE")
print("locked", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def lock() -> Iterator[Callable[[Path], subprocess.Popen[str]]]:
    """Make another program lock a SQLite file, until its input is closed."""
    processes = []

    def start(path: Path) -> subprocess.Popen[str]:
        command = [sys.executable, "-c", LOCK, str(path)]
        pipe = subprocess.PIPE
        processes.append(subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True))
        assert processes[-1].stdout is not None
        assert processes[-1].stdout.readline() == "locked\n"
        return processes[-1]

    yield start
    for process in processes:
        process.communicate()


def test_a_file_that_another_program_locks_is_named_and_can_be_written_after(
    tmp_path: Path, lock: Callable[[Path], subprocess.Popen[str]]
) -> None:
    file = SQLiteFile(tmp_path / "sweep.db", timeout_s=0.1)
    with closing(Database(file, drives=True)) as database:
        table = database.ensure("toy", minimize=True, attributes={})
        program = lock(file.path)
        message = r"sweep.db: cannot use .*: database is locked. Free .* or end the program that"
        with pytest.raises(sweep.StorageError, match=message):
            table.add(TrialRecord(0, {}, {}, {}, seed=0, endings_known=0))
        with pytest.raises(sweep.StorageError, match=message):
            table.set_attribute("note", 1)
        assert table.trials() == []
        program.communicate()
        table.add(TrialRecord(0, {}, {}, {}, seed=0, endings_known=0))
        assert [record.number for record in table.trials()] == [0]


def test_a_table_that_another_program_locks_is_named(server: Server) -> None:
    url = server.new_database()
    impatient = url + "?options=-c%20lock_timeout%3D100"
    with closing(Database(Postgres.at(impatient, "toy"), drives=True)) as database:
        table = database.ensure("toy", minimize=True, attributes={})
        message = r"^postgresql://ada@\S+: cannot use .*: canceling statement due to lock timeou"
        with psycopg.connect(url) as other:
            other.execute("LOCK TABLE trials")
            with pytest.raises(sweep.StorageError, match=message):
                table.add(TrialRecord(0, {}, {}, {}, seed=0, endings_known=0))
        table.add(TrialRecord(0, {}, {}, {}, seed=0, endings_known=0))


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE study_user_attributes SET value_json = '{bad'",
        "UPDATE trial_user_attributes SET value_json = '{bad'",
        "UPDATE trial_user_attributes SET value_json = '3'",
        "UPDATE trial_params SET distribution_json = '{}'",
        "UPDATE trials SET state = 'SLEEPING'",
    ],
)
def test_damaged_records_are_named(
    make_study: Callable[..., sweep.Study], inline: Inline, damage: str
) -> None:
    folder = inline(make_study(trials=1)).directory
    with closing(sqlite3.connect(folder.database)) as connection, connection:
        connection.execute(damage)
    message = r"database: expected records as sweep writes them, got \w+: .*; restore the database"
    with pytest.raises(StorageError, match=message):
        sweep.Run(folder.path)
    with pytest.raises(StorageError, match=message):
        inline(make_study(trials=2))


# Permissions


def ordinary(*command: object) -> subprocess.CompletedProcess[str]:
    """Run a command of sweep without root's right to ignore the permissions of files."""
    powerless = ["setpriv", "--bounding-set", "-dac_override,-dac_read_search"]
    return subprocess.run(
        [
            *(powerless if os.getuid() == 0 else []),
            sys.executable,
            "-m",
            "sweep",
            *map(str, command),
        ],
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def protect() -> Iterator[Callable[[Path], None]]:
    """Forbid writing to a directory and everything in it, until the end of the test."""
    protected: list[Path] = []

    def take(path: Path) -> None:
        protected.append(path)
        for inner in [*path.rglob("*"), path]:
            inner.chmod(inner.stat().st_mode & 0o555)

    yield take
    for path in protected:
        path.chmod(0o755)
        for inner in path.rglob("*"):
            inner.chmod(0o755)


def files(path: Path) -> dict[Path, bytes]:
    return {inner: inner.read_bytes() for inner in path.rglob("*") if inner.is_file()}


def test_a_run_directory_that_cannot_be_written_is_refused_and_can_be_read(
    study_file: Callable[..., Path], tmp_path: Path, protect: Callable[[Path], None]
) -> None:
    run = ["run", study_file(), "--runs", tmp_path / "runs", "--pool", "inline", "--trials"]
    assert ordinary(*run, 3).returncode == 0
    folder = tmp_path / "runs" / "toy"
    before = files(folder)
    protect(folder)
    refused = ordinary(*run, 5)
    assert refused.returncode == 2
    assert refused.stderr == (
        f"error: {folder}/lock: cannot write: Permission denied. Fix its permissions and run "
        f"again\n"
    )
    assert files(folder) == before
    assert "| complete |        3 |" in ordinary("status", folder).stdout


def test_a_run_that_somebody_else_drives_can_be_read(
    study_file: Callable[..., Path], inline: Inline, protect: Callable[[Path], None]
) -> None:
    folder = inline(sweep.load_study(study_file()), name="toy").directory
    with closing(Database(SQLiteFile(folder.database), drives=True)) as database:
        database.study("toy").set_attribute("note", 1)
        protect(folder.path)
        assert "| complete |        5 |" in ordinary("status", folder.path).stdout


def test_a_directory_of_runs_that_cannot_be_written_is_refused(
    study_file: Callable[..., Path], tmp_path: Path, protect: Callable[[Path], None]
) -> None:
    runs = tmp_path / "runs"
    runs.mkdir()
    protect(runs)
    refused = ordinary("run", study_file(), "--runs", runs, "--pool", "inline")
    assert refused.returncode == 2
    assert "cannot create the run directory: Permission denied. Choose another" in refused.stderr
    assert list(runs.iterdir()) == []


# Time


def test_nothing_depends_on_the_order_of_recorded_times(
    make_study: Callable[..., sweep.Study], inline: Inline, lasting: Callable[[sweep.Run], str]
) -> None:
    whole = inline(make_study(trials=9), name="whole")
    run = inline(make_study(trials=5))
    with closing(sqlite3.connect(run.directory.database)) as clock, clock:
        clock.execute(
            "UPDATE trials SET datetime_start = datetime('2026-01-01', -number || ' days'), "
            "datetime_complete = datetime('2025-01-01', -number || ' days')"
        )
    again = inline(make_study(trials=9))
    started, finished = again.records[4].started, again.records[4].finished
    assert started is not None
    assert finished is not None
    assert finished < started < (again.records[0].started or started)
    assert lasting(again) == lasting(whole)


def test_what_cannot_be_deleted_is_named(tmp_path: Path) -> None:
    with pytest.raises(
        StorageError, match=r"cannot delete: .*\. Fix the permissions of its folder"
    ):
        delete(tmp_path)
