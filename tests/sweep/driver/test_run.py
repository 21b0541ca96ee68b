import os
import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import sweep

MakeStudy = Callable[..., sweep.Study]
Inline = Callable[..., sweep.Run]


def files(folder: Path) -> dict[str, tuple[bytes, int]]:
    return {
        str(path.relative_to(folder)): (path.read_bytes(), path.stat().st_mtime_ns)
        for path in folder.rglob("*")
        if path.is_file() and path.name != "lock"
    }


@pytest.mark.usefixtures("plots")
def test_a_run_directory_has_what_its_readme_says(make_study: MakeStudy, inline: Inline) -> None:
    run = inline(make_study())
    names = {path.name for path in run.directory.path.iterdir()}
    assert names == {
        "README.txt",
        "best",
        "checkpoints",
        "epochs.csv",
        "lock",
        "logs",
        "plots",
        "report.html",
        "report.md",
        "sweep.db",
        "trials.csv",
    }
    text = (run.directory.path / "README.txt").read_text()
    assert all(name in text for name in names - {"README.txt"})


@pytest.mark.usefixtures("plots")
def test_running_again_changes_nothing(make_study: MakeStudy, inline: Inline) -> None:
    run = inline(make_study())
    before = files(run.directory.path)
    inline(make_study())
    assert files(run.directory.path) == before


def test_what_auto_chose_at_the_beginning_is_kept_and_told(
    make_study: MakeStudy, inline: Inline
) -> None:
    inline(make_study(sampler="tpe", trials=3))
    continued = inline(make_study(sampler="auto", trials=6))
    assert continued.about["sampler"] == "tpe"
    assert "changes" not in continued.about
    assert "(auto; " not in (continued.directory.path / "report.md").read_text()
    for trials in (3, 4):
        new = inline(make_study(sampler="auto", trials=trials), name="new")
    text = (new.directory.path / "report.md").read_text()
    assert "gp (auto; one objective: it finds better configurations in as many trials" in text


def test_five_more_trials_are_exactly_five(
    make_study: MakeStudy, inline: Inline, lasting: Callable[[sweep.Run], str]
) -> None:
    first = inline(make_study(trials=6))
    before = first.trials().to_csv()
    more = inline(make_study(trials=11))
    assert len(more.records) == 11
    assert more.trials().head(6).to_csv() == before
    straight = inline(make_study(trials=11), name="straight")
    assert lasting(more) == lasting(straight)


@pytest.mark.parametrize("stop_at", [1, 5, 6, 11, 13])
def test_an_interrupted_run_ends_like_one_that_was_not(
    make_study: MakeStudy, inline: Inline, lasting: Callable[[sweep.Run], str], stop_at: int
) -> None:
    pruner = sweep.Asha(min_epochs=2, factor=2, max_epochs=4)
    study = make_study(pruner=pruner)
    calls = 0

    def train(*arguments: Any) -> Iterator[sweep.Epoch]:
        nonlocal calls
        for epoch in study.train(*arguments):
            calls += 1
            if calls == stop_at:
                raise KeyboardInterrupt
            yield epoch

    with pytest.raises(KeyboardInterrupt):
        inline(make_study(pruner=pruner, train=train))
    assert lasting(inline(study, accept_changes=True)) == lasting(inline(study, name="whole"))


def test_the_same_seed_gives_the_same_table_and_another_one_another(
    make_study: MakeStudy, inline: Inline, lasting: Callable[[sweep.Run], str]
) -> None:
    first, second, other = (
        lasting(inline(make_study(trials=15, seed=seed), name=name))
        for seed, name in ((1, "a"), (1, "b"), (2, "c"))
    )
    assert first == second
    assert first != other


@pytest.mark.usefixtures("plots")
def test_reports_are_rebuilt_byte_for_byte(make_study: MakeStudy, inline: Inline) -> None:
    from sweep.reports import write as report

    run = inline(make_study(pruner=sweep.Median(min_trials=2)))
    before = files(run.directory.path)
    made = [name for name in before if name.endswith((".md", ".csv", ".svg", ".json"))]
    assert len(made) == 6
    for name in made:
        (run.directory.path / name).unlink()
    report.write(sweep.Run(run.directory.path))
    after = files(run.directory.path)
    assert {name: after[name][0] for name in made} == {name: before[name][0] for name in made}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"seed": 9},
            r"changes: seed 0 -> 9; undo them, accept them with --accept-changes, or",
        ),
        ({"maximize": "loss", "minimize": None}, r"direction 'minimize' -> 'maximize'"),
        ({"sampler": "random"}, r"sampler 'gp' -> 'random'"),
        ({"name": "other"}, r"name 'toy' -> 'other'"),
    ],
)
def test_another_study_is_refused_and_nothing_changes(
    make_study: MakeStudy, inline: Inline, changes: dict[str, Any], message: str
) -> None:
    run = inline(make_study(), name="same")
    before = files(run.directory.path)
    with pytest.raises(sweep.RunError, match=message):
        inline(make_study(**changes), name="same")
    assert files(run.directory.path) == before


def test_accepted_changes_are_on_record(make_study: MakeStudy, inline: Inline) -> None:
    inline(make_study(trials=3))
    run = inline(make_study(trials=6, seed=9), accept_changes=True)
    assert len(run.records) == 6
    assert run.about["seed"] == 9
    assert "- changed from trial 3 on: seed 0 → 9" in (run.directory.path / "report.md").read_text()
    inline(make_study(trials=6, seed=9))


def test_changes_that_make_scores_another_thing_are_never_accepted(
    make_study: MakeStudy, inline: Inline
) -> None:
    inline(make_study())
    message = r"score 'last' -> 'best'; undo them, or start another run with --name"
    with pytest.raises(sweep.RunError, match=message):
        inline(make_study(score="best"), accept_changes=True)


def test_code_that_does_something_else_is_a_change_and_a_comment_is_none(
    study_file: Callable[..., Path], inline: Inline
) -> None:
    path = study_file()
    inline(sweep.load_study(path))
    path.write_text('"""A docstring."""\n# a comment\n' + path.read_text())
    inline(sweep.load_study(path))
    path.write_text(path.read_text().replace("** 2", "** 4"))
    with pytest.raises(sweep.RunError, match=r"got changes: code '\w{12}' -> '\w{12}'; undo them"):
        inline(sweep.load_study(path))
    inline(sweep.load_study(path), accept_changes=True)


def test_a_module_beside_the_study_file_is_code_too(
    study_file: Callable[..., Path], inline: Inline
) -> None:
    path = study_file(("import sweep", "import beside\nimport sweep"))
    beside = path.parent / "beside.py"
    beside.write_text("RATE = 0.1\n")
    inline(sweep.load_study(path))
    beside.write_text("RATE = 0.2\n")
    with pytest.raises(sweep.RunError, match=r"got changes: code '\w{12}' -> '\w{12}'; undo them"):
        inline(sweep.load_study(path))


def test_other_data_are_a_change(make_study: MakeStudy, inline: Inline) -> None:
    inline(make_study(data=lambda: {"images": np.arange(6)}, trials=3))
    inline(make_study(data=lambda: {"images": np.arange(6)}, trials=4))
    changed = make_study(data=lambda: {"images": np.arange(6) + 1}, trials=5)
    with pytest.raises(sweep.RunError, match=r"changes: data '\w{12}' -> '\w{12}'; undo them, acc"):
        inline(changed)
    run = inline(changed, accept_changes=True)
    assert [change["from_trial"] for change in run.about["changes"]] == [4]


def test_a_changed_space_is_refused(make_study: MakeStudy, inline: Inline) -> None:
    inline(make_study())

    def wider(trial: sweep.Trial) -> dict[str, Any]:
        return {"x": trial.suggest_float("x", -2, 1), "k": trial.suggest_int("k", 1, 3)}

    with pytest.raises(sweep.RunError, match=r"'x' was float -1..1, is float -2..1"):
        inline(make_study(space=wider))

    def less(trial: sweep.Trial) -> dict[str, Any]:
        return {"x": trial.suggest_float("x", -1, 1), "k": 1}

    with pytest.raises(sweep.RunError, match=r"'k' was int 1..3, is gone"):
        inline(make_study(space=less))


def raising_space(_trial: sweep.Trial) -> dict[str, Any]:
    raise ZeroDivisionError("in the space")


def raising_data() -> None:
    raise FileNotFoundError("the images")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"space": raising_space}, r"test_run.py:\d+: space\(\) raised ZeroDiv"),
        ({"space": lambda _trial: None}, "expected a configuration .* got None"),
        ({"data": raising_data}, r"data\(\) raised FileNotFoundError: the images"),
        ({"train": lambda *_: None}, "expected a generator of epochs"),
        ({"train": lambda *_: iter([{"lss": 1}])}, "expected the metric 'loss' in every epoch"),
        (
            {"train": lambda *_: 1 / 0},
            "the same error in 3 trials in a row, .*: ZeroDivisionError: div",
        ),
        ({"first": ({"y": 1},)}, r"first: expected parameters of the space, \['k', 'x'\], got"),
    ],
)
def test_a_study_that_cannot_run_leaves_no_trace(
    make_study: MakeStudy, inline: Inline, tmp_path: Path, changes: dict[str, Any], message: str
) -> None:
    with pytest.raises(sweep.StudyError, match=message):
        inline(make_study(**changes))
    assert list((tmp_path / "runs").glob("*")) == []


def test_a_broken_training_leaves_an_existing_run_as_it_was(
    make_study: MakeStudy, inline: Inline
) -> None:
    run = inline(make_study(trials=3))
    before = run.trials().to_csv()
    with pytest.raises(sweep.StudyError, match="expected a generator"):
        inline(make_study(trials=5, train=lambda *_: None), accept_changes=True)
    assert sweep.Run(run.directory.path).trials().head(3).to_csv() == before
    assert len(inline(make_study(trials=5), accept_changes=True).records) == 5


def test_a_directory_with_other_things_in_it_is_left_alone(
    make_study: MakeStudy, inline: Inline, tmp_path: Path
) -> None:
    thesis = tmp_path / "runs" / "toy" / "thesis.tex"
    thesis.parent.mkdir(parents=True)
    thesis.write_text("my thesis")
    with pytest.raises(sweep.RunError, match=r"or an empty one, got one with 'thesis.tex' in it"):
        inline(make_study())
    assert [path.name for path in thesis.parent.iterdir()] == ["thesis.tex"]


def test_a_second_driver_is_refused_and_told_who_is_at_work(
    make_study: MakeStudy, inline: Inline
) -> None:
    run = inline(make_study())
    with (
        run.directory.locked(),
        pytest.raises(
            sweep.RunError, match=rf"already driven by process {os.getpid()} on .* since 20"
        ),
    ):
        inline(make_study())
    inline(make_study())


def test_a_directory_that_cannot_be_made_is_refused(make_study: MakeStudy) -> None:
    options = sweep.Options(runs=Path("/proc/nowhere"), pool="inline")
    with pytest.raises(sweep.StorageError, match="cannot create the run directory"):
        sweep.run(make_study(), options)


FULL_DISK = """
    import resource, signal, sys
    from pathlib import Path
    import sweep

    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    study = sweep.load_study(sys.argv[1])
    options = sweep.Options(runs=Path(sys.argv[2]), pool="inline")
    resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[3]),) * 2)
    try:
        sweep.run(study, options)
    except sweep.StorageError as error:
        print(error)
"""


@pytest.mark.usefixtures("plots")
@pytest.mark.parametrize(("limit", "is_kept"), [(200, False), (60_000, False), (800_000, True)])
def test_a_full_disk_is_one_clear_error_and_the_run_goes_on_later(
    study_file: Callable[..., Path], tmp_path: Path, limit: int, *, is_kept: bool
) -> None:
    path = study_file(("trials=5", "trials=60"))
    script = tmp_path / "full.py"
    script.write_text(textwrap.dedent(FULL_DISK))
    answer = subprocess.run(
        [sys.executable, script, path, tmp_path / "runs", str(limit)],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert "run again" in answer.stdout
    assert (tmp_path / "runs" / "toy").exists() == is_kept
    options = sweep.Options(runs=tmp_path / "runs", pool="inline")
    run = sweep.run(sweep.load_study(path), options)
    assert [record.number for record in run.records] == list(range(60))
    assert {len(record.epochs) for record in run.records} == {3}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"slots": 0}, "expected slots to be a whole number >= 1 or 'max', got 0"),
        ({"cpus_per_slot": 0}, "expected cpus_per_slot to be a whole number >= 1, got 0"),
        ({"pool": "threads"}, "expected pool to be 'ray' or 'inline', got 'threads'"),
        ({"address": "ray://x"}, "expected address 'local' or 'auto', got 'ray://x'"),
        ({"hours": 0}, "expected hours to be a number > 0, got 0"),
        ({"retries": -1}, "expected retries to be a whole number >= 0, got -1"),
        ({"runs": None}, "expected runs to be a path, got None"),
        ({"name": "a/b"}, "expected name to be a name without '/' of at most 200 bytes, got 'a/b'"),
        ({"name": ".."}, "expected name to be a name without '/' of at most 200 bytes"),
        ({"name": "ä" * 101}, "expected name to be a name without '/' of at most 200 bytes"),
        (
            {"trial_timeout": 2, "pool": "inline"},
            "expected pool 'ray' for trial_timeout, got 'inline', which cannot stop an epoch",
        ),
        ({"trial_timeout": 0}, "expected trial_timeout to be a number > 0, got 0"),
    ],
)
def test_options_are_checked(options: dict[str, Any], message: str) -> None:
    with pytest.raises(sweep.OptionError, match=message):
        sweep.Options(**options)


def test_the_directory_of_runs_may_be_text(tmp_path: Path) -> None:
    assert sweep.Options(runs=str(tmp_path)).runs == tmp_path  # type: ignore[arg-type]


def test_reading_a_directory_without_a_run_is_refused(tmp_path: Path) -> None:
    with pytest.raises(
        sweep.RunError, match=r"expected a run directory, found no sweep.db or storage"
    ):
        sweep.Run(tmp_path)


def test_a_run_shows_how_it_stands_in_a_line_and_in_a_notebook(
    make_study: MakeStudy, inline: Inline
) -> None:
    def space(trial: sweep.Trial) -> dict[str, Any]:
        kind = trial.suggest_categorical("kind", ["<b>"])
        return {"x": trial.suggest_int("x", 1, 3), "k": 1, "kind": kind}

    run = inline(make_study(space=space, trials=3))
    best = run.best
    assert best is not None
    stands = f"toy, 3 of 3 trials have ended, best loss {best.score:.4g} (trial {best.number})"
    assert repr(run) == f"Run('{run.directory.path}': {stands})"
    shown = run._repr_html_()
    assert stands in shown
    assert shown.count("<tr") == 4
    assert "&lt;b&gt;" in shown
    assert "<b>" not in shown
    run.records = []
    assert repr(run).endswith("toy, 0 of 0 trials have ended)")
    assert run._repr_html_().count("<tr") == 1
