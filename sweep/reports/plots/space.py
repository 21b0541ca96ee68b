"""This file draws what scores have to do with parameters: which ones matter, and how."""

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import matplotlib as mpl
from matplotlib.collections import LineCollection
from matplotlib.ticker import MaxNLocator

from sweep.reports.plots.style import GOOD, blank, plain_ticks, scale, to_svg
from sweep.reports.plots.trials import shown
from sweep.trials.domains import Categorical, Domain, Int, Value
from sweep.trials.records import TrialRecord

if TYPE_CHECKING:
    from matplotlib.axes import Axes


MAX_PARAMETERS = 12


COLUMNS = 2


SHADES = mpl.colormaps["viridis"]


def importance(shares: dict[str, float]) -> str:
    """A bar per parameter."""
    names = list(shares)[:MAX_PARAMETERS]
    figure, (axes,) = blank(height=0.8 + 0.3 * len(names))
    figure.subplots_adjust(left=0.25)
    axes.barh(names[::-1], [100 * shares[name] for name in names[::-1]], color=GOOD)
    axes.grid(visible=False, axis="y")
    axes.set_xlabel("share of what tells good trials from others, in per cent")
    return to_svg(figure)


def slices(records: Sequence[TrialRecord], metric: str, sign: int, names: Sequence[str]) -> str:
    """The score of each of these complete trials over each parameter."""
    scored = shown(records, sign)
    names = names[:MAX_PARAMETERS]
    rows = -(-len(names) // COLUMNS)
    figure, grid = blank(rows, COLUMNS, 0.3 + 1.9 * rows)
    figure.subplots_adjust(left=0.18, hspace=0.45, wspace=0.28)
    for axes, name in zip(grid, names, strict=False):
        having = [record for record in scored if name in record.params]
        domain = having[0].domains[name]
        places = [_place(domain, record.params[name]) for record in having]
        axes.scatter(places, [r.score or 0.0 for r in having], s=10, color=GOOD, alpha=0.6)
        axes.set_xlabel(name)
        _label(axes, domain)
        scale(axes, [record.score or 0.0 for record in scored])
    for axes in grid[len(names) :]:
        axes.set_visible(False)
    figure.supylabel(metric, fontsize=10)
    return to_svg(figure)


def parallel_coordinates(
    records: Sequence[TrialRecord], metric: str, sign: int, names: Sequence[str]
) -> str:
    """A line for each of these complete trials, through its parameters to its score."""
    names = names[:MAX_PARAMETERS]
    scored = shown(records, sign)
    ranked = sorted(scored, key=lambda record: -sign * (record.score or 0.0))
    domains = {name: r.domains[name] for r in ranked for name in r.params}
    scores = [record.score or 0.0 for record in ranked]
    low, high = min(scores), max(scores)
    figure, (axes,) = blank(height=4.4)
    figure.subplots_adjust(left=0.06, right=0.94, bottom=0.27, top=0.92)
    lines = [
        [
            (i, _height(domains[name], record.params[name]))
            for i, name in enumerate(names)
            if name in record.params
        ]
        + [(len(names), ((record.score or 0.0) - low) / (high - low or 1))]
        for record in ranked
    ]
    shades = [SHADES(0.2 + 0.7 * i / max(len(ranked) - 1, 1)) for i in range(len(ranked))]
    axes.add_collection(LineCollection(lines, colors=shades, linewidths=0.9, alpha=0.8))
    ends = [_ends(domains[name]) for name in names] + [(f"{low:.4g}", f"{high:.4g}")]
    for i, (bottom, top) in enumerate(ends):
        axes.axvline(i, color="#888888", linewidth=0.8)
        axes.text(i, -0.02, bottom, ha="center", va="top", fontsize=8)
        axes.text(i, 1.02, top, ha="center", va="bottom", fontsize=8)
    axes.set_xlim(-0.3, len(names) + 0.3)
    axes.set_ylim(0, 1)
    axes.set_xticks(range(len(names) + 1), [*names, metric], rotation=30, ha="right")
    axes.tick_params(axis="x", pad=12, length=0)
    axes.set_yticks([])
    axes.grid(visible=False)
    axes.spines[:].set_visible(False)
    return to_svg(figure)


def varied(records: Sequence[TrialRecord]) -> list[str]:
    """The parameters that have more than one value, in the order in which they were drawn."""
    values: dict[str, set[Value]] = {}
    for record in records:
        for name, value in record.params.items():
            values.setdefault(name, set()).add(value)
    return [name for name, some in values.items() if len(some) > 1]


def _place(domain: Domain, value: Value) -> float:
    """Where a value is on an axis: the place of a choice in its list, a number as it is."""
    if isinstance(domain, Categorical):
        return float(domain.choices.index(value))
    return float(value or 0)


def _height(domain: Domain, value: Value) -> float:
    """Where a value is between the ends of its domain, from 0 to 1."""
    low, high = _range(domain)
    place = _place(domain, value)
    if not isinstance(domain, Categorical) and domain.log:
        low, high, place = math.log(low), math.log(high), math.log(place)
    return (place - low) / (high - low or 1)


def _range(domain: Domain) -> tuple[float, float]:
    if isinstance(domain, Categorical):
        return 0, len(domain.choices) - 1
    return domain.low, domain.high


def _ends(domain: Domain) -> tuple[str, str]:
    if isinstance(domain, Categorical):
        return str(domain.choices[0]), str(domain.choices[-1])
    return f"{domain.low:g}", f"{domain.high:g}"


def _label(axes: "Axes", domain: Domain) -> None:
    if isinstance(domain, Categorical):
        axes.set_xticks(range(len(domain.choices)), [str(choice) for choice in domain.choices])
        return
    if domain.log:
        axes.set_xscale("log")
        plain_ticks(axes.xaxis)
    elif isinstance(domain, Int):
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
