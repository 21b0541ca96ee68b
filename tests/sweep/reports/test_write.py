"""The golden run was made by version 0.1.0; what later versions make of it is compared here.

To make the golden files again after a change that is meant: `just golden`, and read the diff.
"""

import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

import sweep
from sweep.cli.main import main
from sweep.reports import write as report
from sweep.reports.best import loader
from sweep.reports.html.content import render
from sweep.reports.sections import report_of

GOLDEN = Path(__file__).parents[1] / "golden" / "v0.1"
FILES = ["report.md", "trials.csv", "epochs.csv", "best/config.json"]


@pytest.fixture
def golden_run(tmp_path: Path) -> sweep.Run:
    return copy_of_golden(tmp_path / "run")


def copy_of_golden(folder: Path) -> sweep.Run:
    shutil.copytree(GOLDEN / "checkpoints", folder / "checkpoints")
    shutil.copy(GOLDEN / "sweep.db", folder)
    return sweep.Run(folder)


@pytest.mark.parametrize("name", FILES)
def test_an_old_database_gives_the_same_files_to_the_byte(golden_run: sweep.Run, name: str) -> None:
    report.write(golden_run)
    assert (golden_run.directory.path / name).read_text() == (GOLDEN / name).read_text()


def test_an_old_database_has_a_page(golden_run: sweep.Run) -> None:
    text = render(report_of(golden_run))
    assert golden_run.best is not None
    assert f"is trial {golden_run.best.number}" in " ".join(text.split())
    assert text.count("<tr class=") == len(golden_run.records)


@pytest.mark.parametrize(
    "command",
    [
        "status RUN",
        "report RUN",
        "export RUN --format parquet --table epochs -o table.parquet",
        "show RUN 0",
        f"replay RUN --trial 0 --study {GOLDEN / 'study.py'}",
        "compare RUN other",
        "best RUN",
    ],
)
def test_every_command_reads_an_old_database(
    golden_run: sweep.Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    monkeypatch.chdir(tmp_path)
    copy_of_golden(tmp_path / "other")
    assert main(command.replace("RUN", str(golden_run.directory.path)).split()) == 0


def test_an_old_run_replays_but_for_the_last_bits(
    golden_run: sweep.Run, capsys: pytest.CaptureFixture[str]
) -> None:
    path, study = golden_run.directory.path, GOLDEN / "study.py"
    code = main(["replay", str(path), "--study", str(study)])
    out = capsys.readouterr().out
    # Other processors and versions of NumPy round the sampler's logarithms differently.
    assert "DIFFERENT" not in out
    assert ("20 of 20 suggestions are identical" in out) == (code == 0)


def test_plots_are_the_same_each_time_and_hold_text(golden_run: sweep.Run) -> None:
    report.write(golden_run)
    plots = sorted(golden_run.directory.plots.iterdir())
    before = [path.read_bytes() for path in plots]
    for path in plots:
        path.unlink()
    report.write(golden_run)
    assert [path.read_bytes() for path in plots] == before
    assert [path.name for path in plots] == ["learning_curves.svg", "progression.svg"]
    assert all(b"<text" in text for text in before)


def test_the_best_weights_are_those_of_the_last_state(golden_run: sweep.Run) -> None:
    report.write(golden_run)
    weights = load_file(golden_run.directory.best / "weights.safetensors")
    assert golden_run.final is not None
    assert weights["x"].tolist() == [pytest.approx(golden_run.final.params["x"])]


def test_weights_of_a_former_best_are_deleted_if_the_new_one_has_none(
    inline: Callable[..., sweep.Run],
    make_study: Callable[..., sweep.Study],
    capsys: pytest.CaptureFixture[str],
) -> None:
    def train(config: dict[str, Any], *_: object) -> Iterator[sweep.Epoch]:
        weights = {"weights": {"x": np.array([config["x"]])}} if config["x"] > 0 else None
        yield sweep.Epoch({"loss": config["x"]}, weights)

    first = ({"x": 0.5, "k": 1}, {"x": -0.5, "k": 1})
    study = make_study(train=train, first=first, trials=1)
    path = inline(study).directory.path
    weights = path / "best" / "weights.safetensors"
    assert load_file(weights)["x"] == [0.5]
    inline(replace(study, trials=2))
    assert not weights.exists()
    capsys.readouterr()
    assert main(["best", str(path)]) == 0
    assert "weights: none; the training yielded none, or its" in capsys.readouterr().out


@pytest.mark.parametrize("text", ["[]", "3", "{not JSON", '{"load": ""}', "{}"])
def test_weights_of_another_program_name_no_loader(tmp_path: Path, text: str) -> None:
    save_file({"w": np.zeros(3)}, tmp_path / "weights", {"model": text})
    assert loader(tmp_path / "weights") == ""
    assert loader(tmp_path) == ""
    save_file({"w": np.zeros(3)}, tmp_path / "weights", {"model": '{"load": "a.b"}'})
    assert loader(tmp_path / "weights") == "a.b"


def test_every_way_a_trial_can_end_is_in_the_golden_run(golden_run: sweep.Run) -> None:
    endings = {record.ending.value for record in golden_run.records}
    assert endings == {"complete", "pruned", "diverged", "error"}


TABLES = (
    sweep.PublishedTable(
        name="ks",
        title="By k",
        by="k",
        rows=("1", "2", "3", "4"),
        changed="changed",
        quantities=(sweep.Quantity(source="loss", header="loss", published={"1": 0.5, "4": 0.1}),),
        notes=("A note | of <b>.",),
    ),
    sweep.PublishedCurve(name="k-1", title="k 1", by="k", row="1", metric="loss", header="loss"),
)


def texts(folder: Path) -> dict[str, bytes]:
    paths = [folder / "report.md", *folder.glob("*.csv"), *folder.glob("tables/*")]
    return {str(path.relative_to(folder)): path.read_bytes() for path in paths}


def test_declared_tables_are_files_and_part_of_the_report(
    make_study: Callable[..., sweep.Study], inline: Callable[..., sweep.Run]
) -> None:
    run = inline(make_study(tables=TABLES))
    files = texts(run.directory.path)
    names = [f"tables/{table.name}.{kind}" for table in TABLES for kind in ("csv", "md")]
    assert files.keys() == {"report.md", "trials.csv", "epochs.csv", *names}
    for name in names:
        if name.endswith(".md"):
            assert b"\n#" + files[name] in files["report.md"]
    assert b"- A note | of &lt;b>." in files["tables/ks.md"]
    assert b"not run" in files["tables/ks.md"]
    assert files["tables/ks.csv"].count(b"\n") == 5


def test_the_database_alone_gives_the_same_bytes_elsewhere_and_stays_as_it_is(
    make_study: Callable[..., sweep.Study], inline: Callable[..., sweep.Run], tmp_path: Path
) -> None:
    run = inline(make_study(tables=TABLES))
    copy = tmp_path / "elsewhere"
    copy.mkdir()
    shutil.copy(run.directory.database, copy)
    before = (copy / "sweep.db").read_bytes()
    (copy / "sweep.db").chmod(0o444)
    report.write(sweep.Run(copy))
    assert texts(copy) == texts(run.directory.path)
    assert (copy / "sweep.db").read_bytes() == before


def test_a_run_of_which_nothing_is_known_yet_has_a_report(tmp_path: Path) -> None:
    study = sweep.load_study(GOLDEN / "study.py")
    options = sweep.Options(runs=tmp_path, pool="inline", hours=1e-300)
    run = sweep.run(study, options)
    assert run.best is None
    assert "No trial has ended yet." in (tmp_path / "golden" / "report.md").read_text()
