"""Runs on a real PostgreSQL server: shared by many, driven by one, resumed after every fault."""

import json
import os
import signal
import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg
import pytest

import sweep
from sweep.cli.main import main
from sweep.storage.database import Database
from sweep.storage.postgres import Postgres
from sweep.trials.records import Ending
from tests.postgres import Server

MakeStudy = Callable[..., sweep.Study]
Lasting = Callable[[sweep.Run], str]


@pytest.fixture
def url(server: Server) -> str:
    return server.new_database()


@pytest.fixture
def run(tmp_path: Path, url: str) -> Callable[..., sweep.Run]:
    """Runs a study in this process, with its records on the server."""

    def call(study: sweep.Study, folder: str = "runs", **options: Any) -> sweep.Run:
        options = {"storage": url, "pool": "inline"} | options
        return sweep.run(study, sweep.Options(runs=tmp_path / folder, **options))

    return call


Run = Callable[..., sweep.Run]


def final() -> sweep.Final:
    return sweep.Final(
        data=lambda: None,
        test=lambda: None,
        evaluate=lambda _config, state, _test: {"total": state["total"]},
        minimize="loss",
    )


def attributes(url: str) -> str:
    """All that the database holds in attributes of studies and trials, and their names."""
    with psycopg.connect(url) as connection:
        return " ".join(
            str(connection.execute(f"SELECT * FROM {table}").fetchall())
            for table in ("studies", "study_user_attributes", "trial_user_attributes")
        )


# What a run leaves


def test_a_run_on_a_server_is_the_run_in_a_file(
    make_study: MakeStudy, run: Run, inline: Run, lasting: Lasting
) -> None:
    study = make_study(final=final())
    on_server, in_file = run(study), inline(study, name="file")
    assert lasting(on_server) == lasting(in_file)
    assert on_server.test is not None
    assert in_file.test is not None
    assert on_server.test.metrics == in_file.test.metrics
    assert not on_server.directory.database.exists()


def test_every_command_finds_the_server_and_the_password_in_the_environment(
    run: Run, study_file: Callable[..., Path], server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = run(sweep.load_study(study_file()))
    path = str(made.directory.path)
    reading = [["status"], ["report"], ["export", "--format", "csv"], ["best"], ["replay"]]
    commands = [[name, path, *options] for name, *options in reading] + [["show", path, "3"]]
    assert [main(command) for command in commands] == [2] * 6
    monkeypatch.setenv("PGPASSWORD", server.password)
    assert [main(command) for command in commands] == [0] * 6


def test_running_again_needs_no_storage_and_changes_nothing(
    make_study: MakeStudy, run: Run, url: str, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PGPASSWORD", server.password)
    made = run(make_study())
    before = attributes(url), made.directory.report.read_bytes()
    assert run(make_study(), storage="").records == made.records
    assert (attributes(url), made.directory.report.read_bytes()) == before


def test_the_password_is_kept_nowhere(
    study_file: Callable[..., Path],
    tmp_path: Path,
    server: Server,
    url: str,
    capfd: pytest.CaptureFixture[str],
) -> None:
    command = [sys.executable, "-m", "sweep", "run", str(study_file()), "--storage", url]
    subprocess.run([*command, "--pool", "inline"], cwd=tmp_path, check=True)
    texts = [path.read_bytes() for path in (tmp_path / "runs").rglob("*") if path.is_file()]
    written = (
        b"".join(texts).decode(errors="replace") + attributes(url) + "".join(capfd.readouterr())
    )
    assert server.password not in written
    assert f"postgresql://ada@127.0.0.1:{server.port}" in written
    assert repr(sweep.Options(storage=url)) == repr(sweep.Options())


def test_runs_share_a_database_under_their_names(
    make_study: MakeStudy, run: Run, lasting: Lasting, url: str
) -> None:
    first = run(make_study(final=final()))
    second = run(make_study(seed=1, final=final()), name="toy-final")
    third = run(make_study(seed=2), name="other")
    made = [run.name for run in (first, second, third)]
    assert made == ["toy", "toy", "toy"]
    assert len({lasting(run) for run in (first, second, third)}) == 3
    for name in ("toy/toy", "toy/toy-final", "toy-final/toy", "toy-final/toy-final", "other/toy"):
        assert f"'{name}'" in attributes(url)


def test_the_same_name_from_another_machine_resumes_the_run(
    make_study: MakeStudy, run: Run, lasting: Lasting
) -> None:
    run(make_study(trials=4))
    there = run(make_study(trials=9), folder="elsewhere")
    assert lasting(there) == lasting(run(make_study(trials=9), name="whole"))


def test_a_run_that_was_moved_keeps_its_name_on_the_server(make_study: MakeStudy, run: Run) -> None:
    made = run(make_study(trials=4))
    made.directory.path.rename(made.directory.path.with_name("moved"))
    assert len(run(make_study(trials=9), name="moved").records) == 9
    assert len(run(make_study(trials=9)).records) == 9


# Refusals


def test_a_run_made_with_one_storage_is_not_continued_with_another(
    make_study: MakeStudy, run: Run, server: Server, url: str
) -> None:
    run(make_study())
    other = server.new_database()
    made_with = rf"postgresql://ada@127.0.0.1:{server.port}/test\d+"
    message = f"toy: expected the storage that this run was made with, {made_with}, got postgresql"
    with pytest.raises(sweep.RunError, match=message):
        run(make_study(), storage=other)
    run(make_study(), name="file", storage="")
    with pytest.raises(sweep.RunError, match=r"made with, sweep.db, got postgresql://ada@127"):
        run(make_study(), name="file")


@pytest.mark.parametrize(
    "storage", ["mysql://ada:secret@host/db", "postgresql+psycopg://ada:secret@host/db", "runs.db"]
)
def test_other_kinds_of_storage_are_refused(storage: str) -> None:
    with pytest.raises(sweep.OptionError, match="expected storage to be 'postgresql://") as error:
        sweep.Options(storage=storage)
    assert "secret" not in str(error.value)


def test_a_url_that_cannot_be_read_is_refused(make_study: MakeStudy, run: Run) -> None:
    with pytest.raises(sweep.OptionError, match="got a URL that PostgreSQL cannot read") as error:
        run(make_study(), storage="postgresql://ada:sec%zzret@host/db")
    assert "ret" not in str(error.value).replace("PostgreSQL", "")


def test_a_missing_library_is_named(
    make_study: MakeStudy, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delitem(sys.modules, "sweep.storage.postgres")
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(sweep.OptionError, match=r"psycopg is not installed: .*\[postgres\]"):
        run(make_study())


def test_a_note_that_was_damaged_is_refused(make_study: MakeStudy, run: Run) -> None:
    made = run(make_study())
    made.directory.storage.write_text("{}")
    with pytest.raises(
        sweep.RunError, match=r"storage.json: expected the location of this run's re"
    ):
        run(make_study())


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda server: server.url("nowhere"), 'database "nowhere" does not exist'),
        (lambda server: server.url("postgres", "wrong"), "password authentication failed for"),
        (
            lambda _: "postgresql://ada:secret@127.0.0.1:1/db",
            "port 1 failed: Connection refus",
        ),
        (
            lambda server: server.new_database() + "?options=-c%20search_path%3Dnowhere",
            "no schema has been selected to create in",
        ),
    ],
)
def test_a_server_that_does_not_answer_is_one_line_and_leaves_nothing(
    study_file: Callable[..., Path],
    tmp_path: Path,
    server: Server,
    capfd: pytest.CaptureFixture[str],
    change: Callable[[Server], str],
    reason: str,
) -> None:
    runs = tmp_path / "runs"
    command = ["run", str(study_file()), "--runs", str(runs), "--pool", "inline"]
    assert main([*command, "--storage", change(server)]) == 2
    (line,) = capfd.readouterr().err.splitlines()
    assert line.startswith("error: postgresql://ada@127.0.0.1:")
    assert reason in line
    assert "Check the server, database and password" in line
    assert list(runs.iterdir()) == []
    assert main([*command, "--storage", server.new_database()]) == 0


def test_a_broken_study_leaves_no_records(make_study: MakeStudy, run: Run, url: str) -> None:
    def train(*_: Any) -> Iterator[dict[str, float]]:
        yield {"another": 1.0}

    with pytest.raises(sweep.StudyError, match="loss"):
        run(make_study(train=train))
    assert attributes(url) == "[] [] []"
    assert len(run(make_study()).records) == 6


# One driver

HOLD = """
    import sys, time
    from sweep.storage.database import Database
    from sweep.storage.postgres import Postgres

    held = Database(Postgres.at(sys.argv[1], "toy"), drives=True)
    print("held", flush=True)
    time.sleep(600)
"""


@pytest.fixture
def holder(url: str) -> Iterator[subprocess.Popen[str]]:
    """Another process that drives the run "toy"."""
    command = [sys.executable, "-c", textwrap.dedent(HOLD), url]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        yield process
        process.kill()


def test_a_second_driver_learns_who_drives_and_leaves_nothing(
    make_study: MakeStudy, run: Run, holder: subprocess.Popen[str], tmp_path: Path
) -> None:
    host = os.uname().nodename
    message = rf"run 'toy' is already driven by process {holder.pid} on {host} since 20.*; wait for"
    with pytest.raises(sweep.RunError, match=message):
        run(make_study())
    assert list((tmp_path / "runs").iterdir()) == []
    assert len(run(make_study(), name="other").records) == 6


def test_each_schema_has_runs_of_its_own(
    make_study: MakeStudy, run: Run, holder: subprocess.Popen[str], server: Server, url: str
) -> None:
    server.execute("CREATE SCHEMA mine", url)
    mine = run(make_study(), storage=f"{url}?options=-c%20search_path%3Dmine")
    assert len(mine.records) == 6
    assert "toy" not in attributes(url)


def test_readers_need_no_lease(url: str, holder: subprocess.Popen[str]) -> None:
    with closing(Database(Postgres.at(url, "toy"))) as reader:
        assert reader.studies() == []


def test_a_killed_driver_loses_its_lease(
    make_study: MakeStudy, run: Run, holder: subprocess.Popen[str]
) -> None:
    holder.send_signal(signal.SIGKILL)
    holder.wait()
    while True:  # until the server has seen it too, or the test's own timeout
        try:
            assert len(run(make_study()).records) == 6
            break
        except sweep.RunError:
            continue


def test_a_lost_host_loses_its_lease_after_a_minute(url: str) -> None:
    with Postgres.at(url, "toy").connector(drives=True) as connect:
        driver = connect()
    with closing(driver):
        names = ["idle", "interval", "count"]
        rows = [driver.execute(f"SHOW tcp_keepalives_{name}".encode()).fetchone() for name in names]
        idle, interval, count = (int(row[0]) for row in rows if row)
        assert idle + interval * count == 60
        assert driver.execute("SHOW tcp_user_timeout").fetchone() == ("60000",)


def test_two_runs_may_make_the_tables_at_the_same_time(url: str) -> None:
    program = HOLD.replace("time.sleep(600)", "").replace('"toy"', "sys.argv[2]")
    command = [sys.executable, "-c", textwrap.dedent(program), url]
    processes = [subprocess.Popen([*command, str(number)]) for number in range(3)]
    assert [process.wait() for process in processes] == [0, 0, 0]


# Faults while a run is under way


@pytest.fixture
def faulty(make_study: MakeStudy) -> Callable[..., sweep.Study]:
    """A study in whose third trial something happens, once."""

    def make(fault: Callable[[], object]) -> sweep.Study:
        toy, left = make_study(), [fault]

        def train(config: Any, data: Any, seed: int, state: Any) -> Iterator[sweep.Epoch]:
            for epoch in toy.train(config, data, seed, state):
                started.add(seed)
                if len(started) == 3 and left:
                    left.pop()()
                yield epoch

        started: set[int] = set()
        return make_study(train=train)

    return make


def cut(url: str) -> None:
    """Ends all connections to a database."""
    statement = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = "
    with psycopg.connect(url.rpartition("/")[0] + "/postgres", autocommit=True) as connection:
        connection.execute(f"{statement} '{url.rpartition('/')[2]}'".encode())


@pytest.mark.parametrize("fault", ["restart", "cut"])
def test_a_lost_connection_ends_the_run_and_the_same_command_resumes(
    faulty: Callable[..., sweep.Study], run: Run, lasting: Lasting, server: Server, url: str,
    make_study: MakeStudy, fault: str,
) -> None:  # fmt: skip
    study = faulty(server.restart if fault == "restart" else lambda: cut(url))
    with pytest.raises(sweep.StorageError, match="terminating connection due to administrator"):
        run(study)
    assert lasting(run(study)) == lasting(run(make_study(), name="calm"))


def test_a_driver_whose_lease_is_lost_writes_nothing_more(
    faulty: Callable[..., sweep.Study], make_study: MakeStudy, run: Run, url: str
) -> None:
    others: list[sweep.Run] = []

    def take_over() -> None:
        cut(url)
        others.append(run(make_study(trials=20), folder="elsewhere", accept_changes=True))

    with pytest.raises(sweep.StorageError, match="terminating connection due to administrator"):
        run(faulty(take_over))
    before = others[0].records
    assert {record.ending for record in before} == {Ending.COMPLETE}
    assert run(make_study(trials=20), accept_changes=True).records == before


def test_a_connection_is_never_replaced(url: str) -> None:
    with closing(Database(Postgres.at(url, "toy"), drives=True)) as database:
        table = database.ensure("toy", minimize=True, attributes={})
        cut(url)
        for reason in ("terminating connection", "lost the connection to the database; nothing"):
            with pytest.raises(sweep.StorageError, match=reason):
                table.set_attribute("note", 1)
    assert "note" not in json.dumps(attributes(url))
