"""The file of results: a row for each incumbent of a search, and one at the end of its budget."""

import csv
import io
from collections.abc import Sequence
from pathlib import Path as File
from typing import NamedTuple

import pandas as pd

from tests.benchmarks.quality.path import Found, Regrets
from tests.benchmarks.quality.problems import Problem


class Key(NamedTuple):
    """What identifies a search."""

    method: str
    table: str
    slots: int
    seed: int


COLUMNS = [*Key._fields, "core_seconds", "regret", "test_regret"]
DIGITS = 6
"""Significant digits of core-seconds and regrets."""


def append(file: File, key: Key, rows: Sequence[tuple[float | None, ...]]) -> None:
    """Add the rows of a search, all at once, so that an interruption leaves no part of them."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    if not file.exists():
        writer.writerow(COLUMNS)
    for row in rows:
        writer.writerow([*key, *("" if x is None else f"{x:.{DIGITS}g}" for x in row)])
    with file.open("a", newline="") as stream:
        stream.write(text.getvalue())


def rows_of(
    problem: Problem, found: Sequence[Found], core_seconds: float
) -> list[tuple[float | None, ...]]:
    """Return the rows of a search: core-seconds, regret, and regret in the test metric.

    The last one repeats the last incumbent at the end of the budget; without any, it is empty.
    """
    regret, test_regret = Regrets(problem.judged), Regrets(problem.test)
    rows = [(at, regret.of(row), test_regret.of(row)) for at, row in found]
    last = rows[-1][1:] if rows else (None, None)
    return [*rows, (core_seconds, *last)]


def done(file: File) -> set[Key]:
    """Return the searches that a file holds."""
    if not file.exists():
        return set()
    with file.open(newline="") as stream:
        return {
            Key(row["method"], row["table"], int(row["slots"]), int(row["seed"]))
            for row in csv.DictReader(stream)
        }


def read(files: Sequence[File]) -> pd.DataFrame:
    """Return all rows of some files, compressed or not, of each search once."""
    tables = [pd.read_csv(file).assign(file=number) for number, file in enumerate(files)]
    rows = pd.concat(tables, ignore_index=True)
    first = rows.groupby(list(Key._fields))["file"].transform("min")
    return rows[rows["file"] == first].drop(columns="file")
