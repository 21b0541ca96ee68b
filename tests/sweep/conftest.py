"""Fixtures of the sweep tests: a study of numbers, and ways to run it."""

import math
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import sweep
from sweep.reports import sections
from sweep.reports.outlook import known
from sweep.storage.database import Backend
from sweep.storage.postgres import Postgres
from sweep.storage.sqlite import SQLiteFile
from sweep.workers.process import garbage

PLOTS_ARE_DRAWN = ("/reports/", "test_kinds_of_studies.py")
"""Where runs draw their plots and look ahead; elsewhere that would take half of the time, and
nobody looks.

A test somewhere else asks for plots with the fixture `plots`.
"""

MEMORY_IS_FREED = ("/process/", "/ray/")
"""Where trials begin with a collection of garbage, of which a process of tests has a lot."""

STUDY_FILE = """
    import sweep

    def space(trial):
        return {"x": trial.suggest_float("x", -1, 1), "k": trial.suggest_int("k", 1, 3)}

    def train(config, data, seed, state):
        for epoch in range(3):
            yield {"loss": config["x"] ** 2 + config["k"] / (epoch + 1)}

    study = sweep.Study(name="toy", space=space, train=train, minimize="loss", trials=5)
"""


def toy_space(trial: sweep.Trial) -> dict[str, Any]:
    return {"x": trial.suggest_float("x", -1, 1), "k": trial.suggest_int("k", 1, 3)}


def toy_train(
    config: dict[str, Any], _data: object, seed: int, state: dict[str, Any] | None
) -> Iterator[sweep.Epoch]:
    """Four epochs whose numbers depend on all that came before, so that a wrong resume shows."""
    total = 0.0 if state is None else state["total"]
    for epoch in range(0 if state is None else state["epoch"], 4):
        total = total / 2 + abs(config["x"]) / config["k"] + (seed % 7) / 100
        yield sweep.Epoch({"loss": total}, {"total": total, "epoch": epoch + 1})


@pytest.fixture(autouse=True)
def quick(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Runs in this process leave out what takes most of their time, but where it is tested."""
    path = str(request.path)
    if "plots" not in request.fixturenames and not any(part in path for part in PLOTS_ARE_DRAWN):
        monkeypatch.setattr(sections, "all_plots", lambda *_: {})
        monkeypatch.setattr(known, "MIN_COMPLETE", math.inf)
    if not any(part in path for part in MEMORY_IS_FREED):
        monkeypatch.setattr(garbage, "_collect", lambda: None)


@pytest.fixture
def plots() -> None:
    """Runs draw their plots."""


@pytest.fixture
def make_study() -> Callable[..., sweep.Study]:
    """A maker of toy studies; keywords change any field."""

    def make(**changes: Any) -> sweep.Study:
        fields: dict[str, Any] = {
            "name": "toy",
            "space": toy_space,
            "train": toy_train,
            "minimize": "loss",
            "trials": 6,
        }
        return sweep.Study(**(fields | changes))

    return make


BACKENDS = {"sqlite": SQLiteFile, "postgresql": Postgres}
"""Every kind of database, by the name that tests have for it."""


@pytest.fixture(params=BACKENDS)
def backend(request: pytest.FixtureRequest, tmp_path: Path) -> Backend:
    """A place for the records of one run, of each kind."""
    return make_backend(request, tmp_path)


def make_backend(request: pytest.FixtureRequest, folder: Path) -> Backend:
    if request.param == "sqlite":
        return SQLiteFile(folder / "sweep.db")
    return Postgres.at(request.getfixturevalue("server").new_database(), "run")


@pytest.fixture
def inline(tmp_path: Path) -> Callable[..., sweep.Run]:
    """Runs a study in this process, below tmp_path/runs."""

    def run(study: sweep.Study, **options: Any) -> sweep.Run:
        return sweep.run(study, sweep.Options(runs=tmp_path / "runs", pool="inline", **options))

    return run


@pytest.fixture
def study_file(tmp_path: Path) -> Callable[..., Path]:
    """Writes a study file; pairs of strings replace parts of the toy study."""

    def write(*replacements: tuple[str, str], name: str = "toy.py") -> Path:
        text = textwrap.dedent(STUDY_FILE)
        for old, new in replacements:
            assert old in text
            text = text.replace(old, new)
        path = tmp_path / name
        path.write_text(text)
        return path

    return write


TIMES = ["seconds", "cpu_seconds", "started", "attempts", "host"]


@pytest.fixture
def lasting() -> Callable[[sweep.Run], str]:
    """A run's tables without times and hosts, as text to compare."""

    def text(run: sweep.Run) -> str:
        trials = run.trials().drop(columns=TIMES)
        epochs = run.epochs().drop(columns=["seconds", "cpu_seconds"])
        return str(trials.to_csv()) + str(epochs.to_csv())

    return text
