"""The live view of a running study: a row per running trial, and a summary."""

import math
from collections.abc import Sequence
from statistics import fmean
from typing import TYPE_CHECKING

from rich.console import Group
from rich.table import Table
from rich.text import Text

from sweep.text import duration, metrics_text, short
from sweep.trials.records import Ending, TrialRecord

if TYPE_CHECKING:
    from sweep.driver.progress import Snapshot

MIN_WIDTH_FOR_CURVES = 60
"""Columns that a terminal needs to show curves next to the numbers."""

BLOCKS = "▁▂▃▄▅▆▇█"


def view(snapshot: "Snapshot", times: Sequence[float], width: int, height: int) -> Group:
    """Return the live view: a row per running trial, and a summary.

    Args:
        snapshot: Progress of the study.
        times: Seconds that each trial took which ended since this driver took over the study.
        width: Columns of the terminal.
        height: Rows of the terminal; the view fills at most about half of them.
    """
    running = snapshot.counts.at_work()
    n_shown = max(height // 2 - 1, 1)
    table = Table.grid(padding=(0, 2))
    for record in running[:n_shown]:
        table.add_row(*_cells([goal.metric for goal in snapshot.study.objectives], record, width))
    if len(running) > n_shown:
        table.add_row(Text(f"  and {len(running) - n_shown} more", "dim"))
    return Group(table, _summary(snapshot, times))


def sparkline(curve: Sequence[float], width: int = 24) -> str:
    """Draw the latest points of a curve in characters, from their least to their greatest."""
    values = [value for value in curve[-width:] if math.isfinite(value)]
    if not values:
        return ""
    low, high = min(values), max(values)
    steps = len(BLOCKS) - 1
    return "".join(BLOCKS[round((v - low) / ((high - low) or 1) * steps)] for v in values)


def _cells(metrics: Sequence[str], record: TrialRecord, width: int) -> list[Text]:
    curves = {metric: record.curve(metric) for metric in metrics}
    latest = metrics_text({metric: curve[-1] for metric, curve in curves.items() if curve})
    cells = [
        Text(f"  trial {record.number}", "cyan"),
        Text(f"epoch {len(record.epochs) + 1}", no_wrap=True),
        Text(latest, no_wrap=True, overflow="ellipsis"),
    ]
    return (
        [*cells, Text(sparkline(curves[metrics[0]]), "cyan")]
        if width >= MIN_WIDTH_FOR_CURVES
        else cells
    )


def _summary(snapshot: "Snapshot", times: Sequence[float]) -> Text:
    counts, best = snapshot.counts, snapshot.counts.best
    done, pruned = counts.count(Ending.COMPLETE), counts.count(Ending.PRUNED)
    busy = len(counts.at_work())
    paused = len(counts.paused())
    parts = [
        f"{busy}/{snapshot.slots} slots busy" + f", {paused} paused" * bool(paused),
        f"{done} done, {pruned} pruned, {counts.n_ended - done - pruned} failed, "
        f"{snapshot.n_trials - counts.n_ended} left",
        *([f"{len(counts.front)} on the front"] if len(snapshot.study.objectives) > 1 else []),
        f"best {short(best.score)} (trial {best.number})" if best else "no score yet",
        *snapshot.limits,
        f"about {duration(_left(snapshot, fmean(times)))} left" if times else "time left: unknown",
    ]
    return Text("  " + " · ".join(parts), style="cyan", no_wrap=True, overflow="ellipsis")


def _left(snapshot: "Snapshot", mean: float) -> float:
    """Estimate the seconds until all trials have ended, from what one takes on average.

    Assumes that no slot is ever idle. The time that running trials have taken so far is subtracted.
    """
    running = snapshot.counts.at_work()
    waiting = snapshot.n_trials - len(snapshot.counts.records)
    ahead = sum(max(mean - record.seconds, 0.0) for record in running)
    return (waiting * mean + ahead) / max(snapshot.slots, 1)
