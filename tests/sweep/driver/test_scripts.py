"""Studies of scripts and notebooks: every door to them, and what they show."""

import os
import signal
import sqlite3
import subprocess
import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import sweep
from sweep.cli.main import main
from sweep.driver.run import INTERRUPTED

Inline = Callable[..., sweep.Run]
MakeStudy = Callable[..., sweep.Study]

SCRIPT = """
import os
import sweep

BIAS = 0.0

def helper(x):
    return x + BIAS

def space(trial):
    return {"x": trial.suggest_float("x", 0, 1)}

def train(config, data, seed, state):
    yield {"loss": helper(config["x"])}

study = sweep.Study(name="script", space=space, train=train, minimize="loss",
                    trials=int(os.environ["TRIALS"]))
if __name__ == "__main__":
    run = sweep.run(study, sweep.Options(pool="inline"))
    print(len(run.trials()))
"""

CELL = "exec(compile(open('go.py').read(), '/tmp/ipykernel_7/42.py', 'exec'), globals())"
DOORS = {
    "file": ["go.py"],
    "module": ["-m", "go"],
    "interactive": ["-i", "go.py"],
    "command": ["-c", SCRIPT],
    "exec": ["-c", "exec(open('go.py').read())"],
    "cell": ["-c", CELL],
    "stdin": ["-"],
}
"""How Python is told to run a script, by the words of its command line."""


def execute(folder: Path, words: list[str], text: str, trials: int) -> Any:
    """Run a script as `go.py` in a folder; the result of `subprocess.run`."""
    (folder / "go.py").write_text(text)
    path = str(Path(sweep.__file__).parents[1])
    words = [text if word == SCRIPT else word for word in words]
    return subprocess.run(
        [sys.executable, *words], cwd=folder, input=text if words == ["-"] else "",
        env=os.environ | {"TRIALS": str(trials), "PYTHONPATH": path},
        capture_output=True, text=True, timeout=120,
    )  # fmt: skip


@pytest.fixture(scope="module")
def begun(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the run of a script."""
    folder = tmp_path_factory.mktemp("begun")
    assert execute(folder, DOORS["file"], SCRIPT, 1).stdout == "1\n"
    return folder


@pytest.mark.parametrize("words", DOORS.values(), ids=DOORS)
def test_changed_code_is_noticed_however_a_script_is_run(begun: Path, words: list[str]) -> None:
    text = SCRIPT.replace("x + BIAS", "x - BIAS").replace("BIAS = 0.0", "BIAS = 1")
    answer = execute(begun, words, text, 2)
    assert answer.stdout == ""
    assert "got changes: function helper; value BIAS 0.0 -> 1; undo them, accept" in answer.stderr
    assert answer.stderr.count("/sweep/driver/") == 1
    assert len(sweep.Run(begun / "runs/script").records) == 1


def test_a_run_that_recorded_no_functions_resumes_and_records_them(
    make_study: MakeStudy, inline: Inline
) -> None:
    path = inline(make_study(trials=2, data=dict)).directory.path
    with closing(sqlite3.connect(path / "sweep.db")) as connection, connection:
        connection.execute("DELETE FROM study_user_attributes WHERE key = 'functions'")
    assert "functions" not in sweep.Run(path).about
    assert sweep.replay(make_study(data=dict), sweep.Run(path), 0) == []
    run = inline(make_study(trials=3, data=dict))
    assert run.about["functions"]["data()"] == "builtins.dict"
    assert "changes" not in run.about
    with pytest.raises(sweep.RunError, match=r"changes: data\(\) builtins.dict -> tests\.\S+;"):
        inline(make_study(trials=4, data=empty))


def test_accepted_changes_of_functions_are_on_record_with_their_names(
    make_study: MakeStudy, inline: Inline
) -> None:
    inline(make_study(trials=2))
    run = inline(make_study(trials=3, data=dict), accept_changes=True)
    change = "changed from trial 2 on: data() (new)"
    assert change in (run.directory.path / "report.md").read_text()
    inline(make_study(trials=4, data=dict))


def test_a_cache_that_data_fills_is_no_change(inline: Inline) -> None:
    names: dict[str, Any] = {"__name__": "__main__"}
    exec(
        "import sweep\nCACHE = {}\n"
        "def space(trial): return {'x': trial.suggest_float('x', 0, 1)}\n"
        "def data(): return CACHE.setdefault('data', [len(CACHE)])\n"
        "def train(config, data, seed, state): yield {'loss': config['x'] + data[0]}\n"
        "study = sweep.Study(name='s', space=space, train=train, data=data, minimize='loss')",
        names,
    )
    for trials in (1, 2):
        run = inline(replace(names["study"], trials=trials))
        assert run.about["functions"]["value CACHE"] == "{}"
        assert sweep.replay(names["study"], run, 0) == []
    names["CACHE"]["data"] = [7]
    with pytest.raises(sweep.RunError, match=r"changes: value CACHE {} -> {'data': \[7\]}; undo"):
        inline(replace(names["study"], trials=3))


def empty() -> dict[str, Any]:
    return {}


# Replay


def test_a_script_replays_its_run(make_study: MakeStudy, inline: Inline) -> None:
    inline(make_study(trials=3))
    study = make_study(trials=6, seed=7)
    run = inline(study, accept_changes=True)
    assert sweep.replay(study, run) == []
    assert [sweep.replay(study, run, number) for number in (0, 5)] == [[], []]

    def another(
        config: Any, _data: object, _seed: int, _state: object
    ) -> Iterator[dict[str, float]]:
        yield {"loss": config["x"]}

    told = sweep.replay(make_study(trials=6, seed=7, train=another), run, 5)
    assert len(told) == 4
    assert told[0].startswith("epoch 1: DIFFERENT (largest relative difference")
    assert told[3].endswith("now no such epoch")
    assert sweep.replay(make_study(sampler="random", seed=7), run) == []


def test_another_suggestion_is_told(make_study: MakeStudy, inline: Inline) -> None:
    run = inline(make_study(trials=3))
    run.records[1].params["k"] = run.records[1].params["k"] % 3 + 1
    (told,) = sweep.replay(make_study(), run)
    assert told.startswith(f"trial 1: DIFFERENT: recorded {run.records[1].params}, now ")


def test_a_trial_that_there_is_not_cannot_be_replayed(
    make_study: MakeStudy, inline: Inline
) -> None:
    run = inline(make_study(trials=2))
    for number in (2, -1):
        with pytest.raises(
            sweep.OptionError, match=rf"expected a number below 2, got {number}; see"
        ):
            sweep.replay(make_study(), run, number)


def test_the_command_says_how_to_replay_a_run_of_a_script(
    begun: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (begun / "go.py").write_text(SCRIPT)
    run = begun / "runs/script"
    assert main(["replay", str(run)]) == 2
    assert capsys.readouterr().err == (
        f"error: {run}: expected a run of a study file, got one made in {begun}/go.py; call "
        f"sweep.replay(study, sweep.Run('{run}')) where that makes its study, or name a file with "
        f"--study\n"
    )
    monkeypatch.setenv("TRIALS", "1")
    assert main(["replay", str(run), "--study", str(begun / "go.py"), "--trial", "0"]) == 0
    assert "1 of 1 epochs are identical" in capsys.readouterr().out


def test_a_script_that_always_runs_is_no_study_file(study_file: Callable[..., Path]) -> None:
    path = study_file(("trials=5)", "trials=5)\nsweep.run(study)"))
    message = (
        r"toy.py:12: run: expected a study file that only declares .*; put that call below `if"
    )
    with pytest.raises(sweep.StudyError, match=message):
        sweep.load_study(path)
    assert not Path("runs/toy").exists()


# Progress


def test_a_run_is_shown_on_standard_error(
    make_study: MakeStudy, inline: Inline, capsys: pytest.CaptureFixture[str]
) -> None:
    run = inline(make_study(trials=2))
    out, err = capsys.readouterr()
    first, *trials, last = err.splitlines()
    assert (out, first, len(trials)) == ("", "toy: 2 trials, on 1 slot", 2)
    assert all(" trial " in line and " loss " in line for line in trials)
    assert last.startswith("toy: best loss 0.")
    assert last.endswith(f"2 of 2 trials have ended: {run.directory.path}/report.html")


@pytest.mark.parametrize("quiet", [{"progress": False}, {"observer": lambda *_: None}])
def test_a_run_need_not_be_shown(
    make_study: MakeStudy, tmp_path: Path, capfd: pytest.CaptureFixture[str], quiet: dict[str, Any]
) -> None:
    sweep.run(make_study(trials=2), sweep.Options(runs=tmp_path, pool="inline"), **quiet)
    assert capfd.readouterr() == ("", "")


def test_a_run_without_a_score_says_so(
    make_study: MakeStudy, inline: Inline, capsys: pytest.CaptureFixture[str]
) -> None:
    def failing(*_: object) -> Iterator[dict[str, float]]:
        yield {"loss": float("nan")}

    inline(make_study(trials=1, train=failing))
    assert "toy: no score; 1 of 1 trials have ended: " in capsys.readouterr().err


def test_an_interrupted_run_says_that_it_resumes_and_does(
    make_study: MakeStudy, inline: Inline, capsys: pytest.CaptureFixture[str]
) -> None:
    interrupts = iter([False, True])

    def interrupt(_study: str, _record: object) -> None:
        if next(interrupts, False):
            signal.raise_signal(signal.SIGINT)

    with pytest.raises(KeyboardInterrupt, match=INTERRUPTED) as caught:
        inline(make_study(callbacks=(interrupt,)))
    shown = "".join(traceback.format_exception(caught.value))
    assert shown.count(f"{os.sep}sweep{os.sep}driver{os.sep}") == 1 + shown.count(
        "tests/sweep/driver/"
    )
    assert len(inline(make_study()).records) == 6
