"""optuna-dashboard on a run: a real server, real requests."""

import json
import re
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator

import pytest
from optuna.exceptions import StorageInternalError

import sweep
from sweep.cli.main import main
from sweep.errors import StorageError
from sweep.storage.database import Backend, Database
from tests.machine import free_port


@pytest.fixture
def run(make_study, inline) -> sweep.Run:
    return inline(make_study())


@pytest.fixture
def address(run) -> Iterator[str]:
    command = [sys.executable, "-m", "sweep", "dashboard", str(run.directory.path)]
    command += ["--port", str(free_port())]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    line = server.stdout.readline()
    yield re.match(r"(http://127.0.0.1:\d+)/dashboard shows .*/toy;", line)[1]
    server.terminate()
    server.communicate(timeout=60)


def ask(address: str, path: str, method: str = "GET") -> object:
    request = urllib.request.Request(address + path, method=method)
    for _ in range(100):
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:
                return json.load(answer)
        except urllib.error.HTTPError:
            raise
        except urllib.error.URLError:  # it does not listen yet
            time.sleep(0.1)
    raise TimeoutError(address)


def test_it_shows_the_studies_and_cannot_delete_them(address) -> None:
    studies = ask(address, "/api/studies")["study_summaries"]
    assert [study["study_name"] for study in studies] == ["toy"]
    with pytest.raises(urllib.error.HTTPError, match="500"):
        ask(address, f"/api/studies/{studies[0]['study_id']}", "DELETE")
    assert ask(address, "/api/studies")["study_summaries"] == studies


def test_a_database_to_look_at_cannot_be_written(backend: Backend) -> None:
    database = Database(backend, drives=True)
    database.ensure("toy", minimize=True, attributes={"a": 1})
    storage = database.to_look_at()
    assert len(storage.get_all_studies()) == 1
    with pytest.raises((StorageError, StorageInternalError), match="read"):
        storage.create_new_study([], "other")
    database.close()


def test_a_port_that_is_taken_is_refused(run, capsys) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = str(other.getsockname()[1])
        assert main(["dashboard", str(run.directory.path), "--port", port]) == 2
    assert f"--port {port}: address already in use; choose another" in capsys.readouterr().err


def test_without_optuna_dashboard_it_says_how_to_install_it(run, capsys, monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "optuna_dashboard", None)
    assert main(["dashboard", str(run.directory.path)]) == 2
    assert "pip install -e '.[dashboard]'" in capsys.readouterr().err
