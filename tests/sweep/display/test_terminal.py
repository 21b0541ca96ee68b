"""What a run prints while it works: on a terminal, a narrow one, in a pipe."""

import io
import re
from dataclasses import replace

import pytest
from rich.console import Console

from sweep.display.terminal import LiveStatus, Terminal
from sweep.display.view import sparkline, view
from sweep.driver.progress import Snapshot, TrialCounts
from sweep.trials.records import Ending, EpochRecord, TrialRecord
from sweep.workers.messages import Output


def trial(number: int, curve: list[float], ending: Ending = Ending.RUNNING) -> TrialRecord:
    score = curve[-1] if ending is Ending.COMPLETE else None
    epochs = [EpochRecord(i + 1, {"loss": value}, 2.0, 1.0) for i, value in enumerate(curve)]
    return TrialRecord(number, {"x": 0.5}, {}, {}, 0, 0, ending=ending, score=score, epochs=epochs)


@pytest.fixture
def snapshot(make_study) -> Snapshot:
    """One complete trial of 6 s, two under way, five to come, on two slots."""
    records = [trial(0, [3.0, 2.0, 1.0], Ending.COMPLETE), trial(1, [4.0, 0.5]), trial(2, [])]
    study = make_study(trials=8)
    return Snapshot(study, TrialCounts([study.sign], records), 2, 8)


def shown(snapshot: Snapshot, *times: float, width: int = 100, height: int = 24) -> list[str]:
    console = Console(width=width, height=height, file=io.StringIO(), color_system=None)
    console.print(view(snapshot, times, width, height))
    return [line.rstrip() for line in console.file.getvalue().splitlines()]


def test_the_view_shows_each_slot_and_the_whole(snapshot: Snapshot) -> None:
    first, second, status = shown(snapshot, snapshot.counts.records[0].seconds)
    assert re.split(r"  +", first.strip()) == ["trial 1", "epoch 3", "loss 0.5", "█▁"]
    assert second.strip() == "trial 2  epoch 1"
    assert status == (
        "  2/2 slots busy · 1 done, 0 pruned, 0 failed, 7 left · best 1 (trial 0) · "
        "about 19 s left"  # (5 x 6 + 2 + 6) / 2
    )


def test_nothing_is_known_of_the_time_before_a_trial_ends(snapshot: Snapshot) -> None:
    assert shown(snapshot)[-1].endswith("time left: unknown")


def test_a_narrow_terminal_gets_no_curves_and_no_wrapped_lines(snapshot: Snapshot) -> None:
    lines = shown(snapshot, width=36)
    assert len(lines) == 3
    assert all(len(line) <= 36 for line in lines)
    assert "█" not in lines[0]


def test_a_low_terminal_shows_some_slots(snapshot: Snapshot) -> None:
    records = [trial(i, []) for i in range(30)]
    many = replace(snapshot, counts=TrialCounts([1], records), slots=30)
    lines = shown(many, height=10)
    assert len(lines) == 6
    assert lines[4].strip() == "and 26 more"


@pytest.mark.parametrize(
    ("curve", "expected"),
    [
        ([], ""),
        ([1.0], "▁"),
        ([0.0, 7.0, float("nan"), 3.0], "▁█▄"),
        (list(range(100)), "▁▁▂▂▂▃▃▃▃▄▄▄▅▅▅▆▆▆▆▇▇▇██"),
    ],
)
def test_sparklines(curve: list[float], expected: str) -> None:
    assert sparkline(curve) == expected


def test_a_terminal_is_left_clean(snapshot: Snapshot) -> None:
    file = io.StringIO()
    console = Terminal(file=file, force_terminal=True, width=100, height=24)
    with LiveStatus(console) as status:
        status(snapshot, None)
        status(snapshot, snapshot.counts.records[0])
    assert "slots busy" in file.getvalue()
    assert file.getvalue().count("\x1b[?25l") == file.getvalue().count("\x1b[?25h") == 1


def test_a_pipe_gets_a_line_per_trial_and_one_for_the_study(snapshot: Snapshot) -> None:
    file = io.StringIO()
    snapshot.counts.records[0].params["choice"] = 100 * "x"
    with LiveStatus(Terminal(file=file)) as status:
        for _ in range(50):
            status(snapshot, None)
        status(snapshot, snapshot.counts.records[0])
        status(snapshot, "trial 3: lost after 2 epochs")
    lines = file.getvalue().splitlines()
    assert len(lines) == 3
    assert lines[1].endswith(100 * "x")
    assert "\x1b" not in file.getvalue()


def test_on_a_terminal_a_trial_is_one_line_but_a_warning_is_whole(snapshot: Snapshot) -> None:
    file = io.StringIO()
    with LiveStatus(Terminal(file=file, force_terminal=True, width=50, height=20)) as status:
        status(snapshot, snapshot.counts.records[0])
        status(snapshot, "trial 3: lost after 2 epochs, to be tried again " + 30 * "x")
    assert "…" in file.getvalue()
    assert 30 * "x" in file.getvalue()


def test_no_color_is_respected(snapshot: Snapshot, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    file = io.StringIO()
    with LiveStatus(Terminal(file=file, force_terminal=True)) as status:
        status(snapshot, snapshot.counts.records[0])
    assert not re.search(r"\x1b\[3\d", file.getvalue())


def test_what_trials_print_is_shown_line_by_line_as_text(snapshot: Snapshot) -> None:
    file = io.StringIO()
    with LiveStatus(Terminal(file=file), show_output=True) as status:
        for text in (b"[red]one", b" line\n\x1b[2Jtwo\n", 5000 * b"x", b"rest"):
            status(snapshot, Output(1, text))
        status(snapshot, Output(0, b"of another\n"))
        status(snapshot, snapshot.counts.records[1])
    lines = ["[red]one line", "two", 5000 * "x"]
    expected = [*(f"trial 1: {line}" for line in lines), "trial 0: of another", "trial 1: rest"]
    assert file.getvalue().splitlines()[1:-1] == expected
