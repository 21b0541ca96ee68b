"""Tables as CSV, Markdown, LaTeX, JSON or Parquet, with the same bytes each time."""

import json
import math
import re
from collections.abc import Callable, Collection
from typing import TYPE_CHECKING, Any

import pandas as pd
from tabulate import tabulate

from sweep.errors import not_installed
from sweep.text import short

if TYPE_CHECKING:
    from sweep.reports.published import FilledTable

LEFT_BY_TABULATE = str.maketrans({"|": r"\textbar{}", "<": r"\textless{}", ">": r"\textgreater{}"})
"""Characters that LaTeX's default font encoding shows as others, and tabulate does not escape."""


def to_csv(table: pd.DataFrame) -> str:
    """Return comma-separated values with full precision; missing ones are empty."""
    return table.to_csv(index=False, lineterminator="\n")


def to_markdown(table: pd.DataFrame, right: Collection[str] = ()) -> str:
    """Return a GitHub table; numbers are aligned to the right, with four significant digits.

    Args:
        table: Table to show.
        right: Text columns to align like numbers.
    """
    return _tabulate(table, "pipe", right)


def to_latex(table: pd.DataFrame) -> str:
    """Return a tabular for the booktabs package; special characters are escaped."""
    return _tabulate(table, "latex_booktabs").translate(LEFT_BY_TABULATE)


def to_json(table: pd.DataFrame) -> str:
    """Return a list of objects, one per row, with full precision; missing values are null."""
    rows = [dict(zip(table, map(_json_value, row), strict=True)) for row in rows_of(table)]
    return json.dumps(rows, indent=2, ensure_ascii=False) + "\n"


def to_parquet(table: pd.DataFrame) -> bytes:
    """Return an Apache Parquet file with full precision; columns of mixed types become text.

    Raises:
        OptionError: If pyarrow is not installed.
    """
    mixed = table.select_dtypes(object).columns
    try:
        return table.astype(dict.fromkeys(mixed, "string")).to_parquet(engine="pyarrow")
    except ImportError as error:
        raise not_installed("pyarrow", "parquet") from error


FORMATS: dict[str, Callable[[pd.DataFrame], str | bytes]] = {
    "csv": to_csv,
    "markdown": to_markdown,
    "latex": to_latex,
    "json": to_json,
    "parquet": to_parquet,
}
"""Formats by name; each returns text to print, or the bytes of a file."""


def of_comparison(table: "FilledTable", format_: str) -> str | bytes:
    """Return a filled table in one of the `FORMATS`: numbers for machines, text for people."""
    if format_ == "markdown":
        return comparison_in_markdown(table)
    return FORMATS[format_](table.text if format_ == "latex" else table.numbers)


def comparison_in_markdown(table: "FilledTable") -> str:
    """Return a filled table as a GitHub table with its notes below it."""
    notes = "".join(f"- {_cell(note, 'notes')}\n" for note in table.notes)
    return "\n".join(filter(None, [to_markdown(table.text, table.right), notes]))


def _tabulate(table: pd.DataFrame, style: str, right: Collection[str] = ()) -> str:
    align = ["right" if is_right else "left" for is_right in aligned_right(table, right)] or None
    header = [_cell(name, style) for name in table]
    cells = [[_cell(value, style) for value in row] for row in rows_of(table)]
    return f"{tabulate(cells, header, style, disable_numparse=True, colalign=align)}\n"


def rows_of(table: pd.DataFrame) -> list[list[object]]:
    """Return the cells of a table, row by row."""
    return table.astype(object).to_numpy().tolist()


def aligned_right(table: pd.DataFrame, right: Collection[str] = ()) -> list[bool]:
    """Return, for each column, whether to align it to the right: numbers, and those in `right`."""
    return [name in right or pd.api.types.is_numeric_dtype(table[name]) for name in table]


def cell_text(value: Any) -> str:
    """Return a cell's value as text for people; empty for None, pandas' NA, or not a number."""
    return "" if pd.isna(value) else short(value)


def _cell(value: object, style: str) -> str:
    text = " ".join(cell_text(value).splitlines())
    if style == "latex_booktabs":
        return text
    text = text.replace("&", "&amp;").replace("<", "&lt;")
    return re.sub(r"(\\*)\|", r"\1\1\|", text) if style == "pipe" else text


def _json_value(value: Any) -> object:
    """Return a value, or None for what JSON cannot express, such as infinity."""
    return None if pd.isna(value) or value in (math.inf, -math.inf) else value
