"""Plots of how scores depend on parameters: which parameters matter, and how."""

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.ticker import MaxNLocator

from sweep.reports.plots.style import BLUE, blank, plain_ticks, scale, scores_of, shown, to_svg
from sweep.trials.domains import Categorical, Domain, Int, Value
from sweep.trials.ranking import ranked
from sweep.trials.records import TrialRecord

MAX_PARAMETERS = 12
"""Parameters drawn in one plot; more could not be read."""


COLUMNS = 2
"""Slices side by side."""


SHADES = mpl.colormaps["viridis"]
"""Colours from the worst trial (dark) to the best (light)."""


def importance(shares: dict[str, float]) -> str:
    """Plot the importance of each parameter as a bar."""
    names = list(shares)[:MAX_PARAMETERS][::-1]
    figure, (axes,) = blank(height=0.8 + 0.3 * len(names))
    figure.subplots_adjust(left=0.25)
    axes.barh(names, [100 * shares[name] for name in names], color=BLUE)
    axes.grid(visible=False, axis="y")
    axes.set_xlabel("importance, in per cent")
    return to_svg(figure)


def slices(records: Sequence[TrialRecord], metric: str, sign: int, names: Sequence[str]) -> str:
    """Plot the scores of these complete trials against each parameter."""
    scored = shown(records, sign)
    rows = -(-len(names) // COLUMNS)
    figure, grid = blank(rows, COLUMNS, 0.3 + 1.9 * rows)
    figure.subplots_adjust(left=0.18, hspace=0.45, wspace=0.28)
    for axes, name in zip(grid, names, strict=False):
        having = [record for record in scored if name in record.params]
        domain = _whole_domain(having, name)
        places = [_place(domain, record.params[name]) for record in having]
        axes.scatter(places, scores_of(having), s=10, color=BLUE, alpha=0.6)
        axes.set_xlabel(name)
        _label(axes, domain)
        scale(axes, list(scores_of(scored)))
    for axes in grid[len(names) :]:
        axes.set_visible(False)
    figure.supylabel(metric, fontsize=10)
    return to_svg(figure)


def parallel(records: Sequence[TrialRecord], metric: str, sign: int, names: Sequence[str]) -> str:
    """Plot each of these complete trials as a line from its parameters to its score."""
    best_last = ranked(shown(records, sign), sign)[::-1]
    domains = {name: _whole_domain(best_last, name) for name in names}
    scores = scores_of(best_last)
    low, high = scores.min(), scores.max()
    figure, (axes,) = blank(height=4.4)
    figure.subplots_adjust(left=0.06, right=0.94, bottom=0.27, top=0.92)
    lines = [
        [(i, _height(domains[name], record.params[name]))
         for i, name in enumerate(names) if name in record.params] + [(len(names), height)]
        for record, height in zip(best_last, (scores - low) / (high - low or 1), strict=True)
    ]  # fmt: skip
    shades = SHADES(np.linspace(0.2, 0.9, len(lines)))
    axes.add_collection(LineCollection(lines, colors=shades, linewidths=0.9, alpha=0.8))
    ends = [_ends(domains[name]) for name in names] + [(f"{low:.4g}", f"{high:.4g}")]
    for i, (bottom, top) in enumerate(ends):
        axes.axvline(i, color="#888888", linewidth=0.8)
        axes.text(i, -0.02, bottom, ha="center", va="top", fontsize=8)
        axes.text(i, 1.02, top, ha="center", va="bottom", fontsize=8)
    axes.set(xlim=(-0.3, len(names) + 0.3), ylim=(0, 1), yticks=[])
    axes.set_xticks(range(len(names) + 1), [*names, metric], rotation=30, ha="right")
    axes.tick_params(axis="x", pad=12, length=0)
    axes.grid(visible=False)
    axes.spines[:].set_visible(False)
    return to_svg(figure)


def varied(records: Sequence[TrialRecord]) -> list[str]:
    """Return the parameters to draw: the first 12 with more than one value."""
    pairs = dict.fromkeys(pair for record in records for pair in record.params.items())
    n_values = Counter(name for name, _ in pairs)
    return [name for name, n in n_values.items() if n > 1][:MAX_PARAMETERS]


def _whole_domain(records: Sequence[TrialRecord], name: str) -> Domain:
    """Return a domain with all values that trials could have had; it may change within a run."""
    domains = [record.domains[name] for record in records if name in record.domains]
    first = max(domains, key=lambda domain: len(getattr(domain, "choices", ())))
    if isinstance(first, Categorical):
        choices = [choice for d in (first, *domains) for choice in d.values() or ()]
        return Categorical(tuple(dict.fromkeys(choices)))
    ranges: list[Any] = domains  # all real or all whole
    return replace(first, low=min(d.low for d in ranges), high=max(d.high for d in ranges))


def _place(domain: Domain, value: Value) -> float:
    """Return the position of a value on an axis: a number itself, the index of a choice."""
    if isinstance(domain, Categorical):
        return float(domain.choices.index(value))
    return float(value or 0)


def _height(domain: Domain, value: Value) -> float:
    """Return the position of a value between the ends of its domain, from 0 to 1."""
    place = _place(domain, value)
    if isinstance(domain, Categorical):
        return place / (len(domain.choices) - 1 or 1)
    scaled = math.log if domain.log else float
    low, high = scaled(domain.low), scaled(domain.high)
    return (scaled(place) - low) / (high - low or 1)


def _ends(domain: Domain) -> tuple[str, str]:
    if isinstance(domain, Categorical):
        return str(domain.choices[0]), str(domain.choices[-1])
    return f"{domain.low:g}", f"{domain.high:g}"


def _label(axes: Axes, domain: Domain) -> None:
    if isinstance(domain, Categorical):
        axes.set_xticks(range(len(domain.choices)), [str(choice) for choice in domain.choices])
    elif domain.log:
        axes.set_xscale("log")
        plain_ticks(axes.xaxis)
    elif isinstance(domain, Int):
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
