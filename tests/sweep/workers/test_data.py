"""What a trial changes in the data is its own; what cannot be sent is named."""

import sqlite3
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
import pytest

import sweep
from sweep.workers.data import as_loaded
from sweep.workers.pickling import dumps, sent


@dataclass
class Table:
    columns: dict[str, Any] = field(default_factory=dict)


@pytest.mark.parametrize("kind", ["dictionary", "frame", "object"])
def test_a_trial_gets_the_data_as_loaded(
    inline: Callable[..., sweep.Run], make_study: Callable[..., sweep.Study], kind: str
) -> None:
    def data() -> Any:
        values = {"x": np.arange(3.0)}
        return {"dictionary": values, "frame": pd.DataFrame(values), "object": Table(values)}[kind]

    def train(_: object, data: Any, *__: object) -> Iterator[dict[str, float]]:
        columns = data.columns if kind == "object" else data
        columns["x"] = columns["x"] + 1
        yield {"loss": float(columns["x"].sum())}

    run = inline(make_study(train=train, data=data, trials=3, repeats=2, pruner=None))
    assert [record.score for record in run.records] == [6.0, 6.0, 6.0]


def test_arrays_share_one_memory_that_cannot_be_written() -> None:
    array = np.zeros((1000, 1000))
    load = as_loaded({"images": array, "count": [1]})
    first, second = load(), load()
    assert np.shares_memory(first["images"], second["images"])
    assert np.shares_memory(first["images"], array)
    with pytest.raises(ValueError, match="read-only"):
        first["images"] += 1
    first["count"].append(2)
    assert second["count"] == [1]


@pytest.mark.parametrize(
    ("value", "part"),
    [
        (sqlite3.connect(":memory:"), "data()"),
        ({"a": 1, "b": [0, threading.Lock()]}, "data()['b'][1]"),
        (Table({"c": (n for n in range(3))}), "data().columns['c']"),
    ],
)
def test_a_part_that_cannot_be_sent_is_named(value: Any, part: str) -> None:
    with pytest.raises(sweep.StudyError) as caught:
        dumps(value, "data()")
    beginning = f"{part}: expected something that can be sent to other processes, got TypeError: "
    assert str(caught.value).startswith(beginning)
    assert str(caught.value).endswith("; create it inside the function that uses it")
    if isinstance(value, sqlite3.Connection):
        value.close()


def test_a_variable_of_a_function_that_cannot_be_sent_is_named(
    make_study: Callable[..., sweep.Study],
) -> None:
    lock = threading.Lock()
    study = make_study(train=lambda *_: iter([{"loss": float(lock.locked())}]))
    with pytest.raises(sweep.StudyError, match=r"^lock: expected something that can be sent"):
        sent(study)


def test_a_cycle_that_cannot_be_sent_ends_the_search() -> None:
    value: list[Any] = [threading.Lock()]
    value.insert(0, value)
    with pytest.raises(sweep.StudyError, match=r"^d\[0\]: expected|^d\[1\]: expected|^d: expected"):
        dumps(value, "d")
