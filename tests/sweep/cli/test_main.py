import contextlib
import itertools
import json
import os
import pty
import re
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

import sweep
from sweep.cli import export
from sweep.cli.main import main
from tests.commands import COMMANDS

StudyFile = Callable[..., Path]


@pytest.fixture(autouse=True)
def in_tmp_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def run_inline(path: Path, *more: str) -> int:
    return main(["run", str(path), "--pool", "inline", *more])


WITH_ALL = (
    ('yield {"loss": config["x"] ** 2 + config["k"] / (epoch + 1)}',
     'if config["x"] > 0.6: raise OSError(f"x is\\n{config}")\n'
     '        loss = float("nan") if config["x"] < -0.8 else abs(config["x"]) + 1 / (epoch + 1)\n'
     '        yield sweep.Epoch({"loss": loss}, {"epoch": epoch})'),
    ("trials=5)", """trials=40, pruner=sweep.Median(), final=sweep.Final(
        data=lambda: "all", test=lambda: "test", minimize="loss",
        evaluate=lambda *_: {"error": 0.1}))"""),
)  # fmt: skip


def test_a_pipe_gets_a_line_per_trial_and_at_most_ten_more(
    study_file: StudyFile, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_inline(study_file(*WITH_ALL)) == 0
    run = sweep.Run("runs/toy")
    assert {r.ending.value for r in run.records} == {"complete", "pruned", "error", "diverged"}
    answer = capsys.readouterr()
    assert answer.err == ""
    lines = answer.out.splitlines()
    assert lines[0] == "toy: 40 trials, on 1 slot"
    assert sum(bool(re.match(r"[* ] trial +\d+  [a-z]+ +loss ", line)) for line in lines) == 41
    assert len(lines) <= 41 + 10
    assert any(line.startswith("best: trial ") for line in lines)
    assert lines[-1] == "all 40 trials are done: runs/toy/report.html"


def test_a_terminal_gets_the_best_few_as_a_table_too(study_file: StudyFile) -> None:
    assert "|   trial |   loss |" in in_terminal(study_file())
    assert "|   trial |" not in in_terminal(study_file(), "--quiet")


def in_terminal(study: Path, *more: str) -> str:
    """What a run prints to a terminal of its own."""
    ours, its = pty.openpty()
    command = [sys.executable, "-m", "sweep", "run", str(study), "--pool", "inline", *more]
    printed = b""
    with subprocess.Popen(command, stdout=its, stderr=its) as process:
        os.close(its)
        with contextlib.suppress(OSError):  # how Linux tells that all has been read
            while part := os.read(ours, 65536):
                printed += part
    os.close(ours)
    assert process.returncode == 0
    return printed.decode()


def test_a_final_training_that_fails_is_no_success(
    study_file: StudyFile, capsys: pytest.CaptureFixture[str]
) -> None:
    no_luck = """    if data == "all":
        raise OSError("no luck")
    for epoch"""
    final = """trials=5, final=sweep.Final(data=lambda: "all", test=lambda: "test",
        evaluate=lambda *_: {"error": 0.0}, minimize="loss"))"""
    path = study_file(("    for epoch", no_luck), ("trials=5)", final))
    assert run_inline(path) == 2
    assert "the final training failed, OSError: no luck; see runs/toy/logs/run.log" in (
        capsys.readouterr().err
    )


def test_running_again_says_that_all_is_done(
    study_file: StudyFile, capsys: pytest.CaptureFixture[str]
) -> None:
    path = study_file()
    run_inline(path)
    capsys.readouterr()
    assert run_inline(path) == 0
    out = capsys.readouterr().out
    assert "trials, on" not in out
    assert "all 5 trials are done" in out
    assert run_inline(path, "--trials", "7") == 0
    assert "toy: 7 trials, 5 of them already done, on 1 slot" in capsys.readouterr().out


def test_a_run_whose_hours_are_over_says_how_to_continue(
    study_file: StudyFile, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_inline(study_file(), "--hours", "1e-300") == 0
    assert capsys.readouterr().out == (
        "toy: no trial has a score yet\n0 of 5 trials have ended: run again to continue\n"
    )


def test_a_grid_that_is_smaller_than_the_number_of_trials_is_done(
    study_file: StudyFile, capsys: pytest.CaptureFixture[str]
) -> None:
    path = study_file(('"x": trial.suggest_float("x", -1, 1), ', '"x": 0.5, '),
                      ("trials=5", 'trials=5, sampler="grid"'))  # fmt: skip
    assert run_inline(path) == 0
    assert "all 3 points of the grid are done" in capsys.readouterr().out


def test_quiet_prints_the_result_alone(
    study_file: StudyFile, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_inline(study_file(), "--quiet") == 0
    out = capsys.readouterr().out
    assert "complete" not in out
    assert "best: trial" in out


def test_nothing_is_coloured_in_a_pipe(
    study_file: StudyFile, capsys: pytest.CaptureFixture[str]
) -> None:
    run_inline(study_file())
    assert "\x1b" not in capsys.readouterr().out


def test_the_inline_pool_starts_no_ray(study_file: StudyFile) -> None:
    script = (
        "import sys; from sweep.cli.main import cli, main; "
        f"main(['run', {str(study_file())!r}, '--pool', 'inline']); "
        "assert 'ray' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, timeout=60)


def test_status_shows_counts_and_the_best(
    study_file: StudyFile, capsys: pytest.CaptureFixture[str]
) -> None:
    run_inline(study_file())
    capsys.readouterr()
    assert main(["status", "toy"]) == 0
    out = capsys.readouterr().out
    assert re.search(r"\| complete +\| +5 \| +15 \|", out)
    assert "best: trial " in out


def test_status_shows_what_runs_without_waiting_for_the_driver(
    study_file: StudyFile, capsys: pytest.CaptureFixture[str]
) -> None:
    path = study_file(
        ("import sweep\n", "import sweep, time\n"),
        ('yield {"loss"', 'time.sleep(20 * (epoch == 1))\n        yield {"loss"'),
        ("trials=5", "trials=5, pruner=sweep.Median(warmup_epochs=0)"),
    )
    command = [sys.executable, "-m", "sweep", "run", str(path), "--pool", "inline"]
    driver = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    try:
        deadline = time.monotonic() + 30
        out = ""
        while "running: trial 0, 1 epochs" not in out and time.monotonic() < deadline:
            time.sleep(0.2)
            main(["status", "toy"])
            out = capsys.readouterr().out
        assert "running: trial 0, 1 epochs, loss" in out
    finally:
        driver.kill()
        driver.communicate()


def test_a_run_of_a_similar_name_is_proposed(
    study_file: StudyFile, capsys: pytest.CaptureFixture[str]
) -> None:
    run_inline(study_file(("trials=5", "trials=1")), "--name", "first_try")
    assert main(["status", "frist_try"]) == 2
    assert capsys.readouterr().err.endswith("or storage.json; did you mean first_try?\n")


def test_report_makes_the_files_again(
    study_file: StudyFile, capsys: pytest.CaptureFixture[str]
) -> None:
    run_inline(study_file())
    before = Path("runs/toy/report.md").read_bytes()
    Path("runs/toy/report.md").unlink()
    assert main(["report", "toy"]) == 0
    assert Path("runs/toy/report.md").read_bytes() == before


def test_every_table_exports_in_every_format(
    study_file: StudyFile, capsys: pytest.CaptureFixture[str]
) -> None:
    run_inline(study_file(("trials=5", "trials=2")))
    capsys.readouterr()
    tables = ["trials", "epochs", "summary", "progression"]
    for table, format_ in itertools.product(tables, ["csv", "markdown", "latex", "json"]):
        assert main(["export", "toy", "--format", format_, "--table", table]) == 0
        printed = capsys.readouterr().out
        command = ["export", "runs/toy", "--format", format_, "--table", table, "-o", "file"]
        assert main(command) == 0
        assert Path("file").read_text() == printed
        assert ("status" if table == "summary" else "trial") in printed
        Path("file").unlink()


def test_a_declared_table_exports_as_it_is_in_the_run_directory(
    study_file: StudyFile, capsys: pytest.CaptureFixture[str]
) -> None:
    table = (
        'sweep.PublishedTable(name="ks", title="By k", by="k", rows=("1", "2", "3"),'
        ' config={"x": "x"})'
    )
    run_inline(study_file(("trials=5", f"trials=5, tables=({table},)")))
    capsys.readouterr()
    assert main(["export", "toy", "--format", "csv", "--table", "ks"]) == 0
    assert capsys.readouterr().out == Path("runs/toy/tables/ks.csv").read_text()
    assert main(["export", "toy", "--format", "markdown", "--table", "ks"]) == 0
    assert "# By k\n\n" + capsys.readouterr().out == Path("runs/toy/tables/ks.md").read_text()


def test_export_refuses_a_table_that_there_is_not(
    study_file: StudyFile, capsys: pytest.CaptureFixture[str]
) -> None:
    run_inline(study_file(("trials=5", "trials=1")))
    assert main(["export", "toy", "--format", "csv", "--table", "ks"]) == 2
    assert capsys.readouterr().err.endswith(
        "error: --table: expected one of trials, epochs, summary, front, progression, got 'ks'\n"
    )


def test_export_refuses_a_file_that_cannot_be_written(
    study_file: StudyFile, capsys: pytest.CaptureFixture[str]
) -> None:
    run_inline(study_file(("trials=5", "trials=1")))
    assert main(["export", "toy", "--format", "csv", "-o", "no/such/folder.csv"]) == 2
    assert "expected a new file that can be written, got 'No such f" in capsys.readouterr().err
    before = Path("runs/toy/sweep.db").read_bytes()
    assert main(["export", "toy", "--format", "csv", "-o", "runs/toy/sweep.db"]) == 2
    assert "got 'File exists'; choose another name" in capsys.readouterr().err
    assert Path("runs/toy/sweep.db").read_bytes() == before


def test_export_leaves_no_part_of_a_file_on_a_full_disk(
    study_file: StudyFile, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    run_inline(study_file(("trials=5", "trials=1")))
    monkeypatch.setitem(export.TABLES, "trials", lambda _: pd.DataFrame({"x": range(20_000)}))
    size = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, size[1]))
    try:
        assert main(["export", "toy", "--format", "csv", "-o", "table.csv"]) == 2
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, size)
    assert "got 'File too large'; choose another name" in capsys.readouterr().err
    assert not Path("table.csv").exists()


def test_export_of_parquet_keeps_a_terminal_clean(
    study_file: StudyFile, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    run_inline(study_file(("trials=5", "trials=1")))
    assert main(["export", "toy", "--format", "parquet", "-o", "trials.parquet"]) == 0
    assert pd.read_parquet("trials.parquet")["trial"].tolist() == [0]
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    assert main(["export", "toy", "--format", "parquet"]) == 2
    assert "expected a file or a pipe to write to, got a term" in capsys.readouterr().err


def test_show_tells_all_of_one_trial_with_its_traceback(
    study_file: StudyFile, capsys: pytest.CaptureFixture[str]
) -> None:
    path = study_file(('yield {"loss"', 'if config["x"] > 0.4: raise OSError("x is large")\n'
                       '        yield {"loss"'))  # fmt: skip
    run_inline(path, "--trials", "12")
    failed = next(r for r in sweep.Run("runs/toy").records if r.failure)
    capsys.readouterr()
    assert main(["show", "toy", str(failed.number)]) == 0
    out = capsys.readouterr().out
    assert out.startswith(f"trial {failed.number} of toy: error\n")
    assert 'raise OSError("x is large")' in out
    assert main(["show", "toy", "12"]) == 2
    assert "expected a number below 12, got 12" in capsys.readouterr().err


def test_best_prints_the_configuration(
    study_file: StudyFile, capsys: pytest.CaptureFixture[str]
) -> None:
    run_inline(study_file())
    capsys.readouterr()
    assert main(["best", "toy"]) == 0
    config = re.search(r"^config: (.*)$", capsys.readouterr().out, re.MULTILINE)
    assert config is not None
    assert json.loads(config[1]).keys() == {"x", "k"}


def test_check_tries_a_trial_and_writes_nothing(
    study_file: StudyFile, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = study_file()
    assert main(["check", str(path)]) == 0
    out = capsys.readouterr().out
    assert re.search(r"3 epochs, \S+ s each, the whole training; last: loss ", out)
    assert "estimate: 5 such trials" in out
    assert not (tmp_path / "runs").exists()


def test_check_estimates_from_what_it_had_time_for(
    study_file: StudyFile, capsys: pytest.CaptureFixture[str]
) -> None:
    pruner = "trials=5, pruner=sweep.Median(warmup_epochs=0))"
    assert main(["check", str(study_file(("trials=5)", pruner))), "--seconds", "0"]) == 0
    assert "estimate: 5 trials of 10 such epochs" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('config["x"] ** 2', "undefined", r"train\(\) failed in trial 0: NameError"),
        ('{"loss":', '{"lss":', r"expected the metric 'loss' in every epoch, got \['lss'\]"),
    ],
)
def test_check_finds_what_is_broken(
    study_file: StudyFile, capsys: pytest.CaptureFixture[str], old: str, new: str, message: str
) -> None:
    assert main(["check", str(study_file((old, new)))]) == 2
    assert re.search(message, capsys.readouterr().err)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["run", "nowhere.py"], "error: nowhere.py: expected a study file, found none"),
        (["run", "toy.py", "--trials", "0"], "error: Invalid value for '--trials': 0"),
        (["run", "toy.py", "--trials", "many"], "error: Invalid value for '--trials': 'many'"),
        (["run", "toy.py", "--pool", "threads"], "error: Invalid value for '--pool': 'threads'"),
        (["run", "toy.py", "--hours", "-1"], "run: expected hours to be a number > 0, got -1"),
        (["run", "toy.py", "--set", "epochs"], "error: --set: expected KEY=VALUE, got 'epochs'"),
        (["run", "toy.py", "--set", "a=1"], "--set a: expected one of the study's settings"),
        (["run", "toy.py", "--bogus"], "error: No such option '--bogus'"),
        (["run"], "error: Missing argument 'STUDY.py'"),
        (["export", "toy"], "error: Missing option '--format'. Choose from: csv, markdown, "),
        (["walk"], "error: No such command 'walk'"),
        (["status", "nothing"], "error: nothing: expected a run directory or a name below ./runs"),
    ],
)
def test_mistakes_are_one_line_and_exit_with_2(
    study_file: StudyFile,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    message: str,
) -> None:
    study_file()
    assert main(arguments) == 2
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1
    assert "Traceback" not in error
    assert not Path("runs").exists()


BROKEN = [
    (("study = ", "studdy = "), "expected an attribute `study`, found none; at least:"),
    (("study = sweep", "study = 5 #"), "expected `study` to be a sweep.Study, got int"),
    (("def space(trial):", "def space(trial:"), "toy.py:4: the study file raised"),
    (("import sweep", "import sweeep"), "toy.py:2: the study file raised ModuleNot"),
    (("trials=5", "trials=0"), "Study: expected trials to be a whole number >= 1, got 0"),
    (('"x", -1, 1', '"x", 1, -1'), "suggest_float('x'): expected finite numbers low <= high, got"),
    (("return {", "return None and {"), "expected a configuration (a dataclass or a dict), got N"),
    (('return {"x"', 'return 1 / 0 and {"x"'), "toy.py:5: space() raised ZeroD"),
    (("range(3)", "range(0)"), "train: expected at least one epoch, got none"),
    (('{"loss":', '{"lss":'), "expected the metric 'loss' in every epoch, got ['lss']"),
    (('trials=5', 'trials=5, data=lambda: 1 / 0'), "data() raised ZeroDivision"),
]  # fmt: skip


@pytest.mark.parametrize(("replacement", "message"), BROKEN)
def test_a_broken_study_file_is_named_and_leaves_nothing(
    study_file: StudyFile,
    capsys: pytest.CaptureFixture[str],
    replacement: tuple[str, str],
    message: str,
) -> None:
    assert run_inline(study_file(replacement)) == 2
    assert message in capsys.readouterr().err
    assert list(Path().glob("runs/*")) == []


def test_a_sweep_where_everything_diverges_says_so_and_exits_with_2(
    study_file: StudyFile, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_inline(study_file(('config["x"] ** 2', 'float("nan")'))) == 2
    answer = capsys.readouterr()
    assert answer.out.count("diverged") == 5
    assert "no trial has a score" in answer.err


@pytest.mark.parametrize("signal_number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_an_interrupted_run_exits_with_130_and_goes_on_later(
    study_file: StudyFile, signal_number: int
) -> None:
    path = study_file(
        ("import sweep\n", "import sweep, time\n"),
        ("range(3):", "range(3 if not time.sleep(0.3) else 3):"),
    )
    command = [sys.executable, "-m", "sweep", "run", str(path), "--pool", "inline"]
    driver = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert driver.stdout is not None
    line = ""
    while "trial   1" not in line:
        line = driver.stdout.readline()
    os.kill(driver.pid, signal_number)
    _, error = driver.communicate(timeout=30)
    assert driver.returncode == 130
    assert error.strip() == (
        "interrupted: run the same command again to resume; no finished work is lost"
    )
    assert run_inline(path) == 0
    run = sweep.Run("runs/toy")
    assert [record.number for record in run.records] == list(range(5))
    assert {len(record.epochs) for record in run.records} == {3}


def test_an_interruption_is_told_once_however_often_it_comes() -> None:
    script = (
        "from sweep.cli import run; codes = []; run.os._exit = codes.append; "
        "run._exit(1, 2); run._exit(1, 2, 15); raise SystemExit(codes != [130, 130])"
    )
    answer = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert answer.stderr.count("interrupted: ") == answer.stderr.count("\n") == 1


def test_settings_reach_the_study_and_the_record(
    study_file: StudyFile, capsys: pytest.CaptureFixture[str]
) -> None:
    path = study_file(
        (
            "import sweep\n",
            "import sweep\nfrom dataclasses import dataclass\n\n@dataclass(frozen=True)\n"
            "class Settings:\n    epochs: int = 3\n\nsettings = sweep.settings(Settings)\n",
        ),
        ("range(3)", "range(settings.epochs)"),
    )
    assert run_inline(path, "--set", "epochs=2") == 0
    run = sweep.Run("runs/toy")
    assert {len(record.epochs) for record in run.records} == {2}
    assert run.about["settings"] == {"epochs": 2}
    assert run_inline(path) == 2
    assert "settings {'epochs': 2} -> {'epochs': 3}" in capsys.readouterr().err


def test_every_command_is_in_the_file_of_its_name() -> None:
    for name, command in COMMANDS.items():
        assert command.callback.__module__ == f"sweep.cli.{name}"
    files = {path.stem for path in Path(export.__file__).parent.glob("[a-z]*.py")}
    assert files - {"main"} == set(COMMANDS)


def test_help_names_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--help"]) == 0
    out = capsys.readouterr().out
    for command in COMMANDS:
        assert re.search(rf"^  {command} ", out, re.MULTILINE)
    assert len(out.splitlines()) <= 24


def test_a_reader_that_goes_away_interrupts_the_run_without_a_traceback(
    study_file: StudyFile,
) -> None:
    path = study_file(("trials=5", "trials=300"))
    command = f"{sys.executable} -m sweep run {path} --pool inline | head -n 2"
    answer = subprocess.run(
        ["bash", "-c", f"{command}; exit ${{PIPESTATUS[0]}}"],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert answer.stdout.startswith("toy: 300 trials, on 1 slot\n")
    assert answer.stderr == ""
    assert answer.returncode == 130


def test_no_command_shows_what_there_is(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 0
    answer = capsys.readouterr()
    assert answer.out.startswith("Usage: ")
    assert len(answer.out.splitlines()) <= 24
    assert answer.err == ""


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_shells_can_complete_the_command(shell: str) -> None:
    program = Path(sys.executable).with_name("sweep")
    environment = os.environ | {"_SWEEP_COMPLETE": f"{shell}_source"}
    answer = subprocess.run([program], env=environment, capture_output=True, text=True, check=True)
    assert "_SWEEP_COMPLETE" in answer.stdout


def test_names_of_commands_are_completed() -> None:
    program = Path(sys.executable).with_name("sweep")
    about = {"_SWEEP_COMPLETE": "bash_complete", "COMP_WORDS": "sweep re", "COMP_CWORD": "1"}
    answer = subprocess.run(
        [program], env=os.environ | about, capture_output=True, text=True, check=True
    )
    assert answer.stdout.split() == ["plain,report", "plain,replay"]


def test_an_unknown_command_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["rnu"]) == 2
    assert "No such command 'rnu'" in capsys.readouterr().err


def test_what_needs_no_command_imports_none_of_the_large_libraries() -> None:
    script = (
        "import sys; from sweep.cli.main import main; main(['--version']); "
        "print({'pandas', 'optuna', 'ray', 'matplotlib', 'sqlalchemy', 'rich'} & {*sys.modules})"
    )
    answer = subprocess.run(
        [sys.executable, "-c", script], check=True, capture_output=True, text=True
    )
    assert answer.stdout.endswith("set()\n")
