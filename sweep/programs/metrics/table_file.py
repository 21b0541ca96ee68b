"""Reads metrics from a file that a program extends: CSV, lines of JSON, or one JSON document."""

import csv
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sweep.programs.metrics.lines import Values, json_values, numbers

SUFFIXES = (".csv", ".tsv", ".json", ".jsonl", ".ndjson")
"""Endings of the names of files that can be read."""


class TableFile:
    """A file that grows by a row per epoch, or is written again with one more each time.

    What is in it when the program starts counts as told before.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._signature: tuple[int, ...] = ()
        self._n_rows = 0
        self._n_rows = len(self.rows())

    def rows(self) -> list[Values]:
        """Return the rows that have come since the last call."""
        try:
            about = self._path.stat()
            signature = about.st_size, about.st_mtime_ns, about.st_ino
            if signature == self._signature:
                return []
            text = self._path.read_text(errors="replace")
        except OSError:  # it is not there yet
            return []
        self._signature = signature
        rows = _rows(text, self._path.suffix)
        if rows is None:  # half of it is written
            return []
        if len(rows) < self._n_rows:  # it was begun again
            self._n_rows = 0
        new, self._n_rows = rows[self._n_rows :], len(rows)
        return new


def _rows(text: str, suffix: str) -> list[Values] | None:
    """Return all complete rows of a file; None if it cannot be read now."""
    whole = text[: text.rfind("\n") + 1]
    if suffix in (".csv", ".tsv"):
        return [*_csv_rows(whole, "\t" if suffix == ".tsv" else ",")]
    if suffix == ".json":
        try:
            return [numbers(row) for row in _json_rows(json.loads(text))]
        except ValueError:
            pass
    lines = whole.splitlines()
    rows = [json_values(line.encode()) for line in lines]
    return None if suffix == ".json" and not any(rows) else rows


def _csv_rows(text: str, delimiter: str) -> Iterator[Values]:
    for row in csv.DictReader(text.splitlines(), delimiter=delimiter):
        values: dict[str, float] = {}
        for name, value in row.items():
            try:
                values[str(name).strip()] = float(value)
            except (TypeError, ValueError):  # text, or an empty cell
                continue
        yield numbers(values)


def _json_rows(found: Any) -> list[dict[str, Any]]:
    """Return the rows of a list of objects, or of an object of lists, one per metric."""
    if isinstance(found, list):
        return [row for row in found if isinstance(row, dict)]
    if not isinstance(found, dict):
        return []
    columns = {name: values for name, values in found.items() if isinstance(values, list)}
    if not columns:
        return [found]
    n_rows = max(map(len, columns.values()))
    return [{name: c[n] for name, c in columns.items() if n < len(c)} for n in range(n_rows)]
