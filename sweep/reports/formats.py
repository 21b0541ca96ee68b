"""This file turns tables into files: CSV, Markdown, LaTeX, JSON or Parquet, always the same."""

import json
import math
import re
from collections.abc import Callable, Collection

import pandas as pd
from tabulate import tabulate

from sweep.errors import OptionError
from sweep.reports.published import FilledTable
from sweep.text import short

LEFT_BY_TABULATE = str.maketrans({"|": r"\textbar{}", "<": r"\textless{}", ">": r"\textgreater{}"})
"""What LaTeX's usual font encoding would show as something else, and tabulate does not escape."""


def to_csv(table: pd.DataFrame) -> str:
    """Comma-separated values with full precision; empty where there is none."""
    return table.to_csv(index=False, lineterminator="\n")


def to_markdown(table: pd.DataFrame, right: Collection[str] = ()) -> str:
    """A GitHub table; numbers to the right, with four significant digits.

    Args:
        table: What to show.
        right: Columns of text that are aligned as numbers are.
    """
    return _tabulate(table, "pipe", right)


def to_latex(table: pd.DataFrame) -> str:
    """A tabular for the booktabs package; special characters escaped."""
    return _tabulate(table, "latex_booktabs").translate(LEFT_BY_TABULATE)


def to_json(table: pd.DataFrame) -> str:
    """A list of objects, one per row, with full precision; null where there is no value."""
    rows = [dict(zip(table, map(_json_value, row), strict=True)) for row in _rows(table)]
    return json.dumps(rows, indent=2, ensure_ascii=False) + "\n"


def to_parquet(table: pd.DataFrame) -> bytes:
    """An Apache Parquet file with full precision; columns of mixed types become text.

    Raises:
        OptionError: If the package pyarrow, which writes it, is not installed.
    """
    mixed = table.select_dtypes(object).columns
    try:
        return table.astype(dict.fromkeys(mixed, "string")).to_parquet(engine="pyarrow")
    except ImportError as error:
        raise OptionError(
            "--format parquet: expected the package pyarrow, got none installed; "
            "pip install pyarrow"
        ) from error


FORMATS: dict[str, Callable[[pd.DataFrame], str | bytes]] = {
    "csv": to_csv,
    "markdown": to_markdown,
    "latex": to_latex,
    "json": to_json,
    "parquet": to_parquet,
}
"""Text to print, or the bytes of a file."""


def of_comparison(comparison: FilledTable, format_: str) -> str | bytes:
    """A declared table in one of the `FORMATS`: numbers for machines, text for people."""
    if format_ == "markdown":
        return comparison_in_markdown(comparison)
    for_people = format_ == "latex"
    return FORMATS[format_](comparison.text if for_people else comparison.numbers)


def comparison_in_markdown(comparison: FilledTable) -> str:
    """A declared table as a GitHub table, its notes below it."""
    notes = "".join(f"- {_cell(note, 'notes')}\n" for note in comparison.notes)
    return "\n".join(filter(None, [to_markdown(comparison.text, comparison.right), notes]))


def _tabulate(table: pd.DataFrame, style: str, right: Collection[str] = ()) -> str:
    align = ["right" if name in right or is_numeric(table[name]) else "left" for name in table]
    header = [_cell(name, style) for name in table]
    cells = [[_cell(value, style) for value in row] for row in _rows(table)]
    options = {"disable_numparse": True, "colalign": align or None}
    return str(tabulate(cells, header, style, **options)) + "\n"


def _rows(table: pd.DataFrame) -> list[list[object]]:
    return table.astype(object).to_numpy().tolist()


def _cell(value: object, style: str) -> str:
    text = "" if is_missing(value) else " ".join(short(value).splitlines())
    if style == "latex_booktabs":
        return text
    text = text.replace("&", "&amp;").replace("<", "&lt;")
    return re.sub(r"(\\*)\|", r"\1\1\|", text) if style == "pipe" else text


def _json_value(value: object) -> object:
    """JSON has no infinite numbers."""
    return None if is_missing(value) or value in (math.inf, -math.inf) else value


def is_numeric(column: pd.Series) -> bool:
    """Whether a column holds numbers, which are aligned to the right."""
    return bool(pd.api.types.is_numeric_dtype(column))


def is_missing(value: object) -> bool:
    """Whether a cell of a table holds nothing: None, pandas' NA, or not a number."""
    return value is None or value is pd.NA or value != value
