"""This file puts together what the report page shows; page.html says where, page.css how."""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from importlib.resources import files
from itertools import groupby
from typing import TYPE_CHECKING, Any

from jinja2 import Environment, StrictUndefined
from markupsafe import Markup, escape

from sweep.reports import tables
from sweep.reports.costs import costs
from sweep.reports.formats import is_missing, is_numeric
from sweep.reports.importance import importances
from sweep.reports.plots import space as plots_of_space
from sweep.reports.plots import trials as plots
from sweep.reports.plots.style import in_page
from sweep.text import duration, metrics_text, short
from sweep.trials.records import Ending, TrialRecord, n_ended

if TYPE_CHECKING:
    import pandas as pd

    from sweep.reports.results import Run
from sweep.reports.sections import about_run

HIDDEN = ("cpu_seconds", "seed", "host", "started")
"""Columns of the table of trials that are in trials.csv alone."""


@dataclass(frozen=True)
class Cell:
    """A cell of a table: its text, and by what it is sorted if that is another."""

    text: str
    value: float | None = None


@dataclass(frozen=True)
class Table:
    """A table with a caption, the columns that stand to the right, and notes below it."""

    caption: str
    header: list[str]
    rows: list[list[Cell]]
    right: list[bool]
    notes: tuple[str, ...] = ()


def render(run: "Run", load: str = "", drawn: Mapping[str, str] | None = None) -> str:
    """The page, the same bytes each time.

    Args:
        run: What to show; it may still be running, be empty, or have failed wholly.
        load: The line of Python that loads the best model; empty if there is none.
        drawn: Plots that are there already, as SVG files by their names here; others are drawn.
    """
    environment = Environment(
        autoescape=True, trim_blocks=True, lstrip_blocks=True, undefined=StrictUndefined
    )
    environment.filters |= {f.__name__: f for f in (short, metrics_text, duration, most_confused)}
    return environment.from_string(_file("page.html")).render(
        run=run,
        style=Markup(_file("page.css")),
        script=Markup(_file("page.js")),
        n_ended=n_ended(run.records),
        costs=costs(run.records),
        finals=costs(run.finals),
        summary=_table("How trials ended", tables.summary(run.records)),
        progression=_table(
            "Trials that were better than all before", tables.progression(
                run.records, run.metric, run.sign)),
        trials=_table("All trials", run.trials().drop(columns=list(HIDDEN), errors="ignore")),
        declared=_declared(run),
        plots=_plots(run, drawn or {}),
        failures=list(_failures(run.records)),
        load=load,
        provenance=_provenance(run),
    )  # fmt: skip


def _file(name: str) -> str:
    return (files("sweep.reports.html") / name).read_text(encoding="utf-8")


def _plots(run: "Run", drawn: Mapping[str, str]) -> dict[str, Markup]:
    """Those for which there is something to draw, by name."""
    scored = [record for record in run.records if record.score is not None]
    shares = importances(run.records, run.sign)
    names = plots_of_space.varied(scored)
    where = (scored, run.metric, run.sign, names)
    drawings: list[tuple[str, object, Callable[[], str], str]] = [
        ("progression", scored, lambda: plots.progression(run),
         f"{run.metric} of each complete trial, and the best so far"),
        ("curves", any(r.epochs for r in run.records), lambda: plots.learning_curves(run),
         f"{run.metric} after each epoch of each trial"),
        ("importance", shares, lambda: plots_of_space.importance(shares),
         f"Importance of {', '.join(f'{n} {100 * s:.0f} %' for n, s in shares.items())}"),
        ("parallel", names, lambda: plots_of_space.parallel_coordinates(*where),
         f"Parameters and {run.metric} of each complete trial as a line"),
        ("slices", names, lambda: plots_of_space.slices(*where),
         f"{run.metric} over each parameter"),
        ("slots", any(r.finished for r in run.records), lambda: plots.slots(run),
         "Trials under way over time"),
    ]  # fmt: skip
    return {
        name: Markup(in_page(drawn.get(name) or draw(), name, str(escape(title))))
        for name, is_there, draw, title in drawings
        if is_there
    }


def _table(
    caption: str, frame: "pd.DataFrame", right: Collection[str] = (), notes: tuple[str, ...] = ()
) -> Table:
    return Table(
        caption,
        [str(name) for name in frame],
        [list(map(_cell, row)) for row in frame.astype(object).to_numpy().tolist()],
        [name in right or is_numeric(frame[name]) for name in frame],
        notes,
    )


def _declared(run: "Run") -> list[Table]:
    """The tables that the study declares, filled in."""
    return [
        _table(comparison.title, comparison.text, comparison.right, comparison.notes)
        for comparison in run.comparisons().values()
    ]


def _cell(value: object) -> Cell:
    if is_missing(value):
        return Cell("")
    if isinstance(value, int | float) and not isinstance(value, bool):
        return Cell(short(value), value)
    return Cell(str(value))


@dataclass(frozen=True)
class FailureGroup:
    """Trials that failed alike: the reason, the words, their numbers, and the first traceback."""

    ending: Ending
    message: str
    trials: list[int]
    traceback: str


def _failures(records: Iterable[TrialRecord]) -> Iterable[FailureGroup]:
    """Those with the most trials first."""

    def reason(record: TrialRecord) -> tuple[str, str]:
        return record.ending.value, record.failure.message if record.failure else ""

    failed = sorted((r for r in records if r.failure and r.has_ended), key=reason)
    groups = [list(group) for _, group in groupby(failed, key=reason)]
    for group in sorted(groups, key=len, reverse=True):
        first = group[0]
        message, traceback = reason(first)[1], first.failure.traceback if first.failure else ""
        yield FailureGroup(first.ending, message, [r.number for r in group], traceback)


def _provenance(run: "Run") -> list[tuple[str, str]]:
    made = about_run(run.about)
    hosts = sorted({r.worker.host for r in run.records if r.worker})
    pairs = {
        "command": made.pop("command"),
        "study": run.about.get("file", ""),
        "code": made.pop("code"),
        **made,
        "trained on": ", ".join(hosts),
    }
    changes: list[dict[str, Any]] = run.about.get("changes", [])
    for change in changes:
        words = ", ".join(f"{k}: {change['before'][k]} → {v}" for k, v in change["after"].items())
        pairs[f"changed from trial {change['from_trial']} on"] = words
    return [(name, value) for name, value in pairs.items() if value]


def most_confused(counts: list[list[int]]) -> int:
    """The largest count off the diagonal of a square matrix, at least 1."""
    others = [n for i, row in enumerate(counts) for j, n in enumerate(row) if i != j]
    return max([1, *others])
