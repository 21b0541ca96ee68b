"""This file is all that a running sweep prints: a line per ended trial, and the live view."""

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NoReturn

from rich.console import Console, Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from sweep.driver.progress import Snapshot
from sweep.text import duration, short
from sweep.trials.records import Ending, TrialRecord

STYLES = {
    Ending.COMPLETE: "green",
    Ending.PRUNED: "dim",
    Ending.DIVERGED: "yellow",
    Ending.TIMEOUT: "yellow",
    Ending.OOM: "yellow",
    Ending.ERROR: "red",
    Ending.LOST: "red",
}


REFRESH_S = 0.25


class Terminal(Console):
    """Where a run prints; a reader that goes away interrupts it."""

    def on_broken_pipe(self) -> NoReturn:
        """Leaves it to the command line what to do then."""
        raise BrokenPipeError


class LiveStatus:
    """Shows a study's progress on a terminal; in a pipe only the lines of ended trials."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._live = Live(console=console, refresh_per_second=1 / REFRESH_S, transient=True)
        self._shown_at = 0.0
        self._study = ""
        self._pace = Pace()

    def __enter__(self) -> "LiveStatus":
        if self._console.is_terminal:
            self._live.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._live.stop()

    def __call__(self, snapshot: Snapshot, event: TrialRecord | str | None) -> None:
        """Shows how the study stands, and the trial that ended or what else there is to know."""
        if snapshot.study.name != self._study:
            self._study = snapshot.study.name
            self._console.print(_opening(snapshot), highlight=False)
            self._pace = Pace()
        if isinstance(event, TrialRecord):
            self._pace.note(event)
            self._print(_line(snapshot, event), whole=event.failure is not None)
        elif event is not None:
            self._print(Text(f"! {event}", "yellow"), whole=True)
        if self._console.is_terminal and time.monotonic() - self._shown_at > REFRESH_S:
            self._shown_at = time.monotonic()
            self._live.update(view(snapshot, self._pace, *self._console.size))

    def _print(self, line: Text, *, whole: bool) -> None:
        """Prints a line; on a terminal it ends where that does, unless it has to be seen whole."""
        if self._console.is_terminal and not whole:
            self._console.print(line, highlight=False, no_wrap=True, overflow="ellipsis")
        else:
            self._console.print(line, highlight=False, soft_wrap=True)


def _opening(snapshot: Snapshot) -> str:
    done = snapshot.counts.n_ended
    before = f", {done} of them done before" if done else ""
    noun = "slot" if snapshot.slots == 1 else "slots"
    return f"{snapshot.study.name}: {snapshot.n_trials} trials{before}, on {snapshot.slots} {noun}"


def _line(snapshot: Snapshot, ended: TrialRecord) -> Text:
    study = snapshot.study
    curve = ended.curve(study.metric)
    score = short(ended.score) if ended.score is not None else short(curve[-1]) if curve else "-"
    mark = "*" if snapshot.counts.best is ended else " "
    what = (
        " ".join(ended.failure.message.split())
        if ended.failure
        else " ".join(f"{name}={short(value)}" for name, value in ended.params.items())
    )
    return Text.assemble(
        (f"{mark} trial {ended.number:>3}  {ended.ending.value:<8}", STYLES[ended.ending]),
        (f"  {study.metric} {score:<9}", "bold" if mark == "*" else ""),
        (f"  {len(ended.epochs):>2} epochs {ended.seconds:6.1f} s  ", ""),
        (what, "dim"),
    )


BLOCKS = "▁▂▃▄▅▆▇█"


WIDE = 60
"""Columns that a terminal needs for curves beside the numbers."""


@dataclass
class Pace:
    """How long trials take: those that ended since this driver took up the study."""

    trials: int = 0
    seconds: float = 0.0

    def note(self, ended: TrialRecord) -> None:
        """Counts one that has ended."""
        self.trials += 1
        self.seconds += ended.seconds

    def left(self, snapshot: Snapshot) -> float | None:
        """Seconds until all trials have ended, if the others take as long; None if that is unknown.

        What the trials under way have behind them is taken off; slots are thought to be never idle.
        """
        if not self.trials:
            return None
        mean = self.seconds / self.trials
        running = snapshot.counts.running.values()
        waiting = snapshot.n_trials - snapshot.counts.n_ended - len(running)
        ahead = sum(max(mean - record.seconds, 0.0) for record in running)
        return (waiting * mean + ahead) / max(snapshot.slots, 1)


def view(snapshot: Snapshot, pace: Pace, width: int, height: int) -> Group:
    """What a terminal of this size shows.

    Args:
        snapshot: How the study stands.
        pace: Of its trials so far.
        width: Columns of the terminal.
        height: Its rows; of more slots than fit in half of them, only the first are shown.
    """
    running = list(snapshot.counts.running.values())
    n_shown = max(height // 2 - 1, 1)
    table = Table.grid(padding=(0, 2))
    for record in running[:n_shown]:
        table.add_row(*_cells(snapshot, record, width))
    if len(running) > n_shown:
        table.add_row(Text(f"  and {len(running) - n_shown} more", "dim"))
    return Group(table, _status(snapshot, pace))


def sparkline(curve: Sequence[float], width: int = 24) -> str:
    """A curve in characters, its latest points; each between the least and the most of those."""
    values = [value for value in curve[-width:] if math.isfinite(value)]
    if not values:
        return ""
    low, high = min(values), max(values)
    steps = len(BLOCKS) - 1
    return "".join(BLOCKS[round((v - low) / ((high - low) or 1) * steps)] for v in values)


def _cells(snapshot: Snapshot, record: TrialRecord, width: int) -> list[Text]:
    metric = snapshot.study.metric
    curve = record.curve(metric)
    cells = [
        Text(f"  trial {record.number}", "cyan"),
        Text(f"epoch {len(record.epochs) + 1}", no_wrap=True),
        Text(f"{metric} {short(curve[-1])}" if curve else "", no_wrap=True, overflow="ellipsis"),
    ]
    return [*cells, Text(sparkline(curve), "cyan")] if width >= WIDE else cells


def _status(snapshot: Snapshot, pace: Pace) -> Text:
    counts, best = snapshot.counts, snapshot.counts.best
    done, pruned = counts.count(Ending.COMPLETE), counts.count(Ending.PRUNED)
    failed = counts.n_ended - done - pruned
    left = pace.left(snapshot)
    n_left = snapshot.n_trials - counts.n_ended
    parts = [
        f"{len(counts.running)}/{snapshot.slots} slots busy",
        f"{done} done, {pruned} pruned, {failed} failed, {n_left} left",
        f"best {short(best.score)} (trial {best.number})" if best else "no score yet",
        "time left: unknown" if left is None else f"about {duration(left)} left",
    ]
    return Text("  " + " · ".join(parts), style="cyan", no_wrap=True, overflow="ellipsis")
