"""Tables of learning curves: tiny grids, trained, exported and loaded."""

import math
import subprocess
import sys
from dataclasses import replace
from itertools import islice
from pathlib import Path

import numpy as np
import pytest

import netlib as nl
import sweep
from studies.tables.curves import load
from studies.tables.export import export
from sweep.samplers.grid.walk import Walk

ROOT = Path(__file__).parents[2]
TABLES = ROOT / "studies" / "tables"
GRIDS = ("dense_mnist", "conv_mnist", "conv_fashion")
SMALL = {"train": "60", "validation": "50", "test": "40", "epochs": "2"}


def loaded(name: str, **settings: str) -> sweep.Study:
    return sweep.load_study(TABLES / f"{name}.py", SMALL | settings)


def trained(study: sweep.Study, runs: Path, name: str) -> Path:
    options = sweep.Options(runs=runs, name=name, pool="inline")
    return sweep.run(study, options, progress=False).directory.path


@pytest.fixture(scope="module")
def runs(tmp_path_factory) -> tuple[Path, Path]:
    """A run of six configurations, and one that trains two of them three times."""
    folder = tmp_path_factory.mktemp("runs")
    grid = trained(replace(loaded("dense_mnist"), trials=6), folder, "grid")
    noise = trained(replace(loaded("dense_mnist", repeats="3"), trials=2), folder, "noise")
    return grid, noise


@pytest.mark.parametrize("name", GRIDS)
def test_a_grid_has_as_many_configurations_as_its_first_line_says(name):
    study = loaded(name)
    assert study.name == name
    assert sum(1 for _ in Walk(study.space)) == study.trials
    text = (TABLES / f"{name}.py").read_text()
    assert f" {study.trials:,} configurations, " in text.partition("\n")[0]


@pytest.mark.parametrize("name", GRIDS)
def test_a_resumed_training_has_the_same_curve(name):
    study = loaded(name)
    rng = np.random.default_rng(0)
    size = 28 if name == "dense_mnist" else 14
    shape = (30, size, size, 1)
    images = rng.integers(0, 256, shape, dtype=np.uint8)
    data = [nl.Dataset(images, rng.integers(0, 10, 30))] * 3
    for trial in islice(Walk(study.space), 4):
        config = study.space(trial)
        first, second = study.train(config, data, 7, None)
        (resumed,) = study.train(config, data, 7, first.state)
        assert resumed.metrics == second.metrics
        assert first.metrics["test_error"] == first.metrics["validation_error"]


def test_halved_images_are_means_of_four_pixels():
    train, validation, test = loaded("conv_mnist").data()
    assert [len(part) for part in (train, validation, test)] == [60, 50, 40]
    _, whole = nl.mnist("test").split(40, seed=0)
    assert test.images.shape == (40, 14, 14, 1)
    corner = whole.images[:, 14:16, 14:16].mean(axis=(1, 2))
    assert np.array_equal(test.images[:, 7, 7], corner.round())


def test_a_table_gives_back_what_its_run_recorded(runs, tmp_path):
    grid, noise = map(sweep.Run, runs)
    assert export(runs, tmp_path) == tmp_path / "dense_mnist.csv.gz"
    table = load("dense_mnist", tmp_path)
    assert [len(table.configs), len(table.repeats_of)] == [6, 4]
    for record in grid.records:
        row = table.configs.loc[record.number].dropna().to_dict()
        assert row == record.params
        for name in ("validation_error", "validation_loss", "train_loss", "test_error"):
            curve = table.curves[name][record.number]
            assert curve == pytest.approx(record.curve(name), rel=1e-3)
        cost = table.curves["cpu_seconds"][record.number]
        assert cost.sum() == pytest.approx(record.cpu_seconds, rel=1e-3)
    expected = {
        (record.number, *curve)
        for record in noise.records
        for curve in record.curves("validation_error")[1:]
    }
    repeats = zip(table.repeats_of, table.repeats["validation_error"].tolist(), strict=True)
    assert {(int(of), *curve) for of, curve in repeats} == expected


def test_provenance_says_how_a_table_was_made(runs, tmp_path):
    export(runs, tmp_path)
    made = load("dense_mnist", tmp_path).provenance
    assert (made["configurations"], made["trainings"], made["epochs"]) == (6, 10, 2)
    assert made["parameters"]["units"] == [16, 32, 64, 128]
    assert made["metrics"] == ["train_loss", "validation_loss", "validation_error", "test_error"]
    assert [run["repeats"] for run in made["runs"]] == [1, 3]
    assert all(run["kernels"] and run["revision"] for run in made["runs"])
    assert "host" not in made["runs"][0]


def test_a_table_has_the_same_bytes_each_time(runs, tmp_path):
    first = export(runs, tmp_path).read_bytes()
    command = [sys.executable, "-m", "studies.tables.export", *map(str, runs)]
    (tmp_path / "again").mkdir()
    subprocess.run([*command, "--folder", str(tmp_path / "again")], cwd=ROOT, check=True)
    assert (tmp_path / "again" / "dense_mnist.csv.gz").read_bytes() == first


def of_two(runs: Path, name: str, last: float) -> Path:
    """A run of two configurations, of which one yields `last` after its second epoch."""

    def train(config, data, seed, state):
        for loss in (0.5, last if config["x"] else 0.25, 0.125):
            assert loss >= 0 or math.isnan(loss)
            yield {"loss": loss}

    study = sweep.Study(
        name="some",
        space=lambda trial: {"x": trial.suggest_int("x", 0, 1)},
        train=train,
        minimize="loss",
        trials=2,
        sampler="grid",
    )
    return trained(study, runs, name)


def test_a_training_that_diverges_ends_with_empty_epochs(tmp_path):
    export([of_two(tmp_path, "diverged", math.nan)], tmp_path)
    table = load("some", tmp_path)
    (row,) = np.flatnonzero(table.configs["x"] == 1)
    assert np.isnan(table.curves["loss"])[row].tolist() == [False, True, True]
    assert np.isnan(table.curves["seconds"])[row].tolist() == [False, False, True]
    assert table.curves["loss"][1 - row].tolist() == [0.5, 0.25, 0.125]


def test_incomplete_runs_and_other_studies_are_refused(runs, tmp_path):
    failed = of_two(tmp_path, "failed", -1.0)
    with pytest.raises(sweep.RunError, match="expected 2 trials that are complete or diverged, go"):
        export([failed], tmp_path)
    other = of_two(tmp_path, "other", 0.25)
    with pytest.raises(sweep.RunError, match="expected configurations of the grid dense_mnist, go"):
        export([runs[0], other], tmp_path)
    with pytest.raises(sweep.RunError, match="expected configurations of the grid dense_mnist, go"):
        export(runs[::-1], tmp_path)
