"""The committed results are what their databases say; their README tells how to use the weights."""

import csv
import re
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

import netlib as nl
import sweep
from sweep.checkpoints.format import Checkpoint, encode
from sweep.cli.main import main
from sweep.driver.verify.replay import other_suggestions, versions_of
from sweep.reports import write as report

RESULTS = Path(__file__).parents[2] / "studies" / "results"
README = RESULTS / "README.md"
RUNS = [path.parent for path in sorted(RESULTS.glob("*/sweep.db"))]


def texts(folder):
    paths = [path for path in folder.rglob("*") if path.suffix in (".md", ".csv")]
    return {str(path.relative_to(folder)): path.read_bytes() for path in paths}


def test_there_are_committed_runs():
    assert {run.name for run in RUNS} >= {"luisadosch", "raoulluque"}


@pytest.mark.parametrize("run", RUNS, ids=lambda run: run.name)
def test_a_committed_report_is_made_of_its_database_alone(run, tmp_path):
    shutil.copy(run / "sweep.db", tmp_path)
    report.write(sweep.Run(tmp_path))
    made, kept = texts(tmp_path), texts(run)
    assert made.keys() == kept.keys()
    for name, content in kept.items():
        assert made[name] == content, name


@pytest.mark.parametrize("run", RUNS, ids=lambda run: run.name)
def test_a_committed_grid_which_an_earlier_version_listed_is_suggested_again(run, tmp_path):
    shutil.copy(run / "sweep.db", tmp_path)
    kept = sweep.Run(tmp_path)
    versions = versions_of(kept, str(RESULTS.parent / f"{run.name}.py"))
    assert not list(other_suggestions(versions, kept.records))


def figures_of(run, table, header):
    """By model, the published figure and ours, of those that a committed table has both of."""
    with (RESULTS / run / "tables" / f"{table}.csv").open() as file:
        lines = [line for line in csv.DictReader(file) if line[f"{header}, ours"]]
    return {
        line["model"]: [
            f"{float(line[f'{header}, {whose}']):.2f}" for whose in ("published", "ours")
        ]
        for line in lines
    }


@pytest.mark.parametrize(
    ("run", "tables", "header"),
    [
        ("raoulluque", ["models"], "test error %"),
        ("luisadosch", ["fully-connected", "convolutional"], "accuracy %"),
    ],
)
def test_the_first_page_shows_the_committed_figures(run, tables, header):
    figures = {}
    for table in tables:
        figures |= figures_of(run, table, header)
    text = (RESULTS.parents[1] / "README.md").read_text()
    rows = [re.split(r" *\| *", line)[1:-1] for line in text.splitlines() if line.startswith("|")]
    start = next(n for n, row in enumerate(rows) if row[0] == header)
    assert rows[start][1:] == [*figures]
    published, ours = zip(*figures.values(), strict=True)
    assert rows[start + 2] == ["published", *published]
    assert rows[start + 3] == ["ours", *ours]


def test_a_table_is_printed_as_the_readme_says(monkeypatch, capsys):
    (words,) = re.findall(r"^python -m sweep (export .*)", README.read_text(), re.M)
    monkeypatch.chdir(RESULTS.parents[1])
    assert main(words.split()) == 0
    assert capsys.readouterr().out.startswith(r"\begin{tabular}")


def replaced(text, pairs):
    for old, new in pairs.items():
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    return text


def test_the_committed_weights_have_the_error_that_is_stated(monkeypatch):
    judge, _ = re.findall(r"^```python\n(.*?)^```", README.read_text(), re.M | re.S)
    monkeypatch.chdir(RESULTS.parents[1])
    printed = []
    exec(judge, {"print": printed.append})
    (trained,) = (r for r in sweep.Run(RESULTS / "raoulluque").records if r.params["model"] == "12")
    assert printed == [trained.epochs[-1].metrics["test_error"]]
    assert f"test images of MNIST, {printed[0]}, with netlib" in README.read_text()


def test_weights_are_taken_from_a_state_and_judged_by_netlib_alone(load, digits, tmp_path):
    study = load("raoulluque")
    test = nl.mnist("test").take(100)
    config = replace(study.MODELS["12"], images=64, epochs=1)
    (epoch,) = study.train(config, (digits, test), 0, None)
    (tmp_path / "state").write_bytes(encode(Checkpoint(1, epoch.state)))
    judge, take = re.findall(r"^```python\n(.*?)^```", README.read_text(), re.M | re.S)
    assert "sweep" not in re.findall(r"^(?:import|from) (\w+)", judge + take, re.M)
    weights = "studies/results/raoulluque/model-12.safetensors"
    state = "runs/raoulluque/checkpoints/raoulluque-00029.safetensors"
    exec(replaced(take, {state: str(tmp_path / "state"), weights: str(tmp_path / "weights")}), {})
    printed = []
    pairs = {weights: str(tmp_path / "weights"), 'nl.mnist("test")': 'nl.mnist("test").take(100)'}
    exec(replaced(judge, pairs), {"print": printed.append})
    assert printed == [epoch.metrics["test_error"]]
    assert (tmp_path / "weights").stat().st_size < 1_000_000
