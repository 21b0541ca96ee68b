"""This file is how a study declares tables that show its trials beside published figures.

It says what to show, never what came out: a declaration may change at any time, and the run takes
note of it.
"""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, fields
from importlib import import_module
from typing import Any, ClassVar

from sweep.errors import StudyError

STANDARD_TABLES = ("trials", "epochs", "summary", "progression")
"""Names of the tables that need no declaration."""


LAW_OF_TABLES = (
    "a tuple of PublishedTable(...) and PublishedCurve(...) with different names, other than "
    + ", ".join(STANDARD_TABLES)
)


@dataclass(frozen=True, kw_only=True)
class Quantity:
    """A number of every row: ours over the complete trials of the row, beside the published one.

    Attributes:
        source: A metric; or, of a whole trial, "epochs", or "seconds" or "cpu_seconds" of all its
            epochs together or, with "_per_epoch" behind them, on average.
        header: Title of its columns.
        ours: Title of our column where it is another one, as for another kind of second.
        epoch: Which epoch's metric: its number, or the name of a metric of the last epoch that
            holds it. The last one for 0, and for a trial without that metric.
        scale: What our values are multiplied by, as 100 for per cent.
        offset: What is added to them afterwards: 100 makes an accuracy of an error times -100.
        digits: How many after the decimal point.
        published: By row, in the units shown.
        band: By row, in the units shown: how far from the published figure our mean may be to
            count as the same.
        difference: Whether to show by how many per cent our mean differs.
    """

    source: str
    header: str
    ours: str = ""
    epoch: int | str = 0
    scale: float = 1.0
    offset: float = 0.0
    digits: int = 2
    published: Mapping[str, float] = field(default_factory=dict)
    band: Mapping[str, float] = field(default_factory=dict)
    difference: bool = False


@dataclass(frozen=True, kw_only=True)
class PublishedTable:
    """A table with one row for each value of a field of the configuration.

    Attributes:
        name: Of its files.
        title: Above it.
        by: The field; trials with the same value, as text, share a row.
        rows: The values, in the order of the rows.
        config: Headers of the fields to show, by field.
        changed: Header of a column with the fields that differ from the row above; "" for none.
        words: By header of a column, then by row: what else there is to say.
        quantities: What is measured.
        remarks: By row, what to know of it; below the table.
        notes: What to know of the table; below it.

    Raises:
        StudyError: If the name would not do for a file, there is no row, one comes twice, or
            something is said of none of them.
    """

    kind: ClassVar[str] = "rows"
    name: str
    title: str
    by: str
    rows: tuple[str, ...]
    config: Mapping[str, str] = field(default_factory=dict)
    changed: str = ""
    words: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    quantities: tuple[Quantity, ...] = ()
    remarks: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        _check_name(self)
        if not self.rows or len(set(self.rows)) < len(self.rows):
            raise StudyError(
                f"PublishedTable {self.name!r}: expected one or more rows that differ, got "
                f"{self.rows}; name each value of {self.by!r} once"
            )
        told: list[Mapping[str, Any]]
        told = [values for q in self.quantities for values in (q.published, q.band)]
        told += [*self.words.values(), self.remarks]
        unknown = {row for values in told for row in values}
        unknown -= set(self.rows)
        if unknown:
            raise StudyError(
                f"PublishedTable {self.name!r}: expected quantities, words and remarks of the rows "
                f"{self.rows}, got {sorted(unknown)}; fix the names"
            )


@dataclass(frozen=True, kw_only=True)
class PublishedCurve:
    """A table with one line for each epoch of the complete trials of one row.

    Attributes:
        name: Of its files.
        title: Above it.
        by: A field of the configuration.
        row: Its value, as text.
        metric: What is shown of each epoch, as a mean over the trials.
        header: Title of its columns.
        digits: How many after the decimal point.
        published: The same from the first epoch on, as published.
        published_seconds: What each of these epochs took.
        notes: What to know of the table; below it.

    Raises:
        StudyError: If the name would not do for a file, or there are published seconds, but not
            one for each published value.
    """

    kind: ClassVar[str] = "curve"
    name: str
    title: str
    by: str
    row: str
    metric: str
    header: str
    digits: int = 4
    published: tuple[float, ...] = ()
    published_seconds: tuple[float, ...] = ()
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        _check_name(self)
        if self.published_seconds and len(self.published_seconds) != len(self.published):
            raise StudyError(
                f"PublishedCurve {self.name!r}: expected published seconds of "
                f"{len(self.published)} epochs, got {len(self.published_seconds)}; "
                f"give one for each published value, or none"
            )


Table = PublishedTable | PublishedCurve


RECORDED_QUANTITIES = "figures"
"""Key of `PublishedTable.quantities` in records, which are older than that name."""


def tables_in(module: str) -> tuple[Table, ...]:
    """The `TABLES` of a module beside the study file.

    A module that a study imports counts as its code, which must not change between two calls for
    the same run; one that is named here may.

    Args:
        module: Its name, as in an import.
    """
    tables: tuple[Table, ...] = import_module(module).TABLES
    return tables


def are_tables(value: object) -> bool:
    """Whether it is a tuple of tables, each with a name of its own."""
    if not (
        isinstance(value, tuple)
        and all(isinstance(table, PublishedTable | PublishedCurve) for table in value)
    ):
        return False
    return len({*STANDARD_TABLES, *(table.name for table in value)}) == len(STANDARD_TABLES) + len(
        value
    )


def tables_as_json(tables: Iterable[Table]) -> list[dict[str, Any]]:
    """Declarations as JSON values, for records."""
    values = [{"kind": table.kind} | asdict(table) for table in tables]
    for table in values:
        if "quantities" in table:
            table[RECORDED_QUANTITIES] = table.pop("quantities")
    recorded: list[dict[str, Any]] = json.loads(json.dumps(values))
    return recorded


def tables_from_json(recorded: Iterable[Mapping[str, Any]]) -> tuple[Table, ...]:
    """The reverse of `plain`; what a later version has added to declarations is left out."""
    kinds: dict[str, type[Table]] = {kind.kind: kind for kind in (PublishedTable, PublishedCurve)}
    return tuple(_made(kinds[values["kind"]], values) for values in recorded)


def _check_name(table: Table) -> None:
    if not re.fullmatch(r"\w[\w-]*", table.name):
        raise StudyError(
            f"{type(table).__name__}: expected a name of letters, digits, '-' and '_', got "
            f"{table.name!r}; it becomes the name of a file"
        )


def _made(kind: type[Any], values: Mapping[str, Any]) -> Any:
    known = {f.name: values[f.name] for f in fields(kind) if f.name in values}
    known = {name: tuple(v) if isinstance(v, list) else v for name, v in known.items()}
    if RECORDED_QUANTITIES in values:
        known["quantities"] = tuple(_made(Quantity, q) for q in values[RECORDED_QUANTITIES])
    return kind(**known)
