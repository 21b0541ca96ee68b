"""Figures of recorded searches: regrets at the end, and core-seconds until there.

Regrets below `FLOOR` count as `FLOOR`. Before its first complete training a search has regret 1,
that of the median configuration. The target of a table and a number of slots is the median regret
that the best peer has at the end of the budget: the peer with the lowest geometric mean over
seeds. A method's time to the target, from when on it stays there, is taken twice: until its median
over seeds is there; and for each seed, as a mean, where seeds that never get there count as the
whole budget.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tests.benchmarks.quality.methods.names import OURS

FLOOR = 1e-4
START = 1.0
"""Regret before the first complete training."""


class Steps(NamedTuple):
    """The regret of a search, or of several, as steps in time.

    Attributes:
        times: (steps,) core-seconds.
        regrets: (steps,) regret from then on.
    """

    times: NDArray[np.float64]
    regrets: NDArray[np.float64]

    def at(self, times: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the regrets at some times."""
        index = np.searchsorted(self.times, times, side="right")
        return np.concatenate([[START], self.regrets])[index]

    def time_to(self, regret: float) -> float:
        """Return from when on the regret is at most this; inf if it is not in the end.

        Where a search sees noisy values, its regret can rise again.
        """
        above = np.flatnonzero(self.regrets > regret)
        first = above[-1] + 1 if len(above) else 0
        return float(self.times[first]) if first < len(self.times) else np.inf


class Searches:
    """All searches of one method on one table with one number of slots.

    Attributes:
        budget: Core-seconds of each search.
        searches: The regret of each seed.
        median: The median over seeds.
    """

    def __init__(self, rows: pd.DataFrame, column: str = "regret") -> None:
        """Take the rows of the searches, and the column whose regrets count."""
        self.budget = float(rows["core_seconds"].max())
        self.searches = [
            Steps(
                group["core_seconds"].to_numpy(np.float64),
                np.maximum(group[column].fillna(START).to_numpy(np.float64), FLOOR),
            )
            for _, group in rows.groupby("seed")
        ]
        times = np.unique(np.concatenate([search.times for search in self.searches]))
        self.median = Steps(times, self.quantile(0.5, times))

    @property
    def at_end(self) -> NDArray[np.float64]:
        """(seeds,) regrets at the end of the budget."""
        return np.array([search.regrets[-1] for search in self.searches])

    def quantile(self, q: float, times: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return a quantile over seeds at some times."""
        regrets = np.array([search.at(times) for search in self.searches])
        # One of the seeds' values, so that no time is interpolated between two regrets.
        return np.quantile(regrets, q, axis=0, method="inverted_cdf")

    def times_to(self, regret: float) -> NDArray[np.float64]:
        """Return (seeds,) core-seconds to a regret; inf for seeds that never have it."""
        return np.array([search.time_to(regret) for search in self.searches])


def geometric_mean(values: Sequence[float] | NDArray[np.float64]) -> float:
    """Return the geometric mean of positive values."""
    return float(np.exp(np.mean(np.log(values))))


def is_peer(method: str) -> bool:
    """Return whether a method is another library's."""
    return method.partition("-")[0] != OURS


def setting_figures(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the figures of all methods on one table with one number of slots, best first.

    Args:
        rows: Rows of the results.
    """
    methods = {str(name): Searches(group) for name, group in rows.groupby("method")}
    tests = {str(name): Searches(g, "test_regret") for name, g in rows.groupby("method")}
    means = {name: geometric_mean(methods[name].at_end) for name in methods}
    peers = [name for name in means if is_peer(name)]
    best = min(peers or means, key=lambda name: means[name])
    target = methods[best].median.regrets[-1]
    figures = []
    for name, searches in methods.items():
        at_end, times = searches.at_end, searches.times_to(target)
        low, median, high = np.quantile(at_end, (0.25, 0.5, 0.75), method="inverted_cdf")
        figures.append(
            {
                "method": name,
                "seeds": len(at_end),
                "geometric mean": means[name],
                "mean": at_end.mean(),
                "25 %": low,
                "median": median,
                "75 %": high,
                "test, geometric mean": geometric_mean(tests[name].at_end),
                "reached": int(np.isfinite(times).sum()),
                "core-s of median": min(searches.median.time_to(target), searches.budget),
                "core-s, mean": np.minimum(times, searches.budget).mean(),
            }
        )
    table = pd.DataFrame(figures).set_index("method").sort_values("geometric mean")
    for column in ("core-s of median", "core-s, mean"):
        table[f"{column}, of best peer"] = table[column] / table.loc[best, column]
    table.insert(0, "best peer", table.index == best)
    return table


def all_figures(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the figures of all settings, one after another, by table, slots and method."""
    groups = rows.groupby(["table", "slots"])
    tables = {setting: setting_figures(group) for setting, group in groups}
    return pd.concat(tables, names=["table", "slots"])


SUMMARISED = [
    "geometric mean",
    "median",
    "test, geometric mean",
    "core-s of median, of best peer",
    "core-s, mean, of best peer",
]


def summary(figures: pd.DataFrame) -> pd.DataFrame:
    """Return geometric means over tables, by number of slots and method, best first.

    Args:
        figures: What `all_figures` returns.
    """
    groups = figures.groupby(["slots", "method"])
    table = groups[SUMMARISED].agg(geometric_mean)
    table.insert(0, "tables", groups.size())
    return table.reset_index().sort_values(["slots", "tables", "geometric mean"],
                                           ascending=[True, False, True])  # fmt: skip
