"""Render a report as one HTML page; page.html is its template, page.css its style."""

from functools import cache
from typing import TYPE_CHECKING

from jinja2 import Environment, PackageLoader, StrictUndefined

from sweep.reports.formats import aligned_right, cell_text, rows_of
from sweep.reports.plots.style import in_page
from sweep.text import counted

if TYPE_CHECKING:
    from sweep.reports.sections import Report


def render(report: "Report") -> str:
    """Return the page, the same bytes each time."""
    return _environment().get_template("page.html").render(report=report)


@cache
def _environment() -> Environment:
    pages = PackageLoader("sweep.reports", "html")
    environment = Environment(
        loader=pages, autoescape=True, trim_blocks=True, undefined=StrictUndefined
    )
    filters = (aligned_right, rows_of, cell_text, in_page, most_confused, counted)
    environment.filters |= {function.__name__: function for function in filters}
    return environment


def most_confused(counts: list[list[int]]) -> int:
    """Return the largest count off the diagonal of a square matrix, at least 1."""
    return max([1, *(n for i, row in enumerate(counts) for j, n in enumerate(row) if i != j)])
