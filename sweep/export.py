"""This file turns a table into text: CSV, Markdown, LaTeX or JSON, the same bytes each time."""

from collections.abc import Callable

import pandas as pd
from tabulate import tabulate

from sweep.tables import short


def to_csv(table: pd.DataFrame) -> str:
    """Comma-separated values with full precision; empty where there is none."""
    return table.to_csv(index=False, lineterminator="\n")


def to_markdown(table: pd.DataFrame) -> str:
    """A GitHub table; numbers to the right, with four significant digits."""
    return _tabulate(table, "pipe")


def to_latex(table: pd.DataFrame) -> str:
    """A tabular for the booktabs package; special characters escaped."""
    return _tabulate(table, "latex_booktabs")


def to_json(table: pd.DataFrame) -> str:
    """A list of objects, one per row; null where there is no value."""
    return table.to_json(orient="records", indent=2) + "\n"


FORMATS: dict[str, Callable[[pd.DataFrame], str]] = {
    "csv": to_csv,
    "markdown": to_markdown,
    "latex": to_latex,
    "json": to_json,
}


def _tabulate(table: pd.DataFrame, style: str) -> str:
    align = ["right" if pd.api.types.is_numeric_dtype(table[name]) else "left" for name in table]
    cells = [[_cell(value, style) for value in row] for row in table.astype(object).to_numpy()]
    options = {"disable_numparse": True, "colalign": align or None}
    return str(tabulate(cells, list(table), style, **options)) + "\n"


def _cell(value: object, style: str) -> str:
    if value is None or value is pd.NA or value != value:
        return ""
    text = short(value).replace("\n", " ")
    return text.replace("|", r"\|") if style == "pipe" else text
