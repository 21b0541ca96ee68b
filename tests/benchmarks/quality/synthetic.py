"""A made-up table of learning curves, small and quickly made, that has all kinds of parameters."""

import math
from itertools import product

import numpy as np

from tests.benchmarks.quality.problems import Parameter, Problem

PARAMETERS = (
    Parameter("optimizer", ("adam", "sgd"), is_ordered=False),
    Parameter("momentum", (0.0, 0.9), is_ordered=True, parent="optimizer", parent_values=("sgd",)),
    Parameter("learning_rate", (1e-3, 3e-3, 1e-2, 3e-2, 1e-1, 3e-1), is_ordered=True),
    Parameter("units", (16, 32, 64, 128), is_ordered=True),
    Parameter("dropout", (0.0, 0.2, 0.4), is_ordered=True),
    Parameter("normalized", (False, True), is_ordered=False),
)
BEST_RATE = {"adam": 1e-3, "sgd": 1e-1}


def synthetic(n_epochs: int = 9, seed: int = 0) -> Problem:
    """Return a table of 432 configurations, of which some diverge.

    Larger networks are better and cost more; high learning rates learn fast and end worse.
    """
    rng = np.random.default_rng(seed)
    sizes = [range(len(p.values)) for p in PARAMETERS]
    rows = {}
    curves, seconds = [], []
    for indices in product(*sizes):
        optimizer, momentum, rate, units, dropout, normalized = (
            parameter.values[index] for parameter, index in zip(PARAMETERS, indices, strict=True)
        )
        if optimizer == "adam" and momentum:
            continue
        key = indices if optimizer == "sgd" else (indices[0], -1, *indices[2:])
        rows[key] = len(rows)
        off = math.log10(rate / BEST_RATE[optimizer]) + (1 if momentum else 0)
        end = 0.02 + 0.01 * off**2 + 0.5 / units + 0.05 * abs(dropout - 0.2) - 0.005 * normalized
        epochs = np.arange(1, n_epochs + 1)
        curve = end + 0.5 * np.exp(-epochs * 10 ** (off / 4)) + rng.normal(0, 1e-3, n_epochs)
        cost = np.full(n_epochs, 0.2 + units / 64)
        if optimizer == "adam" and rate == 3e-1:
            curve[2:], cost[3:] = np.nan, np.nan
        curves.append(curve)
        seconds.append(cost)
    values = np.array(curves)
    test = values[:, -1] + rng.normal(0, 1e-3, len(values))
    return Problem("synthetic", PARAMETERS, rows, values, np.array(seconds), values[:, -1], test)
