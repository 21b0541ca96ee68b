"""The report as Markdown, for reading in a repository."""

import re
from collections.abc import Iterable
from itertools import starmap
from typing import TYPE_CHECKING

from sweep.reports.formats import comparison_in_markdown
from sweep.trials.records import TrialRecord

if TYPE_CHECKING:
    from sweep.reports.published import FilledTable
    from sweep.reports.sections import Report

PLOTS = {
    "front": "The Pareto front",
    "objectives": "The objectives of each trial",
    "progression": "The best score so far",
    "learning_curves": "Learning curves",
}
"""Titles of the plots in it, by name; each is a file plots/NAME.svg."""


def markdown(report: "Report") -> str:
    """Return a report as Markdown, without the sections that would be empty."""
    openings = [report.sealed, _bullets(report.openings)] if report.openings else []
    tables = [*report.published.values(), report.progression, report.leaders]
    sections = [
        f"# {report.name}",
        report.headline,
        *(f"![{title}](plots/{name}.svg)" for name, title in PLOTS.items() if name in report.plots),
        _section("Outlook", _bullets(report.outlook.sentences),
                 _table(report.outlook.table)),
        *(_section(table.title, _table(table)) for table in tables),
        _section(report.runoff.title, _table(report.runoff)),
        _section(report.finals.title, _table(report.finals), *openings),
        _section("Cost", _table(report.summary), _bullets(report.costs)),
        _section("Failures", _bullets(starmap(_failure, report.failures.items())),
                 *(f"Last lines of trial {number}:\n\n{_block(text)}"
                   for number, text in report.printed.items())),
        _section("Provenance", _bullets(starmap(_fact, report.provenance))),
    ]  # fmt: skip
    return "\n\n".join(filter(None, sections)) + "\n"


def _section(title: str, *parts: str) -> str:
    filled = [part.strip() for part in parts if part.strip()]
    return "\n\n".join([f"## {title}", *filled]) if filled else ""


def _table(table: "FilledTable") -> str:
    return comparison_in_markdown(table) if len(table.text) else ""


def _bullets(lines: Iterable[str]) -> str:
    return "\n".join(f"- {line}" for line in lines)


def _block(text: str) -> str:
    """Return a code block, whatever the text is."""
    fence = "`" * max([3, *(len(ticks) + 1 for ticks in re.findall("`+", text))])
    return f"{fence}text\n{text}\n{fence}"


def _failure(error: str, trials: list[TrialRecord]) -> str:
    numbers = ", ".join(str(trial.number) for trial in trials)
    return f"{error} ({'trial' if len(trials) == 1 else 'trials'} {numbers})"


def _fact(name: str, value: str) -> str:
    return f"{name}: `{value}`" if name == "command" else f"{name}: {value}"
