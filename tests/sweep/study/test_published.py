"""Declared tables: they validate themselves, and a run takes note of them."""

import json
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import sweep
from sweep.cli.export import TABLES
from sweep.study.code.fingerprint import of_code
from sweep.study.published import STANDARD_TABLES, tables_as_json, tables_from_json

QUANTITY = sweep.Quantity(source="loss", header="loss", published={"1": 0.5}, band={"2": 0.1})


def rows(**changes: Any) -> sweep.PublishedTable:
    fields: dict[str, Any] = {"name": "a", "title": "A", "by": "k", "rows": ("1", "2")}
    return sweep.PublishedTable(**(fields | changes))


def curve(**changes: Any) -> sweep.PublishedCurve:
    fields: dict[str, Any] = {"name": "b", "title": "B", "by": "k", "row": "1"}
    return sweep.PublishedCurve(**(fields | {"metric": "loss", "header": "loss"} | changes))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (
            lambda: rows(rows=()),
            "PublishedTable 'a': expected one or more rows that differ, got ()",
        ),
        (lambda: rows(rows=("1", "1")), "expected one or more rows that differ, got ('1', '1')"),
        (
            lambda: rows(rows=("2",), quantities=(QUANTITY,)),
            "expected quantities, words and remarks of the rows ('2',), got ['1']; fix the names",
        ),
        (lambda: rows(words={"note": {"3": "odd"}}), "of the rows ('1', '2'), got ['3']"),
        (lambda: rows(remarks={"4": "odd"}), "of the rows ('1', '2'), got ['4']"),
        (
            lambda: rows(name="../a"),
            "PublishedTable: expected a name of letters, digits, '-' and '_', got '",
        ),
        (lambda: curve(name=""), "Curve: expected a name of letters, digits, '-' and '_', got ''"),
        (
            lambda: curve(published=(1.0, 2.0), published_seconds=(3.0,)),
            "PublishedCurve 'b': expected published seconds of 2 epochs, got 1",
        ),
    ],
)
def test_tables_refuse_what_cannot_be_meant(make: Callable[[], Any], message: str) -> None:
    with pytest.raises(sweep.StudyError, match=re.escape(message)):
        make()


def test_declarations_come_back_from_json() -> None:
    quantities = (QUANTITY, sweep.Quantity(source="x", header="x", epoch="kept", difference=True))
    tables = (
        rows(quantities=quantities, words={"w": {"1": "one"}}, notes=("n",)),
        curve(published=(1,)),
    )
    assert tables_from_json(json.loads(json.dumps(tables_as_json(tables)))) == tables


def test_declarations_of_earlier_and_later_versions_are_read() -> None:
    (earlier, later) = tables_as_json([rows(quantities=(QUANTITY,)), curve()])
    for values in (earlier, *earlier["figures"]):
        for name in ("remarks", "notes", "ours", "epoch", "offset", "difference"):
            values.pop(name, None)
    later["colour"] = "red"
    assert tables_from_json([earlier, later]) == (rows(quantities=(QUANTITY,)), curve())


def test_the_names_of_tables_that_every_run_has_are_taken() -> None:
    assert set(TABLES) == set(STANDARD_TABLES)


def recorded(run: sweep.Run) -> Any:
    return sweep.Run(run.directory.path).about.get("tables")


def test_a_run_takes_note_of_tables_whenever_they_change(
    make_study: Callable[..., sweep.Study], inline: Callable[..., sweep.Run]
) -> None:
    study = make_study()
    assert recorded(inline(study)) is None
    first = recorded(inline(replace(study, tables=(rows(quantities=(QUANTITY,)), curve()))))
    assert [(table["kind"], table["name"]) for table in first] == [("rows", "a"), ("curve", "b")]
    assert first[0]["rows"] == ["1", "2"]
    assert first[0]["figures"][0]["published"] == {"1": 0.5}
    assert recorded(inline(replace(study, tables=(curve(published=(0.25,)),))))[0]["published"] == [
        0.25
    ]
    assert recorded(inline(study)) == []


def test_tables_of_a_module_beside_the_study_may_change_as_its_code_may_not(
    study_file: Callable[..., Path], tmp_path: Path
) -> None:
    path = study_file(("trials=5", 'trials=5, tables=sweep.tables_in("tables_of_toy")'))
    module = tmp_path / "tables_of_toy.py"
    module.write_text(
        'import sweep\nTABLES = (sweep.PublishedTable(name="a", title="", by="k", rows="1"),)'
    )
    (table,) = sweep.load_study(path).tables
    assert table.name == "a"
    code = of_code(str(path))
    module.write_text("TABLES = ()")
    assert of_code(str(path)) == code


def test_a_refused_study_changes_no_table(
    make_study: Callable[..., sweep.Study], inline: Callable[..., sweep.Run]
) -> None:
    run = inline(make_study(tables=(rows(),)))
    with pytest.raises(sweep.RunError, match="got changes: seed 0 -> 9"):
        inline(make_study(seed=9))
    assert [table["name"] for table in recorded(run)] == ["a"]
