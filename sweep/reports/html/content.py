"""Render a report as one HTML page; page.html is its template, page.css its style."""

from importlib.resources import files

from jinja2 import Environment, StrictUndefined
from markupsafe import Markup, escape

from sweep.reports.formats import aligned_right, cell_text, rows_of
from sweep.reports.plots.style import in_page
from sweep.reports.sections import SEALED, Report, counted


def render(report: Report) -> str:
    """Return the page, the same bytes each time."""
    environment = Environment(
        autoescape=True, trim_blocks=True, lstrip_blocks=True, undefined=StrictUndefined
    )
    environment.filters |= {
        f.__name__: f for f in (aligned_right, rows_of, cell_text, most_confused, counted)
    }
    return environment.from_string(_file("page.html")).render(
        report=report,
        plots={
            name: Markup(in_page(plot.svg, name, str(escape(plot.title))))
            for name, plot in report.plots.items()
        },
        sealed=SEALED,
        style=Markup(_file("page.css")),
        script=Markup(_file("page.js")),
    )


def _file(name: str) -> str:
    return (files("sweep.reports.html") / name).read_text(encoding="utf-8")


def most_confused(counts: list[list[int]]) -> int:
    """Return the largest count off the diagonal of a square matrix, at least 1."""
    return max([1, *(n for i, row in enumerate(counts) for j, n in enumerate(row) if i != j)])
