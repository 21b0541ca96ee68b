"""This file is how a study declares tables that show its trials beside published figures.

It says what to show, never what came out: a declaration may change at any time, and the run takes
note of it.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from importlib import import_module
from typing import Any, ClassVar

from sweep.errors import StudyError


@dataclass(frozen=True, kw_only=True)
class Figure:
    """A number of every row: ours over the trials of the row, beside the published one.

    Attributes:
        source: A metric of a trial's last epoch; or "epochs" or "seconds_per_epoch" of a trial.
        header: Title of its columns.
        scale: What our values are multiplied by, as 100 for per cent.
        digits: How many after the decimal point.
        published: By row, in the units shown.
        band: By row, in the units shown: how far from the published figure our mean may be to
            count as the same.
    """

    source: str
    header: str
    scale: float = 1.0
    digits: int = 2
    published: Mapping[str, float] = field(default_factory=dict)
    band: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Rows:
    """A table with one row for each value of a field of the configuration.

    Attributes:
        name: Of its files.
        title: Above it.
        by: The field; trials with the same value, as text, share a row.
        rows: The values, in the order of the rows.
        config: Headers of the fields to show, by field.
        changed: Header of a column with the fields that differ from the row above; "" for none.
        figures: What is measured.
        words: By header of a column, then by row: what else there is to say.

    Raises:
        StudyError: If there is no row, one comes twice, or a figure or a word is of none of them.
    """

    kind: ClassVar[str] = "rows"
    name: str
    title: str
    by: str
    rows: tuple[str, ...]
    config: Mapping[str, str] = field(default_factory=dict)
    changed: str = ""
    figures: tuple[Figure, ...] = ()
    words: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not self.rows or len(set(self.rows)) < len(self.rows):
            raise StudyError(
                f"Rows {self.name!r}: expected one or more rows that differ, got {self.rows}; "
                f"name each value of {self.by!r} once"
            )
        told = [values for f in self.figures for values in (f.published, f.band)]
        unknown = {row for values in (*told, *self.words.values()) for row in values}
        unknown -= set(self.rows)
        if unknown:
            raise StudyError(
                f"Rows {self.name!r}: expected figures and words of the rows {self.rows}, got "
                f"{sorted(unknown)}; mend the names"
            )


@dataclass(frozen=True, kw_only=True)
class Curve:
    """A table with one line for each epoch of the trials of one row.

    Attributes:
        name: Of its files.
        title: Above it.
        by: A field of the configuration.
        row: Its value, as text.
        metric: What is shown of each epoch, as a mean over the trials.
        header: Title of its columns.
        published: The same from the first epoch on, as published.
        published_seconds: What these epochs took.

    Raises:
        StudyError: If there are published seconds, but not one for each published value.
    """

    kind: ClassVar[str] = "curve"
    name: str
    title: str
    by: str
    row: str
    metric: str
    header: str
    published: tuple[float, ...] = ()
    published_seconds: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        if self.published_seconds and len(self.published_seconds) != len(self.published):
            raise StudyError(
                f"Curve {self.name!r}: expected published seconds of {len(self.published)} epochs, "
                f"got {len(self.published_seconds)}; give one for each published value, or none"
            )


Table = Rows | Curve


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
    if not (isinstance(value, tuple) and all(isinstance(table, Rows | Curve) for table in value)):
        return False
    return len({table.name for table in value}) == len(value)


def plain(tables: Iterable[Table]) -> list[dict[str, Any]]:
    """Declarations as JSON values, for records."""
    values = [{"kind": table.kind} | asdict(table) for table in tables]
    recorded: list[dict[str, Any]] = json.loads(json.dumps(values))
    return recorded
