"""Programs as trainings: what they are given, what is read of them, and where they continue."""

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import sweep
from sweep.programs.metrics.log import log
from sweep.programs.plan import ProgramEpoch

Make = Callable[..., sweep.Study]
CONFIG = {"x": 0.5, "k": 2}
SEED = 7


def epochs(study: sweep.Study, state: Any = None) -> list[ProgramEpoch]:
    return [*iterate(study, state)]


def iterate(study: sweep.Study, state: Any = None) -> Iterator[ProgramEpoch]:
    found: Any = study.train(CONFIG, None, SEED, state)
    yield from found


def losses(study: sweep.Study, state: Any = None) -> list[float]:
    return [e.metrics["loss"] for e in epochs(study, state) if not e.is_late]


@pytest.mark.parametrize(
    ("line", "metrics"),
    [
        ('echo "{\\"loss\\": $1}"', "json"),
        ("echo loss=$1", "pairs"),
        ("echo the loss is now $1", r"loss is now (?P<loss>\S+)"),
        ('echo "{\\"loss\\": $1}" >> $SWEEP_METRICS', "json"),
        ("test -f t.csv || echo loss > t.csv; echo $1 >> t.csv", "t.csv"),
        (
            "cd $SWEEP_CHECKPOINTS; test -f a.csv || echo loss > a.csv; echo $1 >> a.csv",
            "{checkpoints}/a.csv",
        ),
    ],
)
def test_metrics_are_read_wherever_a_program_leaves_them(
    of_program: Make, line: str, metrics: str
) -> None:
    text = f"for epoch in 1 2 3; do {line}; sleep 0.01; done"
    assert losses(of_program(text, metrics=metrics)) == [0.5, 0.5, 0.5]


def test_parameters_come_as_words_files_and_variables(of_program: Make) -> None:
    text = """
        cat "$SWEEP_PARAMETERS" "$1" >&2
        echo "$2 $3 $x $SWEEP_SEED" >&2
        echo loss=$x
    """
    words = ("{parameters_file}", "{parameters}", "{seed}")
    study = of_program(text, words, metrics="pairs", environment="parameters")
    assert losses(study) == [0.5]
    named = of_program(text, words, metrics="pairs", environment={"x": "{x:.3f}"})
    assert losses(named) == [0.5]


def test_what_a_program_prints_is_kept_with_its_trial(
    of_program: Make, inline: Callable[..., sweep.Run]
) -> None:
    run = inline(of_program("echo hello $2; echo oops >&2; echo loss=$1", metrics="pairs"))
    record = run.records[0]
    text = run.directory.output(0).read_text()
    assert f"hello {record.params['k']}\n" in text
    assert "oops\n" in text
    assert record.curve("loss") == [record.params["x"]]


def test_log_is_three_lines_that_work_without_sweep(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    log(loss=0.5)
    assert json.loads(capfd.readouterr().out) == {"loss": 0.5}
    monkeypatch.setenv("SWEEP_METRICS", str(tmp_path / "metrics"))
    log(loss=0.25, epoch=1)
    assert json.loads((tmp_path / "metrics").read_text()) == {"loss": 0.25, "epoch": 1}


COUNTS = """
    cd $SWEEP_CHECKPOINTS
    epoch=$(cat epoch 2> /dev/null || echo 0)
    while [ $epoch -lt 4 ]; do
        epoch=$((epoch + 1))
        sleep 0.03
        echo $epoch > new && mv new epoch
        echo "epoch=$epoch loss=$epoch"
        echo $epoch >> $STARTS
    done
"""


def test_a_program_continues_from_its_own_directory(of_program: Make, tmp_path: Path) -> None:
    told = tmp_path / "told"
    study = of_program(COUNTS, metrics="pairs", environment={"STARTS": str(told)})
    first = iterate(study)
    states = [next(first).state for _ in range(2)]
    first.close()  # type: ignore[attr-defined]
    assert set(told.read_text().split()) <= {"1", "2"}  # it was held
    told.write_text("")
    assert states[1] is not None
    assert losses(study, states[1]) == [3.0, 4.0]
    assert told.read_text().split() == ["3", "4"]


def test_a_program_that_begins_again_reports_no_epoch_twice(of_program: Make) -> None:
    text = """
        touch $SWEEP_CHECKPOINTS/nothing
        for epoch in 1 2 3; do echo "Epoch $epoch/3 loss: 0.$epoch"; sleep 0.03; done
    """
    study = of_program(text, metrics="pairs")
    first = iterate(study)
    state = next(first).state
    first.close()  # type: ignore[attr-defined]
    assert state is not None
    assert losses(study, state) == [0.2, 0.3]
    unnumbered = of_program(text.replace("Epoch $epoch/3 ", ""), metrics="pairs", resumes=False)
    assert [e.state for e in epochs(unnumbered)] == [None] * 3


def test_a_checkpoint_that_is_ahead_of_the_record_is_not_used(of_program: Make) -> None:
    study = of_program(COUNTS.replace("$STARTS", "/dev/null"), metrics="pairs")
    last = epochs(study)[-1].state
    assert last is not None
    last["program"]["last"] = 1.0
    last["program"]["files"]["contents"][0] = last["program"]["files"]["contents"][0] - 1
    assert losses(study, last) == [2.0, 3.0, 4.0]


def test_links_modes_and_the_order_of_files_come_back(of_program: Make) -> None:
    text = """
        cd $SWEEP_CHECKPOINTS
        if [ -e latest ]; then
            test -x deep/run && echo loss=$(cat latest) && ls -t | head -n 1 >&2
        else
            mkdir deep; echo 1 > deep/run; chmod +x deep/run; ln -s deep/run latest; : > empty
            echo loss=0
        fi
    """
    study = of_program(text, metrics="pairs")
    state = [e for e in epochs(study) if e.state][-1].state
    assert state is not None
    assert sorted(state["program"]["files"]["names"]) == ["deep/run", "empty"]
    assert losses(study, state) == [1.0]


def test_a_file_saved_after_the_last_epoch_is_kept_too(
    of_program: Make, inline: Callable[..., sweep.Run]
) -> None:
    text = "echo loss=1; sleep 0.05; echo model > $SWEEP_CHECKPOINTS/model"
    assert [(e.is_late, e.state is None) for e in epochs(of_program(text, metrics="pairs"))] == [
        (False, True),
        (True, False),
    ]
    run = inline(of_program(text, metrics="pairs"))
    assert [e.metrics for e in run.records[0].epochs] == [{"loss": 1.0}]
    assert run.records[0].kept == 1


def test_a_half_written_checkpoint_is_waited_for(of_program: Make) -> None:
    text = """
        exec 3> $SWEEP_CHECKPOINTS/model
        echo half >&3
        echo loss=1
        sleep 0.3
        echo whole >&3
        exec 3>&-
        sleep 0.5
        echo loss=2
    """
    found = next(iterate(of_program(text, metrics="pairs"))).state
    assert found is not None
    assert found["program"]["files"]["contents"][0].tobytes() == b"half\nwhole\n"


def test_a_program_may_run_in_its_own_directory(of_program: Make) -> None:
    text = "echo 1 > here; echo loss=1"
    found = epochs(of_program(text, metrics="pairs", runs_in="checkpoints"))
    assert any(e.state and e.state["program"]["files"]["names"] == ["here"] for e in found)


def test_processor_time_of_children_counts(
    of_program: Make, inline: Callable[..., sweep.Run]
) -> None:
    text = """
        (i=0; while [ $i -lt 200000 ]; do i=$((i + 1)); done)
        echo loss=1
    """
    run = inline(of_program(text, metrics="pairs"))
    epoch = run.records[0].epochs[0]
    assert 0.05 < epoch.cpu_seconds < epoch.seconds + 0.5


def test_a_held_program_does_not_run_ahead(of_program: Make, tmp_path: Path) -> None:
    text = "for e in 1 2 3 4; do sleep 0.05; echo loss=$e; echo $e >> told; done"
    running = iterate(of_program(text, metrics="pairs"))
    next(running)
    time.sleep(0.4)
    assert len((tmp_path / "told").read_text().split() if (tmp_path / "told").exists() else []) <= 1
    assert [e.metrics["loss"] for e in running] == [2.0, 3.0, 4.0]


def test_parallel_deterministic_runs_and_replays_are_the_same(
    of_program: Make, inline: Callable[..., sweep.Run], lasting: Callable[[sweep.Run], str]
) -> None:
    text = COUNTS.replace("loss=$epoch", "loss=$epoch.$SWEEP_SEED").replace("$STARTS", "/dev/null")
    fields: dict[str, Any] = {"trials": 3, "metrics": "pairs", "deterministic": True}
    fields |= {"pruner": sweep.Asha(min_epochs=1, factor=2, max_epochs=4), "window": 2}
    runs = [inline(of_program(text, **fields), name=name) for name in ("one", "two")]
    assert lasting(runs[0]) == lasting(runs[1])
    assert not sweep.replay(of_program(text, **fields), runs[0])
    assert not sweep.replay(of_program(text, **fields), runs[0], 1)
