"""Tables that show the results of a study next to published ones, as the study declares them.

A declaration says what to show, never what came out, so it may change at any time.
"""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, fields
from importlib import import_module
from typing import Any, ClassVar

from sweep.errors import StudyError

STANDARD_TABLES = ("trials", "epochs", "summary", "front", "progression")
"""Names of the tables that every run has."""

WHAT_TABLES_ARE = (
    "a tuple of PublishedTable(...) and PublishedCurve(...) with different names, other than "
    + ", ".join(STANDARD_TABLES)
)


@dataclass(frozen=True, kw_only=True)
class Quantity:
    """A quantity that each row of a table shows: the mean over our trials, and the published value.

    Attributes:
        source: Name of a metric; or "epochs", "seconds", "cpu_seconds" (totals of a training),
            "seconds_per_epoch" or "cpu_seconds_per_epoch" (means).
        header: Title of its columns.
        ours: Title of our column, where the default would mislead.
        epoch: Epoch whose metric is shown: its number, or the name of a metric of the last epoch
            that holds the number. 0, or a trial without that metric, means the last epoch.
        scale: Factor that our values are multiplied by, such as 100 for per cent.
        offset: Added to our values after scaling; with scale=-100, 100 turns an error into an
            accuracy.
        digits: Digits after the decimal point.
        published: Published value of each row, in the units shown.
        band: Largest difference between our mean and the published value at which they count as
            equal, for each row, in the units shown.
        difference: Whether to show the difference between them in per cent.
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
        name: Name of its files.
        title: Title above it.
        by: The field; trials whose values are equal as text share a row.
        rows: Values of the field, one per row.
        config: Other fields of the configuration to show, with the headers of their columns.
        changed: Header of a column with the fields that differ from the row above; "" for none.
        words: Further columns of text: by header, then by row.
        quantities: Quantities to show.
        remarks: A remark on a row, by row; shown below the table.
        notes: Remarks on the table, shown below it.

    Raises:
        StudyError: If the name is not a valid file name, rows are missing or repeated, or something
            refers to an unknown row.
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
        by_row: list[Mapping[str, Any]] = [*self.words.values(), self.remarks]
        by_row += [values for q in self.quantities for values in (q.published, q.band)]
        if unknown := {row for values in by_row for row in values} - set(self.rows):
            raise StudyError(
                f"PublishedTable {self.name!r}: expected quantities, words and remarks of the rows "
                f"{self.rows}, got {sorted(unknown)}; fix the names"
            )


@dataclass(frozen=True, kw_only=True)
class PublishedCurve:
    """A table with one line per epoch, for the complete trials of one configuration.

    Attributes:
        name: Name of its files.
        title: Title above it.
        by: A field of the configuration.
        row: The value of that field, as text, whose trials are shown.
        metric: Metric to show, as a mean over the trials.
        header: Title of its columns.
        digits: Digits after the decimal point.
        published: Published values, from the first epoch on.
        published_seconds: Published duration of each of these epochs.
        notes: Remarks on the table, shown below it.

    Raises:
        StudyError: If the name is not a valid file name, or the numbers of published values and
            published seconds differ.
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
"""Key of `PublishedTable.quantities` in the database, which is older than that name."""


def tables_in(module: str) -> tuple[Table, ...]:
    """Return the `TABLES` of a module in the folder of the study file.

    A module that a study imports is part of its code, which must not change during a run. A module
    that is only named here may change.

    Args:
        module: Name of the module, as in an import.
    """
    tables: tuple[Table, ...] = import_module(module).TABLES
    return tables


def are_tables(value: object) -> bool:
    """Return whether a value is a tuple of tables with different names."""
    if not (isinstance(value, tuple) and all(isinstance(table, Table) for table in value)):
        return False
    names = [*STANDARD_TABLES, *(table.name for table in value)]
    return len(set(names)) == len(names)


def tables_as_json(tables: Iterable[Table]) -> list[dict[str, Any]]:
    """Return declarations as JSON values, as they are recorded."""
    values = [{"kind": table.kind} | asdict(table) for table in tables]
    for table in values:
        if "quantities" in table:
            table[RECORDED_QUANTITIES] = table.pop("quantities")
    recorded: list[dict[str, Any]] = json.loads(json.dumps(values))
    return recorded


def tables_from_json(recorded: Iterable[Mapping[str, Any]]) -> tuple[Table, ...]:
    """Return recorded declarations; fields that a later version has added are left out."""
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
