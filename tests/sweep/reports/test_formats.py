"""Tables as files: golden to the byte, and without loss where they are for machines."""

import io
import json
import sys

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import sweep
from sweep.reports.formats import FORMATS, to_csv, to_json, to_latex, to_markdown, to_parquet

TABLE = pd.DataFrame(
    {
        "trial": pd.Series([0, 1, 10], dtype="Int64"),
        "val_loss": pd.Series([0.123456789, None, 2.0], dtype="Float64"),
        "kind|of": pd.Series(["a|b", None, "50% of_it\nand é"], dtype="string"),
        "depth": pd.Series([None, 3, 12345], dtype="Int64"),
        "flag": pd.Series([True, None, False], dtype="boolean"),
        "any": pd.Series([1, "x", 0.1], dtype=object),
    }
)

GOLDEN = {
    "csv": """\
trial,val_loss,kind|of,depth,flag,any
0,0.123456789,a|b,,True,1
1,,,3,,x
10,2.0,"50% of_it
and é",12345,False,0.1
""",
    "markdown": r"""
|   trial |   val_loss | kind\|of        |   depth |   flag | any   |
|--------:|-----------:|:----------------|--------:|-------:|:------|
|       0 |     0.1235 | a\|b            |         |   True | 1     |
|       1 |            |                 |       3 |        | x     |
|      10 |          2 | 50% of_it and é |   12345 |  False | 0.1   |
""".lstrip(),
    "latex": r"""
\begin{tabular}{rrlrrl}
\toprule
   trial &   val\_loss & kind\textbar{}of         &   depth &   flag & any   \\
\midrule
       0 &     0.1235 & a\textbar{}b             &         &   True & 1     \\
       1 &            &                 &       3 &        & x     \\
      10 &          2 & 50\% of\_it and é &   12345 &  False & 0.1   \\
\bottomrule
\end{tabular}
""".lstrip(),
    "json": r"""
[
  {
    "trial": 0,
    "val_loss": 0.123456789,
    "kind|of": "a|b",
    "depth": null,
    "flag": true,
    "any": 1
  },
  {
    "trial": 1,
    "val_loss": null,
    "kind|of": null,
    "depth": 3,
    "flag": null,
    "any": "x"
  },
  {
    "trial": 10,
    "val_loss": 2.0,
    "kind|of": "50% of_it\nand é",
    "depth": 12345,
    "flag": false,
    "any": 0.1
  }
]
""".lstrip(),
}


@pytest.mark.parametrize("name", sorted(GOLDEN))
def test_a_table_becomes_exactly_this_text(name):
    assert FORMATS[name](TABLE) == GOLDEN[name]


def test_every_format_of_text_has_a_golden_one():
    assert FORMATS.keys() - GOLDEN.keys() == {"parquet"}


def test_parquet_keeps_values_and_types():
    table = pd.read_parquet(io.BytesIO(to_parquet(TABLE)))
    pd.testing.assert_frame_equal(table.drop(columns="any"), TABLE.drop(columns="any"))
    assert table["any"].tolist() == ["1", "x", "0.1"]


@pytest.mark.parametrize("empty", [pd.DataFrame(), TABLE.head(0)], ids=["no columns", "no rows"])
def test_a_table_without_rows_is_a_parquet_file_as_well(empty):
    table = pd.read_parquet(io.BytesIO(to_parquet(empty)))
    assert len(table) == 0
    assert list(table) == list(empty)


def test_parquet_without_pyarrow_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(
        sweep.OptionError, match=r"pyarrow is not installed: .*pip install .*parquet"
    ):
        to_parquet(TABLE)


@pytest.mark.parametrize("name", sorted(FORMATS))
def test_a_table_is_left_as_it_was_and_gives_the_same_bytes_each_time(name):
    table = TABLE.copy(deep=True)
    assert FORMATS[name](table) == FORMATS[name](table)
    pd.testing.assert_frame_equal(table, TABLE)


@pytest.mark.parametrize("name", sorted(GOLDEN))
@pytest.mark.parametrize("empty", [pd.DataFrame(), TABLE.head(0)], ids=["no columns", "no rows"])
def test_a_table_without_rows_is_text_as_well(name, empty):
    text = FORMATS[name](empty)
    assert text.endswith("\n")
    assert ("val" in text) == (name != "json" and len(empty.columns) > 0)


@settings(deadline=None)
@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1))
def test_json_and_csv_keep_every_digit(values):
    table = pd.DataFrame({"x": pd.Series(values, dtype="Float64")})
    assert [row["x"] for row in json.loads(to_json(table))] == values
    assert [float(text) for text in to_csv(table).splitlines()[1:]] == values


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf")])
def test_json_has_null_for_what_it_has_no_number_for(value):
    assert json.loads(to_json(pd.DataFrame({"x": [value]}))) == [{"x": None}]


def test_a_progression_as_pandas_made_it_is_exported_as_well():
    table = pd.DataFrame([{"trial": 3, "loss": 0.5, "changed": "lr 0.1"}])
    assert to_csv(table) == "trial,loss,changed\n3,0.5,lr 0.1\n"
    assert json.loads(to_json(table)) == [{"trial": 3, "loss": 0.5, "changed": "lr 0.1"}]
    assert to_markdown(table).splitlines()[2] == "|       3 |    0.5 | lr 0.1    |"
    assert to_latex(table).splitlines()[4] == r"       3 &    0.5 & lr 0.1    \\"
