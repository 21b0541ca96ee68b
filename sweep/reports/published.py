"""This file fills in the tables that a study declares; like tables.py it knows pandas."""

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
"""All trials of each row."""


Line = dict[str, Any]


COST = Quantity(source="cpu_seconds", header="seconds", ours="processor seconds, ours", digits=1)
"""What a curve shows of each epoch beside its metric."""


@dataclass(frozen=True)
class FilledTable:
    """A declared table, filled in.

    Attributes:
        title: Above it.
        numbers: For machines: with full precision, each deviation in a column of its own.
        text: For people: rounded, as in "0.25 ± 0.01".
        right: The columns of `text` that are aligned to the right.
        notes: Below it.
    """

    title: str
    numbers: pd.DataFrame
    text: pd.DataFrame
    right: tuple[str, ...]
    notes: tuple[str, ...]


def fill(table: Table, records: Iterable[TrialRecord]) -> FilledTable:
    """Fills in a declared table with these trials."""
    groups: dict[str, list[TrialRecord]] = {}
    for record in records:
        groups.setdefault(str(record.config.get(table.by)), []).append(record)
    if isinstance(table, PublishedCurve):
        return _curve(table, groups.get(table.row, []))
    return _rows(table, {row: groups.get(row, []) for row in table.rows})


def _rows(table: PublishedTable, groups: Groups) -> FilledTable:
    words = _words(table, groups)
    numbers: list[Line] = []
    text: list[Line] = []
    notes = list(table.notes)
    for row, records in groups.items():
        measured = [(figure, measure(figure, row, records)) for figure in table.figures]
        remarks = [table.remarks.get(row, ""), *(_outside(f, m) for f, m in measured)]
        remarks = [remark for remark in remarks if remark]
        left: Line = {table.by: row} | {name: column.get(row, "") for name, column in words.items()}
        numbers.append(left | _merged(_numbers(f, m) for f, m in measured))
        numbers[-1] |= {"seeds": len(trainings(records)), "remarks": "; ".join(remarks) or None}
        text.append(left | _merged(_text(f, m) for f, m in measured))
        text[-1] |= {"seeds": trainings_text(records)} if measured else {}
        notes += [f"{table.by} {row}: {remark}" for remark in remarks]
    right = [
        name for name in [*text[0]][1:] if name not in words or _are_numbers(words[name].values())
    ]
    return FilledTable(table.title, frame(numbers), frame(text), tuple(right), tuple(notes))


def _curve(table: PublishedCurve, records: list[TrialRecord]) -> FilledTable:
    numbers: list[Line] = []
    text: list[Line] = []
    for number in range(1, max(map(len, [table.published, *trainings(records)])) + 1):
        measured = [(f, measure(f, table.row, records)) for f in _of_epoch(table, number)]
        place = {"epoch": number}
        seeds = {"seeds": max(len(m.values) for _, m in measured)}
        numbers.append(place | _merged(_numbers(f, m) for f, m in measured) | seeds)
        text.append(place | _merged(_text(f, m) for f, m in measured) | seeds)
    notes = (*table.notes, f"{table.by} {table.row}, complete trainings: {trainings_text(records)}")
    right = tuple(text[0]) if text else ()
    return FilledTable(table.title, frame(numbers), frame(text), right, notes)


def _of_epoch(table: PublishedCurve, number: int) -> tuple[Quantity, Quantity]:
    """What a curve shows of one epoch."""
    values, seconds = (
        {table.row: values[number - 1]} if number <= len(values) else {}
        for values in (table.published, table.published_seconds)
    )
    about: dict[str, Any] = {"epoch": number, "digits": table.digits}
    return (
        Quantity(source=table.metric, header=table.header, published=values, **about),
        replace(COST, epoch=number, published=seconds),
    )


def _words(table: PublishedTable, groups: Groups) -> dict[str, Mapping[str, str]]:
    """The columns that are no figures, each with its text by row."""
    columns: dict[str, Mapping[str, str]] = {}
    for name, header in table.config.items():
        values = {row: [r.config.get(name, "") for r in groups[row]] for row in groups}
        columns[header] = {row: ", ".join(dict.fromkeys(map(short, values[row]))) for row in groups}
    if table.changed:
        columns[table.changed] = _changed(groups, table.by)
    not_run = {row: trainings_text(records) for row, records in groups.items() if not records}
    for header in [*columns][:1]:
        columns[header] = {**columns[header], **not_run}
    return columns | dict(table.words)


def _changed(groups: Groups, by: str) -> dict[str, str]:
    """The configuration of each row against the last one above that has trials.

    What differs between the trials of a row, as the number of a repeat, is no part of it.
    """
    with_trials = {row: records for row, records in groups.items() if records}
    apart = {by}.union(*map(_varying, with_trials.values()))
    texts: dict[str, str] = {}
    rows = list(groups)
    for before, row in pairwise(with_trials):
        old, new = (_without(apart, with_trials[r][0].config) for r in (before, row))
        since = "" if rows.index(row) == rows.index(before) + 1 else f"since {before}: "
        texts[row] = since + (changes(old, new) if old != new else "nothing")
    return texts


def _varying(records: list[TrialRecord]) -> set[str]:
    configs = [record.config for record in records]
    names = set().union(*configs)
    return {name for name in names if any(c.get(name) != configs[0].get(name) for c in configs)}


def _without(names: set[str], config: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in config.items() if name not in names}


def _outside(figure: Quantity, measured: Measured) -> str:
    if measured.is_inside is not False or measured.gap is None:
        return ""
    gap = _fixed(abs(measured.gap), figure.digits)
    side = "above" if measured.gap > 0 else "below"
    band = _band(measured.band)
    return f"outside, {figure.header} is {gap} {side} the published one (band {band})"


def _numbers(figure: Quantity, measured: Measured) -> Line:
    """A figure's columns for machines."""
    header, ours = figure.header, _ours(figure)
    columns: Line = {f"{header}, published": measured.published} if figure.published else {}
    columns |= {ours: measured.mean, f"{ours}, sd": measured.deviation}
    if figure.difference:
        columns[f"{header}, difference %"] = measured.difference
    if figure.band:
        columns |= {f"{header}, band": measured.band, f"{header}, in band": measured.is_inside}
    return columns


def _text(figure: Quantity, measured: Measured) -> Line:
    """A figure's columns for people."""
    header, digits = figure.header, figure.digits
    columns: Line = {}
    if figure.published:
        columns[f"{header}, published"] = _fixed(measured.published, digits)
    spread = "" if measured.deviation is None else f" ± {_fixed(measured.deviation, digits)}"
    columns[_ours(figure)] = _fixed(measured.mean, digits) + spread
    is_inside = measured.is_inside
    if figure.difference:
        gap = "" if measured.difference is None else f"{measured.difference:+.1f}"
        columns[f"{header}, difference %"] = f"{gap} (outside)" if is_inside is False else gap
    elif figure.band:
        answer = f"{'yes' if is_inside else 'no'}, {_band(measured.band)}"
        columns[f"{header}, in band"] = "" if is_inside is None else answer
    return columns


def _ours(figure: Quantity) -> str:
    return figure.ours or f"{figure.header}, ours"


def _band(width: float | None) -> str:
    return f"±{short(width)}"


def _fixed(value: float | None, digits: int) -> str:
    return "" if value is None else f"{value:,.{digits}f}"


def _are_numbers(texts: Iterable[str]) -> bool:
    told = [text for text in texts if text]
    return bool(told) and all(re.fullmatch(r"[-+]?[\d,.]+(e[-+]\d+)?", text) for text in told)


def _merged(lines: Iterable[Line]) -> Line:
    return {name: value for line in lines for name, value in line.items()}
