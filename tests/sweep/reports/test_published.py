"""Declared tables filled in: golden to the byte, for people and for machines."""

import json

import pytest

from sweep import PublishedCurve, PublishedTable, Quantity
from sweep.reports.formats import FORMATS, of_comparison
from sweep.reports.published import fill
from sweep.trials.records import Ending, EpochRecord, TrialRecord


def record(number, model, repeat, layers, losses, **more):
    config = {"model": model, "repeat": repeat, "layers": layers, "rate": 0.5}
    epochs = [
        EpochRecord(i, {"loss": loss, "error": loss / 2}, 9.0, 600.0 * i)
        for i, loss in enumerate(losses, start=1)
    ]
    fields = {"ending": Ending.COMPLETE, "epochs": epochs} | more
    return TrialRecord(number, {}, {}, config, 0, 0, **fields)


RECORDS = [
    record(0, "a", 1, "F1", (1.0, 0.5)),
    record(1, "a", 2, "F1", (1.5, 0.75)),
    record(2, "c", 1, "F2-F3", (2500.0, 0.0125)),
    record(3, "d", 1, "F2-F3", (1.0,), ending=Ending.RUNNING),
]

ROWS = {"name": "rows", "title": "Rows", "by": "model", "rows": ("a", "b", "c", "d")}

WORDS = PublishedTable(
    **ROWS,
    config={"layers": "layers", "rate": "rate", "repeat": "repeats"},
    changed="changed",
    words={"says": {"a": "x|y", "b": "\\|", "c": "1 < 2 & 3\nlines"}, "size": {"c": "2,000"}},
    remarks={"c": "odd|\nindeed <b>"},
    notes=("All of it.",),
)

QUANTITIES = PublishedTable(
    **ROWS,
    quantities=(
        Quantity(
            source="error",
            header="E %",
            scale=100,
            published={"a": 30, "c": 1.5},
            band={"a": 5, "c": 0.1},
        ),
        Quantity(source="cpu_seconds", header="s", ours="our s", digits=0),
    ),
)

DIFFERENCE = PublishedTable(
    **ROWS,
    quantities=(
        Quantity(
            source="loss",
            header="loss 1",
            epoch=1,
            digits=1,
            published={"a": 0.5, "c": 2000},
            band={"a": 0.1},
            difference=True,
        ),
    ),
)

CURVE = PublishedCurve(
    name="curve",
    title="Curve",
    by="model",
    row="a",
    metric="loss",
    header="loss",
    digits=2,
    published=(0.5, 0.25, 0.125),
    published_seconds=(10, 11, 12.25),
    notes=("A note.",),
)

GOLDEN = {
    "words": (
        WORDS,
        r"""
| model   | layers   |   rate | repeats   | changed               | says                   |   size |
|:--------|:---------|-------:|:----------|:----------------------|:-----------------------|-------:|
| a       | F1       |    0.5 | 1, 2      |                       | x\|y                   |        |
| b       | not run  |        |           |                       | \\\|                   |        |
| c       | F2-F3    |    0.5 | 1         | since a: layers F2-F3 | 1 &lt; 2 &amp; 3 lines |  2,000 |
| d       | F2-F3    |    0.5 | 1         | nothing               |                        |        |

- All of it.
- model c: odd| indeed &lt;b>
""",  # noqa: E501
        r"""
model,layers,rate,repeats,changed,says,size,seeds,remarks
a,F1,0.5,"1, 2",,x|y,,2,
b,not run,,,,\|,,0,
c,F2-F3,0.5,1,since a: layers F2-F3,"1 < 2 & 3
lines","2,000",1,"odd|
indeed <b>"
d,F2-F3,0.5,1,nothing,,,0,
""",
    ),
    "quantities": (
        QUANTITIES,
        """
| model   |   E %, published |    E %, ours |   E %, in band |     our s |        seeds |
|:--------|-----------------:|-------------:|---------------:|----------:|-------------:|
| a       |            30.00 | 31.25 ± 8.84 |        yes, ±5 | 1,800 ± 0 |            2 |
| b       |                  |              |                |           |      not run |
| c       |             1.50 |         0.62 |       no, ±0.1 |     1,800 |            1 |
| d       |                  |              |                |           | 0, 1 running |

- model c: outside, E % is 0.88 below the published one (band ±0.1)
""",
        """
model,"E %, published","E %, ours","E %, ours, sd","E %, band","E %, in band",our s,"our s, sd",seeds,remarks
a,30.0,31.25,8.838834764831844,5.0,True,1800.0,0.0,2,
b,,,,,,,,0,
c,1.5,0.625,,0.1,False,1800.0,,1,"outside, E % is 0.88 below the published one (band ±0.1)"
d,,,,,,,,0,
""",  # noqa: E501
    ),
    "difference": (
        DIFFERENCE,
        """
| model   |   loss 1, published |   loss 1, ours |   loss 1, difference % |        seeds |
|:--------|--------------------:|---------------:|-----------------------:|-------------:|
| a       |                 0.5 |      1.2 ± 0.4 |       +150.0 (outside) |            2 |
| b       |                     |                |                        |      not run |
| c       |             2,000.0 |        2,500.0 |                  +25.0 |            1 |
| d       |                     |                |                        | 0, 1 running |

- model a: outside, loss 1 is 0.8 above the published one (band ±0.1)
""",
        """
model,"loss 1, published","loss 1, ours","loss 1, ours, sd","loss 1, difference %","loss 1, band","loss 1, in band",seeds,remarks
a,0.5,1.25,0.3535533905932738,150.0,0.1,False,2,"outside, loss 1 is 0.8 above the published one (band ±0.1)"
b,,,,,,,0,
c,2000.0,2500.0,,25.0,,,1,
d,,,,,,,0,
""",  # noqa: E501
    ),
    "curve": (
        CURVE,
        """
|   epoch |   loss, published |   loss, ours |   seconds, published |   processor seconds, ours |   seeds |
|--------:|------------------:|-------------:|---------------------:|--------------------------:|--------:|
|       1 |              0.50 |  1.25 ± 0.35 |                 10.0 |               600.0 ± 0.0 |       2 |
|       2 |              0.25 |  0.62 ± 0.18 |                 11.0 |             1,200.0 ± 0.0 |       2 |
|       3 |              0.12 |              |                 12.2 |                           |       0 |

- A note.
- model a, complete trainings: 2
""",  # noqa: E501
        """
epoch,"loss, published","loss, ours","loss, ours, sd","seconds, published","processor seconds, ours","processor seconds, ours, sd",seeds
1,0.5,1.25,0.3535533905932738,10.0,600.0,0.0,2
2,0.25,0.625,0.1767766952966369,11.0,1200.0,0.0,2
3,0.125,,,12.25,,,0
""",  # noqa: E501
    ),
}


@pytest.mark.parametrize("name", GOLDEN)
def test_a_declared_table_becomes_exactly_this_text(name):
    table, markdown, csv = GOLDEN[name]
    assert of_comparison(fill(table, RECORDS), "markdown") == markdown.lstrip("\n")
    assert of_comparison(fill(table, RECORDS), "csv") == csv.lstrip("\n")


@pytest.mark.parametrize("name", GOLDEN)
@pytest.mark.parametrize("format_", FORMATS)
@pytest.mark.parametrize("records", [RECORDS, []], ids=["trials", "no trials"])
def test_every_table_has_every_format_and_the_same_bytes_each_time(name, format_, records):
    table, *_ = GOLDEN[name]
    text = of_comparison(fill(table, records), format_)
    assert text == of_comparison(fill(table, records), format_)
    assert text.endswith(b"PAR1" if format_ == "parquet" else "\n")


def test_a_curve_goes_on_after_the_published_epochs():
    table = PublishedCurve(name="c", title="", by="model", row="a", metric="loss", header="x")
    lines = json.loads(of_comparison(fill(table, RECORDS), "json"))
    assert [(line["epoch"], line["x, ours"]) for line in lines] == [(1, 1.25), (2, 0.625)]
    assert "x, published" not in lines[0]


def test_a_configuration_that_tells_the_trials_of_another_row_apart_is_no_change():
    records = [record(0, "a", 1, "F1", (1.0,)), *RECORDS[1:]]
    table = PublishedTable(**{**ROWS, "rows": ("c", "a")}, changed="changed")
    (_, row) = json.loads(of_comparison(fill(table, records), "json"))
    assert row["changed"] == "layers F1"
