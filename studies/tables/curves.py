"""Loads a table of learning curves that `export.py` has made of a grid.

from studies.tables.curves import load

table = load("dense_mnist")
errors = table.curves["validation_error"]
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

HERE = Path(__file__).parent

Curves = dict[str, NDArray[np.float64]]
"""Arrays (trainings, epochs) by the name of what they hold."""


@dataclass(frozen=True, eq=False)
class Table:
    """All configurations of a grid, and what each of their epochs gave and cost.

    A training that diverged has NaN from the epoch on in which it did; what that epoch cost is
    known, and the epochs after it are NaN there, too.

    Attributes:
        configs: One row per configuration, one column per parameter; NaN where a configuration does
            not have a parameter.
        curves: Of each configuration's first training: every metric of the run, `seconds` and
            `cpu_seconds` of the single epochs, as arrays (configurations, epochs). `test_error` is
            for judging a search, which must not see it.
        repeats: The same of further trainings with other seeds, as arrays (trainings, epochs).
        repeats_of: Rows of their configurations, (trainings,).
        provenance: How the table was made, and the values of each parameter.
    """

    configs: pd.DataFrame
    curves: Curves
    repeats: Curves
    repeats_of: NDArray[np.int64]
    provenance: dict[str, Any]


def load(name: str, folder: Path = HERE) -> Table:
    """Load a table.

    Args:
        name: Name of the study, such as "dense_mnist".
        folder: Folder of NAME.csv.gz and NAME.json.
    """
    provenance = json.loads((folder / f"{name}.json").read_text())
    rows = pd.read_csv(folder / f"{name}.csv.gz")
    parameters = list(provenance["parameters"])
    values = [*provenance["metrics"], "seconds", "cpu_seconds"]
    n_epochs = int(rows["epoch"].max())
    one_each = rows.drop_duplicates("config").sort_values("config")
    keys = rows[["config", "training"]].drop_duplicates().sort_values(["training", "config"])
    wide = rows.pivot_table(index=["training", "config"], columns="epoch", values=values)
    order = pd.MultiIndex.from_frame(keys[["training", "config"]])
    all_curves = {
        value: wide[value].reindex(index=order, columns=range(1, n_epochs + 1)).to_numpy(np.float64)
        for value in values
    }
    n = len(one_each)
    return Table(
        configs=one_each[parameters].reset_index(drop=True),
        curves={value: curves[:n] for value, curves in all_curves.items()},
        repeats={value: curves[n:] for value, curves in all_curves.items()},
        repeats_of=keys["config"].to_numpy(np.int64)[n:],
        provenance=provenance,
    )
