"""The style of all plots: empty figures, and their export to SVG, the same bytes each time."""

import io
import re
import warnings
from collections.abc import Sequence
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.figure import Figure
from matplotlib.ticker import NullFormatter

from sweep.trials.ranking import ranked
from sweep.trials.records import TrialRecord

STYLE: dict[Any, Any] = {
    "svg.hashsalt": "sweep",
    "svg.fonttype": "none",  # text stays text: small, and read out by screen readers
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.alpha": 0.3,
    "font.size": 10,
    "axes.titlesize": "medium",
    "text.parse_math": False,  # a metric may have a dollar sign in its name
}


WIDTH = 5.6
"""Width of every figure, in inches."""


USED = "[mp][0-9a-f]{10}"
"""Matplotlib ids that other elements refer to (markers, clip paths)."""


NO_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f]")
"""Characters that a name of a parameter may have, and XML may not."""


BLUE, GREY, ORANGE, RED = "#1b6ca8", "#b8b8b8", "#e3a857", "#d1495b"

MAX_SHOWN = 400
"""Trials drawn in one plot: more make it larger, and no easier to read."""


def blank(rows: int = 1, columns: int = 1, height: float = 3.6) -> tuple[Figure, list[Axes]]:
    """Return a figure, and its axes from left to right and top to bottom.

    Args:
        rows: Number of rows of axes.
        columns: Number of columns of axes.
        height: Height of the figure, in inches.
    """
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(WIDTH, height))
        figure.subplots_adjust(left=0.15, right=0.97, bottom=0.5 / height, top=1 - 0.3 / height)
        axes = figure.subplots(rows, columns, squeeze=False)
    return figure, list(axes.flat)


def to_svg(figure: Figure) -> str:
    """Return the figure as an SVG file."""
    text = io.StringIO()
    with mpl.rc_context(STYLE), warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Glyph .* missing")  # the reader's fonts draw the text
        figure.savefig(text, format="svg", metadata={"Date": None})
    return NO_XML.sub("\ufffd", text.getvalue())


def in_page(svg: str, name: str, title: str) -> str:
    """Return an SVG file as an element of a page, in the page's colours.

    Args:
        svg: An SVG file made by `to_svg`.
        name: Prefix that keeps its ids apart from those of other plots.
        title: What it shows, for screen readers, escaped for HTML.
    """
    text = svg[svg.index("<svg") :]
    text = re.sub(r"\s*<metadata>.*?</metadata>", "", text, flags=re.DOTALL)
    text = re.sub(r' (width|height)="[^"]*pt"', "", text, count=2)  # the size of the whole plot
    text = re.sub(rf' id="(?!{USED}")[^"]*"', "", text)
    text = re.sub(rf'(id="|#)({USED})\b', rf"\1{name}-\2", text)
    text = text.replace("#ffffff", "none").replace("#000000", "currentColor")
    return text.replace("<svg", f'<svg role="img" aria-label="{title}"', 1)


def scale(axes: Axes, values: Sequence[float]) -> None:
    """Make the y axis logarithmic if values differ by more than a factor of 20."""
    if differ_widely(values):
        axes.set_yscale("log")
        plain_ticks(axes.yaxis)


def differ_widely(values: Sequence[float]) -> bool:
    """Return whether values are positive and differ by more than a factor of 20."""
    return bool(values) and min(values) > 0 and max(values) / min(values) > 20


def plain_ticks(axis: Axis) -> None:
    """Label powers of ten as 0.01, 100, 1e+06."""
    axis.set_major_formatter("{x:g}")
    axis.set_minor_formatter(NullFormatter())


def scores_of(records: Sequence[TrialRecord]) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """Return the scores of trials that have one."""
    return np.array([record.score for record in records], np.float64)


def shown(records: Sequence[TrialRecord], sign: int) -> list[TrialRecord]:
    """Return at most `MAX_SHOWN` of these trials: half are the best, the rest evenly spread."""
    if len(records) <= MAX_SHOWN:
        return list(records)
    half = MAX_SHOWN // 2
    best = {record.number for record in ranked(records, sign)[:half]}
    others = [record for record in records if record.number not in best]
    step = -(-len(others) // half)
    kept = best | {record.number for record in others[::step]}
    return [record for record in records if record.number in kept]
