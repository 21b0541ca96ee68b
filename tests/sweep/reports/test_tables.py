"""Tables of records: their rows, their columns in order, and the types in them."""

from datetime import datetime
from io import StringIO

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sweep.reports import tables
from sweep.reports.formats import to_csv
from sweep.text import duration, short
from sweep.trials.records import Ending, EpochRecord, TrialRecord
from sweep.trials.worker import Worker

BEFORE = ["trial", "status", "loss", "epochs"]
AFTER = ["seconds", "cpu_seconds", "attempts", "seed", "host", "started"]
NAMES = st.text(st.characters(codec="utf-8", categories=("L",)), min_size=1, max_size=3)


def trial(number, score=None, params=None, ending=None, epochs=(), **more):
    """A trial that ended in the order of its number; epochs are given by their losses."""
    default = Ending.RUNNING if score is None else Ending.COMPLETE
    return TrialRecord(
        number=number,
        params=params or {},
        domains={},
        config={},
        seed=100 + number,
        endings_known=0,
        ending=ending or default,
        score=score,
        epochs=[EpochRecord(i, {"loss": x}, 1.25, 0.52) for i, x in enumerate(epochs, start=1)],
        **{"ending_number": number + 1} | more,
    )


def rows(table):
    return table.astype(object).where(table.notna(), None).to_numpy().tolist()


# Trials


def test_a_row_tells_what_a_trial_was_and_what_came_of_it():
    record = trial(
        7,
        score=0.25,
        params={"lr": 0.1, "kind": "deep"},
        epochs=(0.5, 0.25),
        attempts=[{"ending": "lost"}],
        worker=Worker("node", 1, 1),
        started=datetime(2026, 1, 2, 3, 4, 5, 6),
    )
    table = tables.trials([record], "loss")
    assert list(table) == [*BEFORE, "lr", "kind", *AFTER]
    assert rows(table) == [
        [7, "complete", 0.25, 2, 0.1, "deep", 2.5, 1.0, 2, 107, "node", "2026-01-02T03:04:05"]
    ]


def test_a_trial_without_a_score_shows_its_last_value_or_nothing():
    records = [
        trial(0, score=0.25, epochs=(0.5, 0.75)),
        trial(1, ending=Ending.PRUNED, epochs=(0.5, 0.75)),
        trial(2, ending=Ending.ERROR),
        trial(3),
    ]
    table = tables.trials(records, "loss")
    assert table["loss"].tolist() == [0.25, 0.75, pd.NA, pd.NA]
    assert table["status"].tolist() == ["complete", "pruned", "error", "running"]
    assert table[["host", "started"]].isna().all(axis=None)


def test_conditional_parameters_stand_where_their_first_trial_has_them():
    records = [
        trial(0, params={"kind": "flat", "lr": 0.1}),
        trial(1, params={"kind": "deep", "depth": 2, "lr": 0.2}),
        trial(2, params={"kind": "deep", "depth": 1, "width": 8, "lr": 0.3}),
    ]
    table = tables.trials(records, "loss")
    assert list(table) == [*BEFORE, "kind", "depth", "width", "lr", *AFTER]
    assert table["depth"].tolist() == [pd.NA, 2, 1]
    assert table["width"].tolist() == [pd.NA, pd.NA, 8]


@settings(deadline=None)
@given(st.lists(st.dictionaries(NAMES, st.integers(0, 9), max_size=5), min_size=1, max_size=6))
def test_every_parameter_has_one_column_between_the_fixed_ones(all_params):
    records = [trial(i, params=params) for i, params in enumerate(all_params)]
    table = tables.trials(records, "loss")
    n_names = len(set().union(*all_params))
    assert list(table)[:4] == BEFORE
    assert list(table)[4 + n_names :] == AFTER
    assert len(set(table)) == 10 + n_names
    for record, row in zip(records, table.to_dict("records"), strict=True):
        assert {name: row[name] for name in record.params} == record.params


@pytest.mark.parametrize(
    ("values", "dtype"),
    [
        ((1, None, 3), "Int64"),
        ((1.0, None, 2.0), "Float64"),
        ((0.5, 1.0, 2.0), "Float64"),
        ((True, None, False), "boolean"),
        (("a", None, "b"), "string"),
        ((1, "a", None), "object"),
        ((None, None, None), "object"),
    ],
)
def test_a_column_has_the_type_of_its_values_gaps_or_not(values, dtype):
    records = [
        trial(i, params={} if value is None else {"x": value}) for i, value in enumerate(values)
    ]
    table = tables.trials([*records, trial(9, params={"x": None})], "loss")
    assert table["x"].dtype == dtype
    assert rows(table[["x"]]) == [[value] for value in [*values, None]]


def test_a_parameter_named_like_a_column_stays_apart():
    table = tables.trials([trial(0, params={"epochs": 6, "seed": 1, "loss": "l1"})], "loss")
    assert list(table) == [*BEFORE, "params_epochs", "params_seed", "params_loss", *AFTER]
    assert rows(table)[0][3:7] == [0, 6, 1, "l1"]
    assert table["seed"].tolist() == [100]


def test_no_trials_make_a_table_without_rows():
    assert len(tables.trials([], "loss")) == 0
    assert len(tables.epochs([])) == 0
    assert len(tables.leaders([], "loss", 1)) == 0
    assert len(tables.progression([], "loss", 1)) == 0
    assert len(tables.summary([])) == 0


WORDS = st.text("abcüß,\"'|\n", min_size=1).filter(lambda text: text not in ("NA", "nan"))


@settings(deadline=None)
@given(
    st.lists(
        st.tuples(
            st.none() | st.integers(-(2**62), 2**62),
            st.none() | st.floats(allow_nan=False, allow_infinity=False),
            st.none() | WORDS,
        ),
        min_size=1,
        max_size=8,
    )
)
def test_pandas_reads_back_from_csv_what_was_written(values):
    names = ("whole", "real", "word")
    records = [
        trial(i, params={n: v for n, v in zip(names, row, strict=True) if v is not None})
        for i, row in enumerate(values)
    ]
    table = tables.trials(records, "loss")
    read = pd.read_csv(
        StringIO(to_csv(table)),
        dtype=table.dtypes.to_dict(),
        keep_default_na=False,
        na_values=[""],
    )
    pd.testing.assert_frame_equal(read, table, check_exact=True)


# Epochs


def test_epochs_have_every_metric_and_their_cost():
    one, other = trial(0, epochs=(0.5,)), trial(4, epochs=(0.25, 0.125))
    other.epochs[1] = EpochRecord(2, {"loss": 0.125, "accuracy": 1.0}, 0.0004, 1.23456)
    table = tables.epochs([one, other])
    assert list(table) == ["trial", "epoch", "loss", "accuracy", "seconds", "cpu_seconds"]
    assert rows(table) == [
        [0, 1, 0.5, None, 1.25, 0.52],
        [4, 1, 0.25, None, 1.25, 0.52],
        [4, 2, 0.125, 1.0, 0.0, 1.235],
    ]
    assert [str(dtype) for dtype in table.dtypes] == ["Int64", "Int64"] + ["Float64"] * 4


def test_a_metric_named_like_a_column_stays_apart():
    record = trial(0)
    record.epochs = [EpochRecord(1, {"epoch": 1.0, "loss": 0.5, "seconds": 9.0}, 2.0, 1.0)]
    table = tables.epochs([record])
    assert list(table)[2:] == ["metrics_epoch", "loss", "metrics_seconds", "seconds", "cpu_seconds"]
    assert rows(table) == [[0, 1, 1.0, 0.5, 9.0, 2.0, 1.0]]


# The best


@pytest.mark.parametrize(("sign", "best_first"), [(1, [3, 1, 0]), (-1, [4, 0, 1])])
def test_leaders_are_the_best_complete_trials_best_first(sign, best_first):
    records = [
        trial(0, score=3.0, params={"x": 1}),
        trial(1, score=2.0),
        trial(2, ending=Ending.PRUNED, epochs=(0.0,)),
        trial(3, score=1.0),
        trial(4, score=4.0),
    ]
    table = tables.leaders(records, "loss", sign, n=3)
    assert table["trial"].tolist() == best_first
    assert list(table) == [
        "trial",
        "loss",
        "epochs",
        *(["x"] if 0 in best_first else []),
        "seconds",
    ]


def test_of_equal_leaders_the_first_comes_first():
    records = [trial(0, score=2.0), trial(1, score=1.0), trial(2, score=1.0)]
    assert tables.leaders(records, "loss", 1)["trial"].tolist() == [1, 2, 0]


SCORES = (3.0, 4.0, None, 2.0, 2.0, 5.0, 1.0)


@pytest.mark.parametrize(("sign", "numbers"), [(1, [0, 3, 6]), (-1, [0, 1, 5])])
def test_progression_has_the_trials_that_set_a_new_best(sign, numbers):
    records = [trial(i, score=score) for i, score in enumerate(SCORES)]
    table = tables.progression(records, "loss", sign)
    assert table["trial"].tolist() == numbers
    assert table["loss"].tolist() == [SCORES[number] for number in numbers]


def test_progression_goes_by_the_order_in_which_trials_ended():
    ended = (4, 1, 3, 2)
    scores = (1.0, 4.0, 2.0, 3.0)
    records = [trial(i, score=scores[i], ending_number=ended[i]) for i in range(4)]
    assert tables.progression(records, "loss", 1)["trial"].tolist() == [1, 3, 2, 0]


def test_progression_tells_what_changed_against_the_best_before():
    records = [
        trial(0, score=3.0, params={"kind": "flat", "lr": 0.123456}, epochs=(3.0,)),
        trial(1, score=9.0, params={"kind": "flat", "lr": 0.5}),
        trial(2, score=2.0, params={"kind": "deep", "depth": 2}, epochs=(3.0, 2.0)),
        trial(3, score=1.0, params={"kind": "deep", "depth": 2}),
    ]
    table = tables.progression(records, "loss", 1)
    assert list(table) == ["trial", "loss", "changed", "epochs", "seconds"]
    assert rows(table) == [
        [0, 3.0, "kind flat, lr 0.1235", 1, 1.2],
        [2, 2.0, "kind deep, depth 2, no lr", 2, 2.5],
        [3, 1.0, "only the seed", 0, 0],
    ]


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        ({}, {}, "only the seed"),
        ({}, {"x": 1}, "x 1"),
        ({"x": 1}, {}, "no x"),
        ({"x": 1, "y": None}, {"x": 2, "y": None}, "x 2"),
        ({"x": 1}, {"x": 1, "y": None}, "y None"),
        ({"x": 1.0}, {"y": True, "x": 1e-7 / 3}, "y True, x 3.333e-08"),
    ],
)
def test_changes_are_told_in_words(before, after, words):
    assert tables.changes(before, after) == words


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.123456, "0.1235"),
        (1e-5, "1e-05"),
        (123456, "123456"),
        (2.0, "2"),
        ("a", "a"),
        (None, "None"),
    ],
)
def test_numbers_for_people_have_four_digits(value, text):
    assert short(value) == text


# The whole


def test_the_summary_counts_endings_in_their_order_and_what_they_cost():
    records = [
        trial(0, ending=Ending.PRUNED, epochs=(1.0,)),
        trial(1, score=1.0, epochs=(1.0, 1.0)),
        trial(2, score=2.0, epochs=(1.0, 1.0)),
        trial(3, ending=Ending.ERROR),
    ]
    table = tables.summary(records)
    assert list(table) == ["status", "trials", "epochs", "core_seconds"]
    assert rows(table) == [["complete", 2, 4, 2.1], ["pruned", 1, 1, 0.5], ["error", 1, 0, 0]]


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "0 s"),
        (2e-6, "0 s"),
        (0.0123, "0.012 s"),
        (1.26, "1.3 s"),
        (9.97, "10 s"),
        (89.4, "89 s"),
        (90, "1.5 min"),
        (3600, "60 min"),
        (5400, "1.5 h"),
        (540_000, "150 h"),
    ],
)
def test_durations_have_two_digits_or_the_whole_unit(seconds, words):
    assert duration(seconds) == words


def test_no_two_parameters_share_a_column_in_any_row():
    records = [
        trial(0, 1.0, {"trial": 1.0, "params_trial": 2.0}),
        trial(1, 1.0, {"trial": 3.0}),
        trial(2, 1.0, {"params_trial": 4.0, "params_params_trial": 5.0}),
    ]
    table = tables.trials(records, "loss")
    columns = ["params_params_params_trial", "params_trial", "params_params_trial"]
    assert rows(table[columns]) == [[1.0, 2.0, None], [3.0, None, None], [None, 4.0, 5.0]]


def test_no_two_metrics_share_a_column_in_any_row():
    metrics = {"loss": 0.5, "epoch": 1.0, "metrics_epoch": 2.0}
    record = trial(0, 0.5)
    record.epochs.append(EpochRecord(1, metrics, 1.25, 0.52))
    table = tables.epochs([record])
    columns = ["epoch", "loss", "metrics_metrics_epoch", "metrics_epoch"]
    assert rows(table[columns]) == [[1, 0.5, 1.0, 2.0]]
