"""The tables that a study declares, filled in: our trials next to published values."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

import pandas as pd

from sweep.reports.measures import Measured, measure, trainings, trainings_text
from sweep.reports.tables import changes, frame
from sweep.study.published import PublishedCurve, PublishedTable, Quantity, Table
from sweep.text import short
from sweep.trials.records import TrialRecord

Groups = Mapping[str, list[TrialRecord]]
"""All trials of each row, by row."""


Line = dict[str, Any]
"""Cells of one row, by column."""


Measurements = list[tuple[Quantity, Measured]]
"""The quantities of one row, each with what was measured."""


COST = Quantity(source="cpu_seconds", header="seconds", ours="processor seconds, ours", digits=1)
"""What a curve shows of each epoch in addition to its metric."""


@dataclass(frozen=True)
class FilledTable:
    """A table of a report, such as a declared table that was filled in.

    Attributes:
        title: Title above the table.
        numbers: The table for machines: full precision, each deviation in a column of its own.
        text: The table for people: rounded, as in "0.25 ± 0.01".
        right: Text columns of `text` that are aligned to the right.
        notes: Notes below the table.
    """

    title: str
    numbers: pd.DataFrame
    text: pd.DataFrame
    right: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def fill(table: Table, records: Iterable[TrialRecord]) -> FilledTable:
    """Fill in a declared table with these trials."""
    groups: dict[str, list[TrialRecord]] = {}
    for record in records:
        groups.setdefault(str(record.config.get(table.by)), []).append(record)
    if isinstance(table, PublishedCurve):
        return _curve(table, groups.get(table.row, []))
    return _rows(table, {row: groups.get(row, []) for row in table.rows})


def _rows(table: PublishedTable, groups: Groups) -> FilledTable:
    prose = _text_columns(table, groups)
    numbers: list[Line] = []
    text: list[Line] = []
    notes = list(table.notes)
    for row, records in groups.items():
        measured = [(quantity, measure(quantity, row, records)) for quantity in table.quantities]
        outside = [_outside(quantity, ours) for quantity, ours in measured]
        remarks = [remark for remark in [table.remarks.get(row), *outside] if remark]
        left: Line = {table.by: row} | {name: column.get(row, "") for name, column in prose.items()}
        right = {"seeds": len(trainings(records)), "remarks": "; ".join(remarks) or None}
        numbers.append(left | _for_machines(measured) | right)
        seeds = {"seeds": trainings_text(records)} if measured else {}
        text.append(left | _for_people(measured) | seeds)
        notes += [f"{table.by} {row}: {remark}" for remark in remarks]
    to_left = {name for name, texts in prose.items() if not _are_numbers(texts.values())}
    to_right = tuple(name for name in text[0] if name not in {table.by, *to_left})
    return FilledTable(table.title, frame(numbers), frame(text), to_right, tuple(notes))


def _curve(table: PublishedCurve, records: list[TrialRecord]) -> FilledTable:
    numbers: list[Line] = []
    text: list[Line] = []
    metric = Quantity(source=table.metric, header=table.header, digits=table.digits)
    for i in range(max(map(len, [table.published, *trainings(records)]))):
        measured = []
        for shown, values in (metric, table.published), (COST, table.published_seconds):
            published = {table.row: values[i]} if i < len(values) else {}
            quantity = replace(shown, epoch=i + 1, published=published)
            measured.append((quantity, measure(quantity, table.row, records)))
        left, seeds = {"epoch": i + 1}, {"seeds": max(len(ours.values) for _, ours in measured)}
        numbers.append(left | _for_machines(measured) | seeds)
        text.append(left | _for_people(measured) | seeds)
    notes = (*table.notes, f"{table.by} {table.row}, complete trainings: {trainings_text(records)}")
    right = tuple(text[0]) if text else ()
    return FilledTable(table.title, frame(numbers), frame(text), right, notes)


def _text_columns(table: PublishedTable, groups: Groups) -> dict[str, Mapping[str, str]]:
    """Return the columns that are not quantities, each with its text by row."""
    columns: dict[str, Mapping[str, str]] = {}
    for name, header in table.config.items():
        values = {row: [r.config.get(name, "") for r in groups[row]] for row in groups}
        columns[header] = {row: ", ".join(dict.fromkeys(map(short, values[row]))) for row in groups}
    if table.changed:
        columns[table.changed] = _changes_by_row(groups, table.by)
    not_run = {row: trainings_text(records) for row, records in groups.items() if not records}
    for header in [*columns][:1]:
        columns[header] = {**columns[header], **not_run}
    return columns | dict(table.words)


def _changes_by_row(groups: Groups, by: str) -> dict[str, str]:
    """Return how the configuration of each row differs from the last row above with trials.

    Fields that differ between the trials of a row, such as the number of a repeat, do not count.
    """
    with_trials = {row: records for row, records in groups.items() if records}
    ignored = {by}.union(*map(_varying, with_trials.values()))
    configs = {
        row: {name: value for name, value in records[0].config.items() if name not in ignored}
        for row, records in with_trials.items()
    }
    texts: dict[str, str] = {}
    for (before, old), (row, new) in pairwise(configs.items()):
        since = "" if (before, row) in pairwise(groups) else f"since {before}: "
        texts[row] = since + (changes(old, new) if old != new else "nothing")
    return texts


def _varying(records: list[TrialRecord]) -> set[str]:
    configs = [record.config for record in records]
    names = set().union(*configs)
    return {name for name in names if any(c.get(name) != configs[0].get(name) for c in configs)}


def _outside(quantity: Quantity, measured: Measured) -> str:
    if measured.is_inside is not False or measured.gap is None:
        return ""
    gap = _fixed(abs(measured.gap), quantity.digits) + (" above" if measured.gap > 0 else " below")
    return f"outside, {quantity.header} is {gap} the published one (band ±{short(measured.band)})"


def _for_machines(measurements: Measurements) -> Line:
    """Return the columns of these quantities for machines."""
    columns: Line = {}
    for quantity, measured in measurements:
        header, ours = quantity.header, _ours(quantity)
        if quantity.published:
            columns[f"{header}, published"] = measured.published
        columns |= {ours: measured.mean, f"{ours}, sd": measured.deviation}
        if quantity.difference:
            columns[f"{header}, difference %"] = measured.difference
        if quantity.band:
            columns |= {f"{header}, band": measured.band, f"{header}, in band": measured.is_inside}
    return columns


def _for_people(measurements: Measurements) -> Line:
    """Return the columns of these quantities for people."""
    columns: Line = {}
    for quantity, measured in measurements:
        header, digits, is_inside = quantity.header, quantity.digits, measured.is_inside
        if quantity.published:
            columns[f"{header}, published"] = _fixed(measured.published, digits)
        spread = "" if measured.deviation is None else f" ± {_fixed(measured.deviation, digits)}"
        columns[_ours(quantity)] = _fixed(measured.mean, digits) + spread
        if quantity.difference:
            gap = "" if measured.difference is None else f"{measured.difference:+.1f}"
            columns[f"{header}, difference %"] = f"{gap} (outside)" if is_inside is False else gap
        elif quantity.band:
            answer = f"{'yes' if is_inside else 'no'}, ±{short(measured.band)}"
            columns[f"{header}, in band"] = "" if is_inside is None else answer
    return columns


def _ours(quantity: Quantity) -> str:
    return quantity.ours or f"{quantity.header}, ours"


def _fixed(value: float | None, digits: int) -> str:
    return "" if value is None else f"{value:,.{digits}f}"


def _are_numbers(texts: Iterable[str]) -> bool:
    filled = [text for text in texts if text]
    return bool(filled) and all(re.fullmatch(r"[-+]?[\d,.]+(e[-+]\d+)?", x) for x in filled)
