"""This file draws how a running study stands: the trial of each slot, and a line on the whole."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from rich.console import Group
from rich.table import Table
from rich.text import Text

from sweep.records import Ending, TrialRecord
from sweep.snapshot import Snapshot
from sweep.tables import duration, short

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
        running = snapshot.standing.running.values()
        waiting = snapshot.n_trials - snapshot.standing.n_ended - len(running)
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
    running = list(snapshot.standing.running.values())
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
    standing, best = snapshot.standing, snapshot.standing.best
    done, pruned = standing.count(Ending.COMPLETE), standing.count(Ending.PRUNED)
    failed = standing.n_ended - done - pruned
    left = pace.left(snapshot)
    n_left = snapshot.n_trials - standing.n_ended
    parts = [
        f"{len(standing.running)}/{snapshot.slots} slots busy",
        f"{done} done, {pruned} pruned, {failed} failed, {n_left} left",
        f"best {short(best.score)} (trial {best.number})" if best else "no score yet",
        "time left: unknown" if left is None else f"about {duration(left)} left",
    ]
    return Text("  " + " · ".join(parts), style="cyan", no_wrap=True, overflow="ellipsis")
